"""What a customer owes apart from the order: the two ways of an exchange, and what a farther place costs more.

No refund is due that it could be taken off, and the payment of the order is over. So it is paid to the mall's own
account before anything moves, and staff notes that it came, or waives it. Where nothing comes of it, it is owed back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from orders import errors
from orders.commands import ChargeFor, NoteChargeReturned, PaidBy
from orders.domain.claim import Claim
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.order import Charge, Order

_WORDS: dict[ChargeFor, str] = {"exchange_fee": "an exchange", "surcharge": "a farther place"}


@dataclass(frozen=True, slots=True)
class ChargeSettled(Fact):
    """`amount` was owed; where it was waived nothing came."""

    name: ClassVar[str] = "charge-settled"
    what: ChargeFor
    subject: UUID
    amount: int
    currency: str
    paid_by: PaidBy

    @property
    def story(self) -> str:
        how = "were waived" if self.paid_by == "waived" else "were paid by bank transfer"
        return f"{self.amount} {self.currency} for {_WORDS[self.what]} {how}"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.subject}"


@dataclass(frozen=True, slots=True)
class ChargeOwed(Fact):
    name: ClassVar[str] = "charge-owed"
    charge: Charge
    currency: str

    @property
    def story(self) -> str:
        what = _WORDS[self.charge.what]
        return f"nothing came of {what}: the {self.charge.amount} {self.currency} paid for it go back, staff must act"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.charge.subject}"


@dataclass(frozen=True, slots=True)
class ChargeReturned(Fact):
    name: ClassVar[str] = "charge-returned"
    charge: Charge
    currency: str

    @property
    def story(self) -> str:
        return f"{self.charge.amount} {self.currency} paid for {_WORDS[self.charge.what]} were sent back"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.charge.subject}"


def exchange_fee(claim: Claim) -> int:
    """Both ways, where the customer changed their mind."""
    return 2 * claim.terms.return_fee_amount if claim.kind == "exchange" and claim.fault == "customer" else 0


def settle(order: Order, due: Charge, actor: str) -> Decision:
    """`due` has the amount that is owed, more than nothing, and how it was settled."""
    charge = replace(due, amount=0) if due.paid_by == "waived" else due
    told = ChargeSettled(due.what, due.subject, due.amount, order.currency, due.paid_by, actor=actor)
    return Decision(replace(order, charges=(*order.charges, charge)), (told,))


def owe_back(order: Order, subject: UUID, now: datetime) -> Decision:
    """Nothing came of what was paid for."""
    charge = next((each for each in order.charges if each.subject == subject and each.status == "kept"), None)
    if charge is None or not charge.amount:
        return Decision(order)
    owed = replace(charge, status="owed", since=now)
    return Decision(_with(order, owed), (ChargeOwed(owed, order.currency),))


def owe_far_places_back(order: Order, now: datetime) -> Decision:
    """The order is off, so it goes to no farther place."""
    owed = Decision(order)
    for charge in order.charges:
        if charge.what == "surcharge":
            back = owe_back(owed.order, charge.subject, now)
            owed = owed.then(back.order, back.facts)
    return owed


def note_returned(order: Order, command: NoteChargeReturned, now: datetime) -> Decision:
    charge = next((each for each in order.charges if each.subject == command.subject), None)
    if charge is not None and charge.status == "returned":  # repeated
        return Decision(order)
    if charge is None or charge.status != "owed":
        raise errors.NothingOwed("no money that was paid for this is owed back")
    returned = replace(charge, status="returned", since=now)
    return Decision(_with(order, returned), (ChargeReturned(returned, order.currency, actor=command.actor),))


def _with(order: Order, charge: Charge) -> Order:
    kept = tuple(charge if each.subject == charge.subject else each for each in order.charges)
    return replace(order, charges=kept)
