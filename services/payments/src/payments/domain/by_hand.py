"""A refund its provider would not pay when we asked. Staff send the money from the mall's own bank and write the
transfer down, and what the provider still holds of it is ours then; or they gave it back at the provider's console and
say which of the provider's returns it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from payments import errors
from payments.commands import RequestRefund
from payments.commands.answers import Answer, Missing, Seen, Standing
from payments.domain import facts, ledger
from payments.domain.parts import parts_of
from payments.domain.payment import Decision, Payment
from payments.domain.refund import MORE_THAN_LEFT, RETURNED_THERE, Refund, given_back, gone_there, landed_late, left
from payments.domain.status import PENDING, RefundStatus, Status

if TYPE_CHECKING:
    from payments.domain.deposit import Transfer

REFUSED = "refund_refused"
# Nothing was promised for the want of it, or it may have gone back at the provider's console: it is nobody's claim.
NOT_OWED = frozenset({MORE_THAN_LEFT, RETURNED_THERE})


def is_owed(payment: Payment, refund: Refund, refunds: Sequence[Refund]) -> bool:
    """Whether the customer still has to get it, and nobody but us can send it."""
    if refund.status is not RefundStatus.REFUSED or refund.failure_code in NOT_OWED:
        return False
    return refund.amount <= left(payment, refunds)


def is_any_owed(payment: Payment, refunds: Sequence[Refund]) -> bool:
    return any(is_owed(payment, refund, refunds) for refund in refunds)


def check(payment: Payment, refund: Refund, refunds: Sequence[Refund], amount: int) -> None:
    """Raises `RefundPending` while the provider may still pay it, `RefundNotOwed`, `TransferDiffers`."""
    if refund.status in PENDING:
        raise errors.RefundPending("the provider may still pay this refund", refund_status=refund.status)
    if refund.status is not RefundStatus.REFUSED or refund.failure_code == MORE_THAN_LEFT:
        raise errors.RefundNotOwed("nothing of this refund is owed", refund_status=refund.status)
    if refund.amount > left(payment, refunds):
        raise errors.RefundNotOwed("the payment does not hold so much", left=left(payment, refunds))
    if amount != refund.amount:
        raise errors.TransferDiffers("a refund is paid whole and at once", amount=refund.amount)


def compare(payment: Payment, refund: Refund, refunds: Sequence[Refund], shown: Answer) -> None:
    """Whether the provider still has the money, as it shows the payment now. One it knows no more, it cannot pay.

    Raises `ReturnedAtProvider`, and `RefundUnseen` without an answer.
    """
    if isinstance(shown, Missing):
        return
    if not isinstance(shown, Seen):
        raise errors.RefundUnseen("the provider does not say now whether it paid this refund")
    others = [known for known in refunds if known.id != refund.id]
    holds = payment.amount - gone_there(refunds) - landed_late(others, shown)
    if shown.standing not in (Standing.PAID, Standing.PARTLY_RETURNED) or shown.balance != holds:
        raise errors.ReturnedAtProvider(
            "the provider does not hold what it should: this money may have gone back already",
            held=shown.balance,
            expected=holds,
        )


def sent(payment: Payment, refund: Refund, refunds: Sequence[Refund], transfer: Transfer, now: datetime) -> Decision:
    """The customer has it. Raises as `check` does."""
    check(payment, refund, refunds, transfer.amount)
    return _done(payment, refund, refunds, now, by_hand=True)


def found(
    payment: Payment, refund: Refund, refunds: Sequence[Refund], shown: Answer, *, reference: str, now: datetime
) -> Decision:
    """It was given back at the provider's console: `reference` is the provider's name of that return, which it shows.

    Raises as `check` does, `RefundUnseen`, `ReturnNotFound`, and `RefundTransferReused` for another refund's return.
    """
    if not isinstance(shown, Seen):
        raise errors.RefundUnseen("the provider does not show the payment now")
    given = next((each for each in shown.returns if each.reference == reference and each.done), None)
    check(payment, refund, refunds, refund.amount if given is None else given.amount)
    if given is None:
        raise errors.ReturnNotFound("the provider shows no such return of this payment")
    for other in refunds:
        if other.id != refund.id and (other.provider_reference == reference or other.note == given.note):
            raise errors.RefundTransferReused("this return is another refund's", refund_id=str(other.id))
    return _done(payment, refund, refunds, now, provider_reference=reference)


def _done(payment: Payment, refund: Refund, refunds: Sequence[Refund], now: datetime, **how: Any) -> Decision:
    """What it consists of is reckoned anew: when it was refused its parts were free for others to take."""
    parts = parts_of(payment, refunds, _as_asked(payment, refund))
    kept = {"tax_free_amount": parts.tax_free, "vat_amount": parts.vat}
    done = refund.to(RefundStatus.DONE, refunded_at=now, **kept, **how)
    others = [known for known in refunds if known.id != refund.id]
    refunded = given_back(others) + done.amount
    after = payment.to(Status.REFUNDED if refunded == payment.amount else Status.PARTLY_REFUNDED)
    if after.attention == REFUSED and not is_any_owed(after, others):
        after = replace(after, attention=None)
    journal = ledger.refund_by_hand(after, done) if done.by_hand else ledger.refund_found(after, done)
    return Decision(after, (facts.Refunded(after, done, refunded),), (journal,), (done,))


def _as_asked(payment: Payment, refund: Refund) -> RequestRefund:
    return RequestRefund(
        refund_id=refund.id,
        payment_id=payment.id,
        order_id=payment.order_id,
        amount=refund.amount,
        tax_free_amount=refund.tax_free_amount,
        reason=refund.reason,
        vat_amount=refund.vat_amount,
    )
