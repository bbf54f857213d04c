"""The payer at the window, and the bank behind the accounts."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.banks import BankRefusal, BankRules, Offer
from sandbox.clock import Clock, epoch, wire_time
from sandbox.portone import checks
from sandbox.portone.ledger import Ledger
from sandbox.portone.notices import Notices
from sandbox.portone.payment import BANKS, V1_METHODS, V2_METHODS, Api, Method, Payment, random_word
from sandbox.portone.refusals import PortOneRefusal
from sandbox.settings import Settings

CHOICES = ("pay", "fail", "cancel")
PAID = ("PAID", "PARTIAL_CANCELLED")


@dataclass(frozen=True)
class Asked:
    """What the browser SDK was asked for, checked."""

    api: Api
    payment_id: str
    order_name: str
    total: int
    method: Method
    channel_key: str
    store_id: str
    redirect_url: str
    customer_name: str
    tax_free: int
    notice_urls: tuple[str, ...]
    due_at: datetime | None


class Desk:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices
        self.rules = BankRules(ledger.store, "portone", exact=settings.portone.exact_amounts)

    def read_v2(self, fields: Mapping[str, Any]) -> Asked:
        """The argument of PortOne.requestPayment."""
        if fields.get("storeId") != self._settings.portone.store_id or fields.get("currency") not in (
            "KRW",
            "CURRENCY_KRW",
        ):
            raise PortOneRefusal("INVALID_REQUEST")
        method = V2_METHODS.get(str(fields.get("payMethod")))
        expiry = (fields.get("virtualAccount") or {}).get("accountExpiry") or {}
        if method is None or (method == "virtual_account" and not expiry):
            raise PortOneRefusal("INVALID_REQUEST")
        return Asked(
            api="v2",
            payment_id=checks.payment_id(fields.get("paymentId")),
            order_name=checks.text(fields.get("orderName"), most=100),
            total=checks.whole(fields.get("totalAmount"), least=1),
            method=method,
            channel_key=checks.text(fields.get("channelKey"), most=200),
            store_id=self._settings.portone.store_id,
            redirect_url=checks.url(fields.get("redirectUrl")),
            customer_name=str((fields.get("customer") or {}).get("fullName") or "")[:100],
            tax_free=checks.whole(fields.get("taxFreeAmount") or 0),
            notice_urls=tuple(checks.url(url) for url in fields.get("noticeUrls") or ()),
            due_at=self._due(expiry),
        )

    def _due(self, expiry: Mapping[str, Any]) -> datetime | None:
        if expiry.get("dueDate"):
            return checks.moment(expiry["dueDate"])
        if expiry.get("validHours"):
            return self._clock.now() + timedelta(hours=checks.whole(expiry["validHours"], least=1))
        return None

    def read_v1(self, fields: Mapping[str, Any]) -> Asked:
        """The argument of IMP.request_pay, with `imp_code` of IMP.init."""
        if fields.get("imp_code") != self._settings.portone.v1_imp_code:
            raise PortOneRefusal("INVALID_REQUEST")
        method = V1_METHODS.get(str(fields.get("pay_method")))
        if method is None:
            raise PortOneRefusal("INVALID_REQUEST")
        due = str(fields.get("vbank_due") or "")
        notice = fields.get("notice_url")
        return Asked(
            api="v1",
            payment_id=checks.payment_id(fields.get("merchant_uid")),
            order_name=checks.text(fields.get("name"), most=100),
            total=checks.whole(fields.get("amount"), least=1),
            method=method,
            channel_key=str(fields.get("channelKey") or fields.get("pg") or ""),
            store_id=self._settings.portone.v1_imp_code,
            redirect_url=checks.url(fields.get("m_redirect_url")),
            customer_name=str(fields.get("buyer_name") or "")[:100],
            tax_free=checks.whole(fields.get("tax_free") or 0),
            notice_urls=(checks.url(notice),) if notice else (),
            due_at=checks.moment(f"{due[:8]}T{due[8:12]}") if len(due) == 12 else None,
        )

    def choose(self, asked: Asked, choice: str, bank: str = "88") -> tuple[str | None, str]:
        """(transaction, where the browser goes next)."""
        if choice not in CHOICES or bank not in BANKS:
            raise PortOneRefusal("INVALID_REQUEST")
        known = self._ledger.of_payment(asked.api, asked.payment_id)
        if known is not None and known.status not in ("READY", "FAILED"):
            return None, self._back(asked, known.tx_id, "ALREADY_PAID", "이미 결제된 주문입니다.")
        locked = self._ledger.locked(asked.api, asked.payment_id)
        if locked is not None and locked != asked.total:
            return None, self._back(asked, None, "FORGERY", "등록된 금액과 다릅니다.")
        with self._ledger.store.tx():
            payment = self._started(asked)
            if choice == "pay" and asked.method == "virtual_account":
                self._issue(payment, bank, asked.due_at)
            elif choice == "pay":
                self._ledger.move(payment, "approved", payment.total)
                self._take(payment)
            else:
                self._fail(payment, choice)
            self._ledger.add(payment)
            self._notices.changed(payment)
        if choice == "pay":
            return payment.tx_id, self._back(asked, payment.tx_id, None, None)
        code = "FAILURE_TYPE_PG" if choice == "fail" else "PORTONE_CANCELED"
        return payment.tx_id, self._back(asked, payment.tx_id, code, (payment.failure or {}).get("reason"))

    def _started(self, asked: Asked) -> Payment:
        now = wire_time(self._clock.now())
        number = f"{self._ledger.store.next_number('portone_tx'):012d}"
        return Payment(
            api=asked.api,
            payment_id=asked.payment_id,
            tx_id=f"imp_{number}" if asked.api == "v1" else f"{random_word(8)}-{number}",
            order_name=asked.order_name,
            method=asked.method,
            total=asked.total,
            status="READY",
            requested_at=now,
            changed_at=now,
            store_id=asked.store_id,
            channel_key=asked.channel_key,
            customer_name=asked.customer_name,
            notice_urls=list(asked.notice_urls),
            tax_free=asked.tax_free,
        )

    def _issue(self, payment: Payment, bank: str, due_at: datetime | None) -> None:
        now = self._clock.now()
        due = due_at or now + timedelta(hours=self._settings.portone.valid_hours)
        number = f"{bank}{secrets.randbelow(10**8):08d}{self._ledger.store.next_number('accounts'):04d}"
        payment.status, payment.deadline = "VIRTUAL_ACCOUNT_ISSUED", epoch(due)
        payment.account = {
            "bank": bank, "number": number, "holder": "포트원샌드박스", "expiredAt": wire_time(due),
            "issuedAt": wire_time(now),
        }  # fmt: skip

    def _take(self, payment: Payment) -> None:
        payment.status, payment.deadline = "PAID", None
        payment.paid_at = wire_time(self._clock.now())

    def _fail(self, payment: Payment, choice: str) -> None:
        payment.status, payment.failed_at = "FAILED", wire_time(self._clock.now())
        reason = "카드사에서 거절했습니다." if choice == "fail" else "사용자가 결제를 취소하셨습니다."
        payment.failure = {"reason": reason, "pgCode": "PAY_PROCESS_CANCELED", "pgMessage": reason}

    def _back(self, asked: Asked, tx_id: str | None, code: str | None, message: str | None) -> str:
        told: dict[str, str] = {}
        if asked.api == "v2":
            told = {"transactionType": "PAYMENT", "paymentId": asked.payment_id, "txId": tx_id or ""}
            told |= {} if code is None else {"code": code, "message": message or ""}
        else:
            told = {"imp_uid": tx_id or "", "merchant_uid": asked.payment_id}
            told |= {"imp_success": "true" if code is None else "false"}
            told |= {} if code is None else {"error_code": code, "error_msg": message or ""}
        parts = urlsplit(asked.redirect_url)
        query = [*parse_qsl(parts.query, keep_blank_values=True), *told.items()]
        return urlunsplit(parts._replace(query=urlencode(query)))

    def find(self, *, number: str | None, payment_id: str | None, api: Api = "v2") -> Payment:
        found = self._ledger.of_account(number) if number else None
        if found is None and payment_id:
            found = self._ledger.of_payment(api, payment_id)
        if found is None or found.account is None:
            raise BankRefusal("NO_ACCOUNT", "없는 계좌입니다.")
        return found

    def deposit(self, payment: Payment, *, amount: int | None = None, force: bool = False) -> Payment:
        """All of it unless said. `force` lets a deposit through after the account was closed or has run out.

        memory: where the bank takes any sum, PortOne says nothing until all of it is there, and shows no more.
        """
        over = payment.deadline is not None and payment.deadline <= epoch(self._clock.now())
        is_paid = payment.status in PAID or payment.paid_at is not None
        takes = payment.status in PAID or (payment.status == "VIRTUAL_ACCOUNT_ISSUED" and not over)
        offer = Offer(payment.total if amount is None else amount, payment.total, is_paid, takes, force)
        refusal = offer.refusal(exact=self.rules.exact)
        if refusal is not None:
            self._ledger.move(payment, "deposit_refused", 0, f"{refusal.code} {offer.amount}")
            raise refusal
        with self._ledger.store.tx():
            self._ledger.move(payment, "deposit", offer.amount)
            if not is_paid and self._ledger.held(payment) >= payment.total:
                payment.cancelled = 0
                payment.cancellations = []
                self._take(payment)
                self._ledger.save(payment)
                self._notices.changed(payment)
        return payment

    def reverse(self, payment: Payment) -> Payment:
        """memory: the bank takes back all that is in it, and the account waits again; no type of webhook is named after
        it."""
        held = self._ledger.held(payment)
        if held <= 0 or (payment.status in PAID and payment.cancellable < payment.total):
            raise BankRefusal("NOTHING_TO_REVERSE", "되돌릴 입금이 없습니다.")
        with self._ledger.store.tx():
            self._ledger.move(payment, "reversal", -held)
            if payment.status != "PAID":
                return payment  # too little had come, so nobody was told of it
            payment.status, payment.paid_at = "VIRTUAL_ACCOUNT_ISSUED", None
            payment.deadline = epoch(self._clock.now()) + self._settings.portone.valid_hours * 3600
            self._ledger.save(payment)
            self._notices.changed(payment)
        return payment

    def expire(self, payment: Payment) -> Payment:
        """The last moment has passed, now. Whether PortOne then says anything is a setting: korea.md does not know."""
        if payment.status != "VIRTUAL_ACCOUNT_ISSUED":
            raise BankRefusal("NOT_WAITING", "입금 대기 상태가 아닙니다.")
        with self._ledger.store.tx():
            payment.deadline = epoch(self._clock.now())
            if payment.account:
                payment.account["expiredAt"] = wire_time(self._clock.now())
            if self._settings.portone.expired_status == "CANCELLED":
                self.close(payment)
            self._ledger.save(payment)
        return payment

    def close(self, payment: Payment) -> None:
        """An account nobody has paid into takes no deposit any more. Saved by the caller."""
        if payment.status != "VIRTUAL_ACCOUNT_ISSUED":
            raise PortOneRefusal("PAYMENT_NOT_WAITING_FOR_DEPOSIT")
        payment.status, payment.deadline = "CANCELLED", None
        self._notices.changed(payment)

    def sweep(self) -> None:
        if self._settings.portone.expired_status == "CANCELLED":
            for payment in self._ledger.overdue():
                self.expire(payment)
