"""What a refund means for its payment and the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from payments.domain import facts, ledger
from payments.domain.payment import Decision, Payment
from payments.domain.refund import Refund, given_back
from payments.domain.status import PENDING, RefundStatus, Status


def promised(payment: Payment, refund: Refund) -> Decision:
    """A refund was asked for. One that cannot be given is for a person: orders will not ask twice."""
    if refund.status is RefundStatus.REFUSED:
        return Decision(
            replace(payment, attention="refund_refused"), (facts.RefundTurnedDown(payment, refund),), refunds=(refund,)
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
        said = facts.RefundTurnedDown(payment, refund)
        return Decision(replace(payment, attention="refund_refused"), (said,), (dropped,), (refund,))
    if refund.status is RefundStatus.NEEDS_ACCOUNT:
        return Decision(payment, (facts.AccountNeeded(payment, refund, again=True),), refunds=(refund,))
    if refund.status is not RefundStatus.DONE:
        return Decision(payment, refunds=(refund,))
    refunded = given_back(others) + refund.amount
    after = payment.to(Status.REFUNDED if refunded == payment.amount else Status.PARTLY_REFUNDED)
    return Decision(
        after, (facts.Refunded(after, refund, refunded),), (ledger.refund_paid(payment, refund),), (refund,)
    )


def account_is_used_up(payment: Payment, refund: Refund, others: Sequence[Refund]) -> bool:
    """Whether the customer's account can be erased: wrong, or no refund and no surplus waits to go there any more."""
    if refund.status is RefundStatus.NEEDS_ACCOUNT:
        return True
    return not payment.returnable and not any(known.status in PENDING for known in (refund, *others))
