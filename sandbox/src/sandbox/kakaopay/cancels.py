"""Cancelling all or part of a payment, and every reason to be refused."""

from typing import Any

from sandbox.clock import Clock, epoch
from sandbox.kakaopay import checks
from sandbox.kakaopay.approval import local
from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.kakaopay.ledger import Ledger
from sandbox.kakaopay.payment import Payment, parts, vat_of

DAY = 86400.0


class Cancels:
    """`refund_days`: how long after approval each method gives money back."""

    def __init__(self, clock: Clock, ledger: Ledger, *, refund_days: dict[str, float]) -> None:
        self._clock = clock
        self._ledger = ledger
        self._refund_days = refund_days

    def cancel(self, cid: str, body: dict[str, Any]) -> dict[str, Any]:
        payment = self._ledger.get(checks.text(body.get("tid"), most=20), cid)
        amount = checks.whole(body.get("cancel_amount"), least=1)
        tax_free = checks.whole(body.get("cancel_tax_free_amount"))
        said_vat = checks.optional_whole(body.get("cancel_vat_amount"))
        expected = checks.optional_whole(body.get("cancel_available_amount"))
        payload = checks.optional_text(body.get("payload"), most=200)
        self._check(payment, amount, expected)
        vat = self._vat(payment, amount, tax_free, said_vat)
        payment.canceled += amount
        payment.canceled_tax_free += tax_free
        payment.canceled_vat += vat
        payment.canceled_at = local(self._clock)
        payment.status = "CANCEL_PAYMENT" if payment.canceled == payment.total else "PART_CANCEL_PAYMENT"
        row = payment.act("CANCEL", amount, payment.canceled_at, payload)
        self._ledger.move(payment, "refund", -amount, row["aid"], payload or "")
        self._ledger.save(payment)
        answer = payment.head() | {
            "aid": row["aid"],
            "status": payment.status,
            "approved_cancel_amount": parts(amount, tax_free, vat),
            "canceled_amount": payment.canceled_parts(),
            "cancel_available_amount": payment.available_parts(),
        }
        return answer if payload is None else answer | {"payload": payload}

    def _check(self, payment: Payment, amount: int, expected: int | None) -> None:
        if payment.status not in ("SUCCESS_PAYMENT", "PART_CANCEL_PAYMENT"):
            raise KakaoPayRefusal(-784)
        if expected is not None and expected != payment.available:
            raise KakaoPayRefusal(-722)
        if amount > payment.available:
            raise KakaoPayRefusal(-710)
        since = epoch(self._clock.now()) - (payment.approved_epoch or 0.0)
        if since > self._refund_days[payment.method or "CARD"] * DAY:
            raise KakaoPayRefusal(-781, "REFUND_PERIOD_OVER")

    def _vat(self, payment: Payment, amount: int, tax_free: int, said: int | None) -> int:
        """What is not said is an eleventh; rounding may leave less of it than that for the last cancel."""
        tax_free_left = payment.tax_free - payment.canceled_tax_free
        vat_left = payment.vat - payment.canceled_vat
        if tax_free > min(amount, tax_free_left) or (said or 0) > min(amount - tax_free, vat_left):
            raise KakaoPayRefusal(-722)
        if amount - tax_free > payment.available - tax_free_left:
            raise KakaoPayRefusal(-722)  # more taxed money than there is
        return min(vat_of(amount, tax_free), vat_left) if said is None else said
