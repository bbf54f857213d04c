"""Money going back. A refund is promised once, sent with a guard, and asked about until its outcome is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from payments import errors
from payments.commands import RequestRefund
from payments.commands.answers import Answer, Hint, Refused, Return, Seen
from payments.domain.parts import parts_of
from payments.domain.payment import Payment
from payments.domain.status import HOLDING, PENDING, RUNNING, RefundStatus, Status, check_refund_move

BY_DEPOSIT = "virtual_account"
MORE_THAN_LEFT, RETURNED_THERE = "more_than_left", "returned_at_provider"
_BACKOFF_SECONDS = (2, 5, 15, 60, 300, 900)


@dataclass(frozen=True, slots=True)
class Refund:
    """`attempt` counts how often it was sent; each sending has an idempotency key of its own.

    `failure_code` is the provider's refusal of the last sending. While the refund is unknown it is not believed yet.
    `by_hand`: done by a transfer of ours after that refusal, which stays to be seen.
    """

    id: UUID
    payment_id: UUID
    order_id: UUID
    amount: int
    tax_free_amount: int
    reason: str
    status: RefundStatus
    requested_at: datetime
    attempt: int = 0
    next_at: datetime | None = None
    provider_reference: str | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    refunded_at: datetime | None = None
    vat_amount: int = 0
    by_hand: bool = False

    @property
    def note(self) -> str:
        """The reason the provider is told: by it our refund is recognised among the provider's."""
        return f"refund {self.id}"

    @property
    def idempotency_key(self) -> str:
        return f"refund-{self.id}-{self.attempt}"

    def to(self, status: RefundStatus, **changes: Any) -> Refund:
        """Raises `IllegalMove` for a move the table does not have."""
        check_refund_move(self.status, status)
        return replace(self, status=status, next_at=changes.pop("next_at", None), **changes)


def given_back(refunds: Iterable[Refund]) -> int:
    """What the customer has again, whoever sent it."""
    return sum(refund.amount for refund in refunds if refund.status is RefundStatus.DONE)


def gone_there(refunds: Iterable[Refund]) -> int:
    """What the provider gave back: its balance lacks so much."""
    return given_back(refund for refund in refunds if not refund.by_hand)


def landed_late(others: Iterable[Refund], answer: Answer) -> int:
    """What other pending refunds took at the provider after we had looked and seen nothing of it."""
    if not isinstance(answer, Seen):
        return 0
    return sum(other.amount for other in others if other.status in PENDING and _ours(other, answer) is not None)


def left(payment: Payment, refunds: Iterable[Refund]) -> int:
    """What may still be promised: pending refunds count as gone."""
    if payment.status not in HOLDING:
        return 0
    taken = sum(r.amount for r in refunds if r.status is RefundStatus.DONE or r.status in PENDING)
    return payment.amount - taken


def request(
    payment: Payment, refunds: Sequence[Refund], command: RequestRefund, *, has_account: bool, now: datetime
) -> Refund | None:
    """The promise, or its refusal for want of money. None: promised before.

    Void from the start where the bank took back the money that is meant: the asker may not have heard of it yet. Once
    it has, it asks anew for what came after; giving that back under this name too would be giving it back twice.
    """
    for known in refunds:
        if known.id == command.refund_id:
            if known.amount != command.amount:
                raise errors.RefundReused("this refund id came before with another amount")
            return None
    parts = parts_of(payment, refunds, command)
    refund = Refund(
        id=command.refund_id,
        payment_id=payment.id,
        order_id=payment.order_id,
        amount=command.amount,
        tax_free_amount=parts.tax_free,
        vat_amount=parts.vat,
        reason=command.reason,
        status=RefundStatus.REQUESTED,
        requested_at=now,
        next_at=now,
    )
    if _taken_back_before(payment, command):
        return replace(refund, status=RefundStatus.VOID, next_at=None)
    if command.amount > left(payment, refunds):
        return replace(
            refund,
            status=RefundStatus.REFUSED,
            next_at=None,
            failure_code=MORE_THAN_LEFT,
            failure_reason="the payment does not hold so much",
        )
    if payment.method == BY_DEPOSIT and not has_account:
        return replace(refund, status=RefundStatus.NEEDS_ACCOUNT, next_at=None)
    return refund


def _taken_back_before(payment: Payment, command: RequestRefund) -> bool:
    if command.paid_at is None or payment.confirmed_at is None:
        return False
    return payment.status is Status.REVERSED or command.paid_at < payment.confirmed_at


