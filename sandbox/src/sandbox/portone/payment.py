"""One payment, and how V2 and V1 show it."""

import json
import secrets
import string
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sandbox.clock import epoch
from sandbox.portone.checks import moment

Api = Literal["v2", "v1"]
Method = Literal["card", "transfer", "virtual_account", "easy_pay"]
Status = Literal[
    "READY", "PENDING", "VIRTUAL_ACCOUNT_ISSUED", "PAID", "FAILED", "PARTIAL_CANCELLED", "CANCELLED"
]  # fmt: skip
V2_METHODS: dict[str, Method] = {
    "CARD": "card", "TRANSFER": "transfer", "VIRTUAL_ACCOUNT": "virtual_account", "EASY_PAY": "easy_pay",
}  # fmt: skip
V1_METHODS: dict[str, Method] = {
    "card": "card", "trans": "transfer", "vbank": "virtual_account", "kakaopay": "easy_pay", "naverpay": "easy_pay",
    "tosspay": "easy_pay",
}  # fmt: skip
V2_TYPES = {
    "card": "PaymentMethodCard", "transfer": "PaymentMethodTransfer", "easy_pay": "PaymentMethodEasyPay",
    "virtual_account": "PaymentMethodVirtualAccount",
}  # fmt: skip
# code -> (V2's name of the bank, what people call it)
BANKS = {
    "02": ("KDB", "산업은행"), "03": ("IBK", "기업은행"), "04": ("KOOKMIN", "국민은행"), "07": ("SUHYUP", "수협은행"),
    "11": ("NONGHYUP", "농협은행"), "20": ("WOORI", "우리은행"), "23": ("STANDARD_CHARTERED", "SC제일은행"),
    "27": ("CITI", "씨티은행"), "31": ("DAEGU", "대구은행"), "32": ("BUSAN", "부산은행"), "34": ("KWANGJU", "광주은행"),
    "35": ("JEJU", "제주은행"), "37": ("JEONBUK", "전북은행"), "39": ("KYONGNAM", "경남은행"),
    "45": ("KFCC", "새마을금고"), "48": ("SHINHYUP", "신협"), "50": ("SAVINGS_BANK", "저축은행"),
    "64": ("NFCF", "산림조합"), "71": ("POST", "우체국"), "81": ("HANA", "하나은행"), "88": ("SHINHAN", "신한은행"),
    "89": ("K_BANK", "케이뱅크"), "90": ("KAKAO", "카카오뱅크"), "92": ("TOSS", "토스뱅크"),
}  # fmt: skip
V2_BANKS = {name: code for code, (name, _) in BANKS.items()}


def random_word(length: int) -> str:
    letters = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(length))


def vat_of(amount: int) -> int:
    """The VAT inside a taxed amount: 30000 holds 2727."""
    return (amount * 2 + 11) // 22


def unix(moment_text: str | None) -> int:
    return int(epoch(moment(moment_text))) if moment_text else 0


