"""Cancelling: all or part, before or after the deposit, and every reason to be refused."""

from typing import Any

from sandbox.clock import Clock, epoch, wire_time
from sandbox.settings import Settings
from sandbox.toss import checks
from sandbox.toss.errors import TossRefusal
from sandbox.toss.ledger import Ledger
from sandbox.toss.notices import Notices
from sandbox.toss.payment import ACCOUNT, BANKS, Payment, transaction_key

CANCELLABLE = ("DONE", "PARTIAL_CANCELED", "WAITING_FOR_DEPOSIT")


class Cancels:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices

    def cancel(self, payment_key: str, body: dict[str, Any]) -> Payment:
        payment = self._ledger.get(payment_key)
        reason = checks.text(body.get("cancelReason"), most=200, code="INVALID_REQUIRED_PARAM")
        self._check_state(payment)
        amount = self._amount(payment, body)
        tax_free = checks.optional_whole(body.get("taxFreeAmount")) or 0
        tax_free_left = payment.tax_free - sum(row["taxFreeAmount"] for row in payment.cancels)
        if tax_free > min(amount, tax_free_left):
            raise TossRefusal("NOT_CANCELABLE_AMOUNT")
        unpaid = payment.status == "WAITING_FOR_DEPOSIT"
        if unpaid:
            payment.deadline = None  # nothing was paid in, so nothing moves; the account takes no deposit any more
        elif payment.method == ACCOUNT:
            self._refund_to(payment, body.get("refundReceiveAccount"), amount)
        else:
            self._ledger.move(payment, "refund", -amount, reason)
        self._book(payment, amount, tax_free, reason)
        if not unpaid:
            payment.sold(-amount, self._clock.now())
        self._ledger.save(payment)
        self._notices.status_changed(payment)
        self._notices.deposit(payment)
        return payment

    def _check_state(self, payment: Payment) -> None:
        now = epoch(self._clock.now())
        last = payment.last_cancel_at
        if last is not None and now - last < self._settings.toss_cancel_guard_seconds:
            raise TossRefusal("FORBIDDEN_CONSECUTIVE_REQUEST")
        if payment.status == "CANCELED":
            raise TossRefusal("ALREADY_CANCELED_PAYMENT")
        if payment.status not in CANCELLABLE:
            raise TossRefusal("NOT_CANCELABLE_PAYMENT")

    def _amount(self, payment: Payment, body: dict[str, Any]) -> int:
        """How much to cancel; nothing said means all that is left."""
        expected = checks.optional_whole(body.get("refundableAmount"))
        if expected is not None and expected != payment.balance:
            raise TossRefusal("NOT_MATCHES_REFUNDABLE_AMOUNT")
        asked = checks.optional_whole(body.get("cancelAmount"), least=1)
        amount = payment.balance if asked is None else asked
        if amount > payment.balance or payment.balance == 0:
            raise TossRefusal("NOT_CANCELABLE_AMOUNT")
        if amount < payment.balance:
            if payment.status == "WAITING_FOR_DEPOSIT":
                raise TossRefusal("NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT")
            if payment.escrow:
                raise TossRefusal("NOT_ALLOWED_PARTIAL_REFUND")
        return amount

    def _refund_to(self, payment: Payment, account: Any, amount: int) -> None:
        """A paid virtual account has no card to give back to: the customer's own account must be named."""
        if not isinstance(account, dict):
            raise TossRefusal("INVALID_REFUND_ACCOUNT_INFO")
        bank = account.get("bank")
        if not isinstance(bank, str) or bank not in BANKS:
            raise TossRefusal("INVALID_BANK")
        number = account.get("accountNumber")
        if not isinstance(number, str) or not (number.isascii() and number.isdigit() and len(number) <= 20):
            raise TossRefusal("INVALID_REFUND_ACCOUNT_NUMBER")
        holder = checks.text(account.get("holderName"), most=60, code="INVALID_REFUND_ACCOUNT_INFO")
        details = payment.virtual_account or {}
        details["refundStatus"] = "PENDING"
        details["refundReceiveAccount"] = {
            "bankCode": bank,
            "accountNumber": number,
            "holderName": holder,
        }
        wait = self._settings.toss_refund_minutes * self._settings.minute_seconds
        payment.refund_done_at = epoch(self._clock.now()) + wait
        self._ledger.move(payment, "refund", -amount, f"{BANKS[bank]} {number}")

    def _book(self, payment: Payment, amount: int, tax_free: int, reason: str) -> None:
        now = self._clock.now()
        whole = amount == payment.balance and payment.status != "PARTIAL_CANCELED"
        payment.balance -= amount
        payment.last_cancel_at = epoch(now)
        payment.last_transaction_key = transaction_key()
        payment.cancels.append(
            {
                "transactionKey": payment.last_transaction_key,
                "cancelReason": reason,
                "cancelAmount": amount,
                "taxFreeAmount": tax_free,
                "taxExemptionAmount": 0,
                "refundableAmount": payment.balance,
                "transferDiscountAmount": 0,
                "easyPayDiscountAmount": 0,
                "canceledAt": wire_time(now),
                "receiptKey": None,
                "cancelStatus": "DONE",
                "cancelRequestId": None,
            }
        )
        if whole:
            payment.status = "CANCELED"
        elif payment.balance == 0:
            payment.status = self._settings.toss_partial_sum_status
        else:
            payment.status = "PARTIAL_CANCELED"

    def finish_refunds(self) -> None:
        """The bank has paid the refunds that were pending."""
        for payment in self._ledger.refunds_to_finish():
            with self._ledger.store.tx():
                if payment.virtual_account:
                    payment.virtual_account["refundStatus"] = "COMPLETED"
                payment.refund_done_at = None
                self._ledger.save(payment)
