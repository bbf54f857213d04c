"""Cancelling: all or part. What a bank has to pay back is only REQUESTED at first (V2)."""

import secrets
from typing import Any

from sandbox.clock import Clock, epoch, wire_time
from sandbox.portone.ledger import Ledger
from sandbox.portone.notices import Notices
from sandbox.portone.payment import V2_BANKS, Payment, vat_of
from sandbox.portone.refusals import PortOneRefusal
from sandbox.settings import Settings


class Cancels:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices

    def cancel(
        self, payment: Payment, *, reason: str, amount: int | None, tax_free: int, expected: int | None,
        account: dict[str, Any] | None, told: bool,
    ) -> dict[str, Any]:  # fmt: skip
        """The cancellation. `expected`: what the caller believes can still be cancelled. `account` has V2's words."""
        self._check(payment, expected)
        wanted = payment.cancellable if amount is None else amount
        if wanted > payment.cancellable or payment.cancellable == 0:
            raise PortOneRefusal("CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT")
        left = payment.tax_free - sum(r["taxFreeAmount"] for r in payment.cancellations if r["status"] != "FAILED")
        if tax_free > min(wanted, left):
            raise PortOneRefusal("CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT")
        by_bank = payment.method == "virtual_account"
        if by_bank:
            self._check_account(account)
        now = wire_time(self._clock.now())
        later = by_bank and payment.api == "v2"
        row: dict[str, Any] = {
            "status": "REQUESTED" if later else "SUCCEEDED",
            "id": f"cancellation-{secrets.token_hex(12)}",
            "pgCancellationId": f"pgc{secrets.token_hex(8)}",
            "totalAmount": wanted,
            "taxFreeAmount": tax_free,
            "vatAmount": vat_of(wanted - tax_free),
            "reason": reason,
            "requestedAt": now,
        }
        payment.cancellations.append(row)
        if later:
            wait = self._settings.portone.refund_minutes * self._settings.minute_seconds
            self._ledger.pend(payment, row["id"], epoch(self._clock.now()) + wait)
            self._ledger.save(payment)
            if told:
                self._notices.changed(payment, cancellation_id=row["id"], pending=True)
        else:
            self._done(payment, row, told=told)
        return row

    def _check(self, payment: Payment, expected: int | None) -> None:
        if payment.status == "CANCELLED":
            raise PortOneRefusal("PAYMENT_ALREADY_CANCELLED")
        if payment.status not in ("PAID", "PARTIAL_CANCELLED"):
            raise PortOneRefusal("PAYMENT_NOT_PAID")
        if expected is not None and expected != payment.cancellable:
            raise PortOneRefusal("CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN")

    def _check_account(self, account: dict[str, Any] | None) -> None:
        """A paid account has no card to give back to: the payer's own account must be named."""
        if account is None or account.get("bank") not in V2_BANKS:
            raise PortOneRefusal("INVALID_REQUEST")
        number, holder = account.get("number"), account.get("holderName")
        if not isinstance(number, str) or not (number.isascii() and number.isdigit() and len(number) <= 20):
            raise PortOneRefusal("INVALID_REQUEST")
        if not isinstance(holder, str) or not holder:
            raise PortOneRefusal("INVALID_REQUEST")

    def _done(self, payment: Payment, row: dict[str, Any], *, told: bool) -> None:
        row |= {"status": "SUCCEEDED", "cancelledAt": wire_time(self._clock.now())}
        payment.cancelled += row["totalAmount"]
        payment.cancelled_tax_free += row["taxFreeAmount"]
        payment.status = "CANCELLED" if payment.cancelled == payment.total else "PARTIAL_CANCELLED"
        self._ledger.move(payment, "refund", -row["totalAmount"], row["reason"])
        self._ledger.save(payment)
        if told:
            self._notices.changed(payment, cancellation_id=row["id"])

    def finish(self, tx_id: str | None = None, *, failed: bool = False) -> int:
        """The bank is done with the refunds that are due, or with all of one payment, now."""
        due = self._ledger.pending_due(tx_id)
        for payment, cancellation_id in due:
            with self._ledger.store.tx():
                fresh = self._ledger.of_tx(payment.tx_id) or payment
                row = next(row for row in fresh.cancellations if row["id"] == cancellation_id)
                self._ledger.unpend(cancellation_id)
                if failed:
                    row["status"] = "FAILED"
                    self._ledger.save(fresh)
                    self._notices.changed(fresh, cancellation_id=cancellation_id)
                else:
                    self._done(fresh, row, told=True)
        return len(due)
