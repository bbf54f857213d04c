"""Money paid into an account that no order claims: more than was owed, or too little when the account is given up.

It is counted as soon as the provider shows it, so that every won received belongs to an order or is owed back.
Providers only give back what they sold, never what lies beyond it, so it goes back by a bank transfer that staff writes
down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from payments import errors
from payments.domain import facts, ledger
from payments.domain.payment import HELD, Decision, Payment

SHORT, SURPLUS, GONE = "deposit_short", "surplus_owed", "surplus_gone"


@dataclass(frozen=True, slots=True)
class Transfer:
    """So much sent back from an account of ours. `reference` is the bank's name of it, and names it here for ever."""

    amount: int
    reference: str
    transferred_on: date


def counted(before: Payment, decision: Decision, deposited: int | None) -> Decision:
    """The decision, with what the account holds beyond what the order claims. `deposited`: None changes nothing."""
    after = decision.payment
    if deposited is None:
        return decision
    beyond = deposited - (after.amount if after.status in HELD else 0)
    return _now_beyond(before, decision, beyond)


def taken_back(before: Payment, decision: Decision) -> Decision:
    """The bank took all of it back. What we had sent back before is lost, and for a person to see to."""
    return _now_beyond(before, decision, 0)


def told(before: Payment, decision: Decision) -> Decision:
    """Adds that the deposit differs, once for each sum: while the rest is awaited, and when it is to go back."""
    after = decision.payment
    if after.returnable > 0 and after.returnable != before.returnable:
        after = replace(after, attention=SURPLUS)
    elif after.surplus and not after.returnable and after.surplus != before.surplus and after.status not in HELD:
        after = replace(after, attention=SHORT)
    else:
        return decision
    return replace(decision, payment=after, facts=(*decision.facts, facts.DepositDiffers(after)))


def sent_back(payment: Payment, transfer: Transfer) -> Decision:
    """Raises `SurplusExceeded`."""
    if transfer.amount > payment.returnable:
        raise errors.SurplusExceeded("so much is not owed", owed=payment.returnable)
    after = replace(payment, surplus_returned=payment.surplus_returned + transfer.amount)
    if not after.returnable and after.attention == SURPLUS:
        after = replace(after, attention=None)
    return Decision(
        after, (facts.SurplusSentBack(after, transfer.amount),), (ledger.surplus_returned(payment, transfer),)
    )


def _now_beyond(before: Payment, decision: Decision, beyond: int) -> Decision:
    after = decision.payment
    least = after.surplus_returned
    if beyond < least:
        after = replace(after, attention=GONE)
    after = replace(after, surplus=max(beyond, least))
    if after.surplus == least and after.attention in (SHORT, SURPLUS):
        after = replace(after, attention=None)
    delta = after.surplus - before.surplus
    journals = (ledger.surplus_counted(before, delta),) if delta else ()
    return replace(decision, payment=after, journals=(*decision.journals, *journals))
