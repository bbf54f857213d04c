"""One payment: its state, and the Payment object that every answer and callback shows."""

import json
import secrets
import string
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.clock import wire_time

CARD = "카드"
ACCOUNT = "가상계좌"
TRANSFER = "계좌이체"
# The browser SDK says CARD, the API answers 카드.
METHODS = {
    "CARD": CARD, CARD: CARD, "VIRTUAL_ACCOUNT": ACCOUNT, ACCOUNT: ACCOUNT, "TRANSFER": TRANSFER, TRANSFER: TRANSFER,
}  # fmt: skip
BANKS = {
    "02": "산업", "03": "기업", "04": "국민", "06": "국민", "07": "수협", "11": "농협", "20": "우리", "23": "SC제일",
    "27": "씨티", "31": "대구", "32": "부산", "34": "광주", "35": "제주", "37": "전북", "39": "경남",
    "45": "새마을", "48": "신협", "50": "저축은행", "64": "산림조합", "71": "우체국", "81": "하나", "88": "신한",
    "89": "케이뱅크", "90": "카카오뱅크", "92": "토스뱅크",
}  # fmt: skip
Status = Literal[
    "READY", "IN_PROGRESS", "WAITING_FOR_DEPOSIT", "DONE", "CANCELED", "PARTIAL_CANCELED", "ABORTED", "EXPIRED"
]
# What is the same in every payment here; the other methods are not imitated.
ALWAYS = {
    "version": "2022-11-16", "type": "NORMAL", "currency": "KRW", "country": "KR", "cultureExpense": False,
    "taxExemptionAmount": 0, "mobilePhone": None, "giftCertificate": None, "easyPay": None, "cashReceipts": None,
    "discount": None,
}  # fmt: skip


def transaction_key() -> str:
    return secrets.token_hex(16).upper()


def random_word(length: int) -> str:
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(length))


def vat_of(amount: int) -> int:
    """The VAT inside a taxed amount: 30000 holds 2727."""
    return (amount * 2 + 11) // 22


@dataclass
class Payment:
    payment_key: str
    order_id: str
    order_name: str
    method: str
    total: int
    balance: int
    status: Status
    requested_at: str
    customer_name: str = ""
    tax_free: int = 0
    approved_at: str | None = None
    accepted: bool = False  # confirmed or issued once: its order id is used up
    deadline: float | None = None  # when the session or the account ends, epoch seconds
    decline_code: str | None = None  # the card company will say no at confirm
    last_transaction_key: str | None = None
    secret: str | None = None
    escrow: bool = False
    last_cancel_at: float | None = None
    refund_done_at: float | None = None  # when the bank has paid a refund of a virtual account
    card: dict[str, Any] | None = None
    virtual_account: dict[str, Any] | None = None
    transfer: dict[str, Any] | None = None
    cash_receipt: dict[str, Any] | None = None
    wanted_receipt: dict[str, Any] | None = None
    failure: dict[str, str] | None = None
    cancels: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, str] | None = None
    valid_hours: float | None = None
    sales: list[dict[str, Any]] = field(default_factory=list)  # what will be settled

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Payment":
        return cls(**json.loads(text))

    def sold(self, amount: int, moment: datetime) -> None:
        """`amount` below zero: given back. Named by the last transaction."""
        self.sales.append({"key": self.last_transaction_key, "amount": amount, "at": wire_time(moment)})

    def unsold(self) -> None:
        """The bank took the last deposit back: nobody settles what has come to nothing."""
        del self.sales[max(place for place, sale in enumerate(self.sales) if sale["amount"] > 0)]

    @property
    def account_number(self) -> str | None:
        return self.virtual_account["accountNumber"] if self.virtual_account else None

    def wire(self, *, mid: str, base_url: str) -> dict[str, Any]:
        """The Payment object, fields as in korea.md 1.1; before approval the method is not said."""
        taxed = self.total - self.tax_free
        vat = vat_of(taxed)
        shown = self.accepted or self.status == "ABORTED"
        return ALWAYS | {
            "paymentKey": self.payment_key,
            "orderId": self.order_id,
            "orderName": self.order_name,
            "mId": mid,
            "method": self.method if shown else None,
            "totalAmount": self.total,
            "balanceAmount": self.balance,
            "status": self.status,
            "requestedAt": self.requested_at,
            "approvedAt": self.approved_at,
            "useEscrow": self.escrow,
            "lastTransactionKey": self.last_transaction_key,
            "suppliedAmount": taxed - vat,
            "vat": vat,
            "taxFreeAmount": self.tax_free,
            "cancels": self.cancels or None,
            "isPartialCancelable": not self.escrow,
            "card": self.card,
            "virtualAccount": self.virtual_account if self.accepted else None,
            "secret": self.secret,
            "transfer": self.transfer,
            "failure": self.failure,
            "cashReceipt": self.cash_receipt,
            "metadata": self.metadata,
            "receipt": {"url": f"{base_url}/toss/receipts/{self.payment_key}"} if self.approved_at else None,
            "checkout": {"url": f"{base_url}/toss/checkout/{self.payment_key}"},
        }