def account_given(refund: Refund, now: datetime) -> Refund:
    if refund.status is RefundStatus.NEEDS_ACCOUNT:
        return refund.to(RefundStatus.REQUESTED, next_at=now)
    return refund


def begin(refund: Refund, refunds: Sequence[Refund], now: datetime, *, patience: timedelta) -> Refund:
    """Ready to be sent, ready to be asked about, or waiting for another refund of the payment to end."""
    if refund.status in RUNNING:
        return replace(refund, next_at=now + patience)
    if any(other.status in RUNNING for other in refunds if other.id != refund.id):
        return replace(refund, next_at=now + timedelta(seconds=1))
    return refund.to(
        RefundStatus.EXECUTING,
        attempt=refund.attempt + 1,
        next_at=now + patience,
        failure_code=None,
        failure_reason=None,
    )


def answered(refund: Refund, answer: Answer, expected_balance: int, now: datetime, *, asked: bool) -> Refund:
    """What becomes of a refund after the provider spoke. `expected_balance`: its balance if this refund had no effect.

    Only proof counts: our own note among the provider's returns, or where it keeps none a return of all its balance
    lacks, or a refusal. Sending again is safe because every sending carries the balance it expects, so a lost first one
    that did arrive makes the provider refuse the second.
    """
    match answer:
        case Seen():
            return _seen(refund, answer, expected_balance, now, asked=asked)
        case Refused() if not asked and refund.status is RefundStatus.EXECUTING:
            return _turned_down(refund, answer, now)
        case _:
            return _unknown(refund, now + _backoff(refund.attempt))


def _seen(refund: Refund, answer: Seen, expected_balance: int, now: datetime, *, asked: bool) -> Refund:
    later = now + _backoff(refund.attempt)
    found = _ours(refund, answer) or _unnamed(refund, answer, expected_balance)
    if found is not None and found.done:
        return refund.to(
            RefundStatus.DONE,
            provider_reference=found.reference,
            refunded_at=now,
            failure_code=None,
            failure_reason=None,
        )
    if found is not None:
        return _unknown(refund, later)
    if not asked:
        return _unknown(refund, now)
    if answer.balance != expected_balance:
        return _refused(refund, RETURNED_THERE, "the provider's balance is not what it should be")
    if refund.failure_code is not None:
        return _refused(refund, refund.failure_code, refund.failure_reason or "")
    return refund.to(RefundStatus.REQUESTED, next_at=later)


def _turned_down(refund: Refund, answer: Refused, now: datetime) -> Refund:
    match answer.hint:
        case Hint.LATER:
            return refund.to(RefundStatus.REQUESTED, next_at=now + _backoff(refund.attempt))
        case Hint.ASK:
            return _unknown(refund, now)
        case Hint.ACCOUNT:
            return refund.to(RefundStatus.NEEDS_ACCOUNT, failure_code=answer.code, failure_reason=answer.reason)
        case Hint.FINAL | Hint.KEY | Hint.UNREAD if refund.attempt > 1:
            # An earlier sending may have arrived after all, and be what this one is refused for.
            return _unknown(replace(refund, failure_code=answer.code, failure_reason=answer.reason), now)
        case Hint.FINAL | Hint.KEY | Hint.UNREAD:
            return _refused(refund, answer.code, answer.reason)


def _ours(refund: Refund, answer: Seen) -> Return | None:
    for given in answer.returns:
        if given.note == refund.note and given.amount == refund.amount:
            return given
    return None


def _unnamed(refund: Refund, answer: Seen, expected_balance: int) -> Return | None:
    """Where a provider keeps no notes: the last return is this refund if it is as large, and all the balance lacks."""
    last = answer.returns[-1] if answer.returns else None
    if last is None or last.note or last.amount != refund.amount:
        return None
    return last if answer.balance == expected_balance - refund.amount else None


def _unknown(refund: Refund, next_at: datetime) -> Refund:
    if refund.status is RefundStatus.UNKNOWN:
        return replace(refund, next_at=next_at)
    return refund.to(RefundStatus.UNKNOWN, next_at=next_at)


def _refused(refund: Refund, code: str, reason: str) -> Refund:
    return refund.to(RefundStatus.REFUSED, failure_code=code, failure_reason=reason)


def _backoff(attempt: int) -> timedelta:
    return timedelta(seconds=_BACKOFF_SECONDS[min(attempt, len(_BACKOFF_SECONDS)) - 1] if attempt else 2)
