"""Confirming what the window authenticated, and issuing virtual accounts without a window."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock, epoch, wire_time
from sandbox.settings import Settings
from sandbox.toss import checks
from sandbox.toss.errors import TossRefusal
from sandbox.toss.ledger import Ledger
from sandbox.toss.notices import Notices
from sandbox.toss.payment import ACCOUNT, CARD, Payment, random_word, transaction_key

MOST_HOURS = 24 * 90


class Approval:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices

    def confirm(self, body: dict[str, Any]) -> Payment:
        """DONE for card and transfer, WAITING_FOR_DEPOSIT for a virtual account."""
        payment_key = checks.text(body.get("paymentKey"), most=200)
        order_id = checks.order_id(body.get("orderId"))
        amount = checks.whole(body.get("amount"), least=1)
        payment = self._ledger.find(payment_key)
        if payment is None or payment.status == "EXPIRED":
            raise TossRefusal("NOT_FOUND_PAYMENT_SESSION")
        if payment.order_id != order_id:
            raise TossRefusal("FORBIDDEN_REQUEST")
        if payment.total != amount:
            raise TossRefusal("INVALID_REQUEST")
        if payment.status == "ABORTED":
            raise TossRefusal("PAY_PROCESS_ABORTED")
        if payment.status != "IN_PROGRESS":
            raise TossRefusal("ALREADY_PROCESSED_PAYMENT")
        if payment.deadline is not None and payment.deadline <= epoch(self._clock.now()):
            raise TossRefusal("NOT_FOUND_PAYMENT_SESSION")
        if self._ledger.order_used(order_id):
            raise TossRefusal("DUPLICATED_ORDER_ID")
        if payment.decline_code is not None:
            return self._decline(payment, payment.decline_code)
        return self._accept(payment)

    def _decline(self, payment: Payment, code: str) -> Payment:
        """The refusal is raised by the caller of `confirm`, once this state is written."""
        payment.status, payment.deadline = "ABORTED", None
        payment.failure = TossRefusal(code).as_failure
        self._ledger.save(payment)
        self._notices.status_changed(payment)
        return payment

    def _accept(self, payment: Payment) -> Payment:
        payment.accepted = True
        if payment.method == ACCOUNT:
            asked = payment.virtual_account or {}
            hours = payment.valid_hours or self._settings.toss_valid_hours
            self._open_account(payment, asked["bankCode"], self._clock.now() + timedelta(hours=hours))
        else:
            self._take(payment)
        self._ledger.save(payment)
        self._notices.status_changed(payment)
        return payment

    def _take(self, payment: Payment) -> None:
        payment.status, payment.deadline = "DONE", None
        payment.approved_at = wire_time(self._clock.now())
        payment.last_transaction_key = transaction_key()
        payment.sold(payment.total, self._clock.now())
        if payment.method == CARD:
            payment.card = _card(payment.total)
            self._ledger.move(payment, "card_approved", payment.total)
        else:
            payment.transfer = {"bankCode": "88", "settlementStatus": "INCOMPLETED"}
            self._ledger.move(payment, "transfer_approved", payment.total)

    def issue(self, body: dict[str, Any]) -> Payment:
        """POST /v1/virtual-accounts: no window, no confirm, waiting for the deposit at once."""
        amount = checks.whole(body.get("amount"), least=1)
        order_id = checks.order_id(body.get("orderId"))
        if amount < 200:
            raise TossRefusal("BELOW_MINIMUM_AMOUNT")
        now = self._clock.now()
        payment = Payment(
            payment_key=f"{self._settings.toss_mid[:5]}{now:%Y%m%d%H%M%S}{random_word(12)}",
            order_id=order_id,
            order_name=checks.text(body.get("orderName"), most=100, code="INVALID_ORDER_NAME"),
            method=ACCOUNT,
            total=amount,
            balance=amount,
            status="WAITING_FOR_DEPOSIT",
            requested_at=wire_time(now),
            accepted=True,
            customer_name=checks.text(body.get("customerName"), most=100, code="INVALID_REQUIRED_PARAM"),
            tax_free=checks.whole(body.get("taxFreeAmount") or 0),
            escrow=body.get("useEscrow") is True,
            wanted_receipt=_wanted_receipt(body.get("cashReceipt")),
            metadata=checks.metadata(body.get("metadata")),
        )
        bank, due = checks.bank(body.get("bank")), self._due(body)
        if self._ledger.order_used(order_id):
            raise TossRefusal("DUPLICATED_ORDER_ID")
        self._open_account(payment, bank, due)
        self._ledger.add(payment)
        self._notices.status_changed(payment)
        return payment

    def _due(self, body: dict[str, Any]) -> datetime:
        hours, due_date = body.get("validHours"), body.get("dueDate")
        now = self._clock.now()
        if hours is not None and due_date is not None:
            raise TossRefusal("INVALID_VALID_HOURS_WITH_DUE_DATE_AND_SINGLE")
        if due_date is not None:
            due = checks.moment(due_date)
            if due <= now:
                raise TossRefusal("INVALID_DATE")
            if due > now + timedelta(hours=MOST_HOURS):
                raise TossRefusal("EXCEED_MAX_DUE_DATE")
            return due
        wanted = checks.optional_whole(hours, least=1) or self._settings.toss_valid_hours
        if wanted > MOST_HOURS:
            raise TossRefusal("EXCEED_MAX_VALID_HOURS")
        return now + timedelta(hours=wanted)

    def _open_account(self, payment: Payment, bank: str, due: datetime) -> None:
        number = f"{int(bank):02d}{secrets.randbelow(10**8):08d}{self._ledger.store.next_number('accounts'):04d}"
        payment.status = "WAITING_FOR_DEPOSIT"
        payment.deadline = epoch(due)
        payment.secret = f"ps_{random_word(40)}"
        payment.last_transaction_key = transaction_key()
        payment.virtual_account = {
            "accountType": "일반",
            "accountNumber": number,
            "bankCode": bank,
            "customerName": payment.customer_name,
            "depositorName": payment.customer_name,
            "dueDate": wire_time(due),
            "expired": False,
            "settlementStatus": "INCOMPLETED",
            "refundStatus": "NONE",
            "refundReceiveAccount": None,
        }
        if self._settings.toss_callback_on_issue:
            self._notices.deposit(payment)


def _card(amount: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "issuerCode": "41",
        "acquirerCode": "41",
        "number": "53275020****463*",
        "installmentPlanMonths": 0,
        "approveNo": f"{secrets.randbelow(10**8):08d}",
        "useCardPoint": False,
        "cardType": "신용",
        "ownerType": "개인",
        "acquireStatus": "READY",
        "isInterestFree": False,
        "interestPayer": None,
    }


def _wanted_receipt(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("type") not in ("소득공제", "지출증빙", "미발행"):
        raise TossRefusal("INVALID_REQUEST")
    return value
