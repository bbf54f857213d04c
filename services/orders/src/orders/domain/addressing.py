"""Sending an order elsewhere before it leaves. The address itself is personal data and never comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from orders import errors
from orders.commands import ChangeAddress, SettleAddressChange
from orders.domain import charging
from orders.domain.cancelling import TOO_LATE
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.order import Charge, Order


@dataclass(frozen=True, slots=True)
class AddressChangeRequested(Fact):
    name: ClassVar[str] = "order-address-change-requested"
    change_id: UUID

    @property
    def story(self) -> str:
        return "another address was asked for; the centre is asked whether the goods can still go there"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.change_id}"


@dataclass(frozen=True, slots=True)
class AddressChangeDecided(Fact):
    name: ClassVar[str] = "order-address-change-decided"
    change_id: UUID
    accepted: bool
    reason: str | None

    @property
    def story(self) -> str:
        if self.accepted:
            return "the goods go to the new address"
        return f"the goods go to the old address: {self.reason or 'the centre could not be told'}"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.change_id}"


def change_address(order: Order, command: ChangeAddress, now: datetime) -> Decision:
    """The goods go where they went before until scm says that they do not.

    The order costs what it cost. What a farther place costs more is paid apart and first; a nearer one gives nothing
    back, and what was paid for a far place before counts. Money for a place that the centre may still refuse does not:
    it would go back, and the goods would be sent to another such place for nothing.
    """
    if (refusal := TOO_LATE.get(order.status)) is not None:
        raise refusal(f"the order is {order.status}: its goods cannot be sent elsewhere any more")
    paid = Decision(order)
    if due := _surcharge_due(order, command):
        if command.surcharge_paid_by is None:
            owed = {"amount": due, "currency": order.currency}
            raise errors.SurchargeDue(
                f"sending it there costs {due} {order.currency} more: the shop takes the money first and"
                " changes the address then; an order that is not paid can be cancelled and placed anew",
                surcharge=owed,
            )
        charge = Charge("surcharge", command.change_id, due, command.surcharge_paid_by, "kept", now)
        paid = charging.settle(order, charge, command.actor)
    return paid.then(paid.order, (AddressChangeRequested(command.change_id, actor=command.actor),))


def _surcharge_due(order: Order, command: ChangeAddress) -> int:
    """What the place costs beyond the most that is settled. Raises `AddressChangePending` while that is not known."""
    kept = [charge for charge in order.charges if charge.what == "surcharge" and charge.status == "kept"]
    paid = order.surcharge_amount + sum(charge.amount for charge in kept if charge.subject not in command.pending)
    due = max(0, command.surcharge - max(command.surcharge_now, paid))
    if due and any(charge.subject in command.pending for charge in kept):
        raise errors.AddressChangePending(
            "the surcharge for an address asked for before is settled, and the centre has not said yet whether the"
            " goods go there: ask again when it has"
        )
    return due


def settle_address_change(order: Order, command: SettleAddressChange, now: datetime) -> Decision:
    """Whatever the order has become meanwhile: the centre's word says where the goods went."""
    decided = AddressChangeDecided(command.change_id, command.accepted, command.reason, actor="scm")
    settled = Decision(order, (decided,))
    if command.accepted:
        return settled
    owed = charging.owe_back(order, command.change_id, now)
    return settled.then(owed.order, owed.facts)
