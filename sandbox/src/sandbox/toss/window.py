"""The payment window: what the browser SDK's requestPayment opens, and the customer's choice in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.clock import Clock, epoch, wire_time
from sandbox.settings import Settings
from sandbox.toss import checks
from sandbox.toss.errors import REFUSALS, TossRefusal
from sandbox.toss.ledger import Ledger
from sandbox.toss.notices import Notices
from sandbox.toss.payment import ACCOUNT, CARD, METHODS, Payment, random_word

CHOICES = ("pay", "fail", "cancel", "decline")


@dataclass(frozen=True)
class Asked:
    """The fields of requestPayment, checked."""

    method: str
    amount: int
    order_id: str
    order_name: str
    success_url: str
    fail_url: str
    customer_name: str
    tax_free: int
    escrow: bool
    bank: str
    valid_hours: float | None
    wanted_receipt: dict[str, Any] | None
    metadata: dict[str, str] | None


def _number(value: Any) -> Any:
    """Query strings carry numbers as text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class Window:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices

    def read(self, fields: Mapping[str, Any]) -> Asked:
        if fields.get("clientKey") != self._settings.toss_client_key:
            raise TossRefusal("INVALID_CLIENT_KEY")
        method = METHODS.get(str(fields.get("method", "CARD")).upper())
        if method is None:
            raise TossRefusal("NOT_SUPPORTED_METHOD")
        amount = checks.whole(_number(fields.get("amount")), least=1, code="INVALID_REQUIRED_PARAM")
        if amount < (100 if method == CARD else 200):
            raise TossRefusal("BELOW_MINIMUM_AMOUNT")
        hours = checks.optional_whole(_number(fields.get("validHours") or None), least=1)
        return Asked(
            method=method,
            amount=amount,
            order_id=checks.order_id(fields.get("orderId")),
            order_name=checks.text(fields.get("orderName"), most=100, code="INVALID_ORDER_NAME"),
            success_url=checks.return_url(fields.get("successUrl"), "INCORRECT_SUCCESS_URL_FORMAT"),
            fail_url=checks.return_url(fields.get("failUrl"), "INCORRECT_FAIL_URL_FORMAT"),
            customer_name=checks.optional_text(fields.get("customerName"), most=100),
            tax_free=checks.whole(_number(fields.get("taxFreeAmount") or 0)),
            escrow=fields.get("useEscrow") in (True, "true"),
            bank=checks.bank(fields.get("bank") or "88"),
            valid_hours=hours,
            wanted_receipt=fields.get("cashReceipt") if isinstance(fields.get("cashReceipt"), dict) else None,
            metadata=checks.metadata(fields.get("metadata")),
        )

    def choose(self, asked: Asked, choice: str) -> tuple[str | None, str]:
        """(paymentKey, where the browser goes next). A cancelled window leaves no payment behind."""
        if choice not in CHOICES:
            raise TossRefusal("INVALID_REQUEST")
        if choice == "cancel":
            return None, self._failed(asked, "PAY_PROCESS_CANCELED")
        if self._ledger.order_used(asked.order_id):
            return None, self._failed(asked, "DUPLICATED_ORDER_ID")
        with self._ledger.store.tx():
            payment = self._start(asked)
            if choice == "fail":
                payment.status, payment.deadline = "ABORTED", None
                payment.failure = TossRefusal("REJECT_CARD_COMPANY").as_failure
            elif choice == "decline":
                payment.decline_code = "REJECT_CARD_PAYMENT"
            self._ledger.add(payment)
            if payment.status == "ABORTED":
                self._notices.status_changed(payment)
        if choice == "fail":
            return payment.payment_key, self._failed(asked, "REJECT_CARD_COMPANY")
        return payment.payment_key, self._succeeded(asked, payment)

    def _start(self, asked: Asked) -> Payment:
        now = self._clock.now()
        payment = Payment(
            payment_key=f"{self._settings.toss_mid[:5]}{now:%Y%m%d%H%M%S}{random_word(12)}",
            order_id=asked.order_id,
            order_name=asked.order_name,
            method=asked.method,
            total=asked.amount,
            balance=asked.amount,
            status="IN_PROGRESS",
            requested_at=wire_time(now),
            customer_name=asked.customer_name,
            tax_free=asked.tax_free,
            escrow=asked.escrow,
            deadline=epoch(now) + self._settings.toss_session_seconds,
            wanted_receipt=asked.wanted_receipt,
            metadata=asked.metadata,
            valid_hours=asked.valid_hours,
        )
        if asked.method == ACCOUNT:
            payment.virtual_account = {"bankCode": asked.bank, "accountNumber": None, "dueDate": None}
        return payment

    def _succeeded(self, asked: Asked, payment: Payment) -> str:
        return _with(
            asked.success_url,
            paymentType="NORMAL", orderId=asked.order_id, paymentKey=payment.payment_key, amount=str(asked.amount),
        )  # fmt: skip

    def _failed(self, asked: Asked, code: str) -> str:
        return _with(asked.fail_url, code=code, message=REFUSALS[code][1], orderId=asked.order_id)


def _with(url: str, **added: str) -> str:
    """The URL with more query parameters; its own stay."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True) + list(added.items())
    return urlunsplit(parts._replace(query=urlencode(query)))