@dataclass
class Payment:
    api: Api
    payment_id: str  # V2's paymentId, V1's merchant_uid
    tx_id: str  # V2's transactionId, V1's imp_uid
    order_name: str
    method: Method
    total: int
    status: Status
    requested_at: str
    changed_at: str
    store_id: str
    channel_key: str
    customer_name: str = ""
    notice_urls: list[str] = field(default_factory=list)
    tax_free: int = 0
    cancelled: int = 0
    cancelled_tax_free: int = 0
    paid_at: str | None = None
    failed_at: str | None = None
    failure: dict[str, str] | None = None
    deadline: float | None = None
    account: dict[str, str] | None = None
    cancellations: list[dict[str, Any]] = field(default_factory=list)
    cash_receipt: dict[str, Any] | None = None

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, raw: str) -> "Payment":
        return cls(**json.loads(raw))

    @property
    def cancellable(self) -> int:
        """What may still be cancelled: what was asked for and has not failed is gone."""
        if self.status not in ("PAID", "PARTIAL_CANCELLED"):
            return 0
        return self.total - sum(int(row["totalAmount"]) for row in self.cancellations if row["status"] != "FAILED")

    def wire_v2(self, base_url: str) -> dict[str, Any]:
        taxed = self.total - self.tax_free
        vat = vat_of(taxed)
        got = self.paid_at is not None
        shown: dict[str, Any] = {
            "status": self.status,
            "id": self.payment_id,
            "transactionId": self.tx_id,
            "merchantId": "merchant-sandbox",
            "storeId": self.store_id,
            "method": self._method(),
            "channel": {
                "type": "TEST", "id": "channel-id-sandbox", "key": self.channel_key, "name": "sandbox",
                "pgProvider": "HTML5_INICIS", "pgMerchantId": "INIpayTest",
            },
            "version": "V2",
            "requestedAt": self.requested_at,
            "updatedAt": self.changed_at,
            "statusChangedAt": self.changed_at,
            "orderName": self.order_name,
            "amount": {
                "total": self.total, "taxFree": self.tax_free, "vat": vat, "supply": taxed - vat, "discount": 0,
                "paid": self.total if got else 0, "cancelled": self.cancelled,
                "cancelledTaxFree": self.cancelled_tax_free,
            },
            "currency": "KRW",
            "customer": {"name": self.customer_name},
        }  # fmt: skip
        if got:
            shown |= {"paidAt": self.paid_at, "receiptUrl": f"{base_url}/portone/receipts/{self.tx_id}"}
        if self.cancellations:
            shown["cancellations"] = self.cancellations
        if self.failure:
            shown |= {"failedAt": self.failed_at, "failure": self.failure}
        return shown

    def _method(self) -> dict[str, Any] | None:
        if self.status == "READY":
            return None
        shown: dict[str, Any] = {"type": V2_TYPES[self.method]}
        if self.method == "card":
            shown["card"] = {"publisher": "SHINHAN_CARD", "number": "53275020****463*"}
            shown["approvalNumber"] = "00000000"
        if self.method == "virtual_account" and self.account:
            shown |= {
                "bank": BANKS[self.account["bank"]][0], "accountNumber": self.account["number"],
                "accountType": "NORMAL", "remitteeName": self.account["holder"], "remitterName": self.customer_name,
                "expiredAt": self.account["expiredAt"], "issuedAt": self.account["issuedAt"],
            }  # fmt: skip
        return shown

    def wire_v1(self, base_url: str) -> dict[str, Any]:
        """Never a fraction, never a status beyond ready, paid, cancelled, failed: a part given back is still `paid`."""
        account = self.account or {}
        done = [row for row in self.cancellations if row["status"] == "SUCCEEDED"]
        return {
            "imp_uid": self.tx_id, "merchant_uid": self.payment_id, "name": self.order_name, "amount": self.total,
            "cancel_amount": self.cancelled, "currency": "KRW", "status": V1_STATUS[self.status],
            "pay_method": {"card": "card", "transfer": "trans", "virtual_account": "vbank", "easy_pay": "kakaopay"}[
                self.method
            ],
            "pg_provider": "html5_inicis", "pg_id": "INIpayTest", "pg_tid": f"pg{self.tx_id[4:]}",
            "channel": "pc", "escrow": False, "apply_num": "00000000" if self.paid_at else None,
            "buyer_name": self.customer_name, "buyer_email": None, "buyer_tel": None, "custom_data": None,
            "card_name": None, "card_number": None, "bank_code": None, "bank_name": None,
            "vbank_code": f"0{account['bank']}" if account else None,
            "vbank_name": BANKS[account["bank"]][1] if account else None,
            "vbank_num": account.get("number"), "vbank_holder": account.get("holder"),
            "vbank_date": unix(account.get("expiredAt")), "vbank_issued_at": unix(account.get("issuedAt")),
            "started_at": unix(self.requested_at), "paid_at": unix(self.paid_at), "failed_at": unix(self.failed_at),
            "cancelled_at": unix(done[-1]["cancelledAt"]) if done else 0,
            "fail_reason": self.failure["reason"] if self.failure else None,
            "cancel_reason": done[-1]["reason"] if done else None,
            "receipt_url": f"{base_url}/portone/receipts/{self.tx_id}" if self.paid_at else None,
            "cancel_receipt_urls": [],
            "cancel_history": [
                {
                    "pg_tid": row["pgCancellationId"], "amount": row["totalAmount"],
                    "cancelled_at": unix(row["cancelledAt"]), "reason": row["reason"], "cancellation_id": row["id"],
                    "receipt_url": None,
                }
                for row in done
            ],
        }  # fmt: skip


V1_STATUS: dict[str, str] = {
    "READY": "ready", "PENDING": "ready", "VIRTUAL_ACCOUNT_ISSUED": "ready", "PAID": "paid",
    "PARTIAL_CANCELLED": "paid", "CANCELLED": "cancelled", "FAILED": "failed",
}  # fmt: skip
