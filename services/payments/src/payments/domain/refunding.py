"""What a refund means for its payment and the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from payments.domain import by_hand, facts, ledger
from payments.domain.payment import Decision, Payment
from payments.domain.refund import Refund, given_back
from payments.domain.status import PENDING, RefundStatus, Status


def promised(payment: Payment, refund: Refund) -> Decision:
    """A refund was asked for. One that cannot be given is for a person: orders will not ask twice."""
    if refund.status is RefundStatus.REFUSED:
        return Decision(
            replace(payment, attention=by_hand.REFUSED),
            (facts.RefundTurnedDown(payment, refund, still_owed=False),),
            refunds=(refund,),
        )
    if refund.status is RefundStatus.VOID:
        return Decision(payment, refunds=(refund,))
    waits = refund.status is RefundStatus.NEEDS_ACCOUNT
    said = (facts.AccountNeeded(payment, refund, again=False),) if waits else ()
    return Decision(payment, said, (ledger.refund_owed(payment, refund),), (refund,))


def settled(payment: Payment, refund: Refund, others: Sequence[Refund]) -> Decision:
    """The provider spoke about a refund. `others` are the payment's other refunds."""
    if refund.status is RefundStatus.REFUSED:
        dropped = ledger.refund_dropped(payment, refund)
        said = facts.RefundTurnedDown(payment, refund, by_hand.is_owed(payment, refund, [*others, refund]))
        return Decision(replace(payment, attention=by_hand.REFUSED), (said,), (dropped,), (refund,))
    if refund.status is RefundStatus.NEEDS_ACCOUNT:
        return Decision(payment, (facts.AccountNeeded(payment, refund, again=True),), refunds=(refund,))
    if refund.status is not RefundStatus.DONE:
        return Decision(payment, refunds=(refund,))
    refunded = given_back(others) + refund.amount
    after = payment.to(Status.REFUNDED if refunded == payment.amount else Status.PARTLY_REFUNDED)
    return Decision(
        after, (facts.Refunded(after, refund, refunded),), (ledger.refund_paid(payment, refund),), (refund,)
    )


def account_is_wanted(payment: Payment, refunds: Sequence[Refund]) -> bool:
    """Whether something may still go to the account the customer named: a refund, a surplus, what is paid by hand."""
    if payment.returnable or by_hand.is_any_owed(payment, refunds):
        return True
    return any(refund.status in PENDING for refund in refunds)


def account_is_used_up(payment: Payment, refund: Refund, others: Sequence[Refund]) -> bool:
    """Whether the customer's account can be erased: wrong, or nothing waits to go there any more."""
    return refund.status is RefundStatus.NEEDS_ACCOUNT or not account_is_wanted(payment, [*others, refund])
