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
    back.
    """
    if (refusal := TOO_LATE.get(order.status)) is not None:
        raise refusal(f"the order is {order.status}: its goods cannot be sent elsewhere any more")
    paid = Decision(order)
    if command.surcharge > 0:
        if command.surcharge_paid_by is None:
            owed = {"amount": command.surcharge, "currency": order.currency}
            raise errors.SurchargeDue(
                f"sending it there costs {command.surcharge} {order.currency} more: the shop takes the money first and"
                " changes the address then; an order that is not paid can be cancelled and placed anew",
                surcharge=owed,
            )
        due = Charge("surcharge", command.change_id, command.surcharge, command.surcharge_paid_by, "kept", now)
        paid = charging.settle(order, due, command.actor)
    return paid.then(paid.order, (AddressChangeRequested(command.change_id, actor=command.actor),))


def settle_address_change(order: Order, command: SettleAddressChange, now: datetime) -> Decision:
    """Whatever the order has become meanwhile: the centre's word says where the goods went."""
    decided = AddressChangeDecided(command.change_id, command.accepted, command.reason, actor="scm")
    settled = Decision(order, (decided,))
    if command.accepted:
        return settled
    owed = charging.owe_back(order, command.change_id, now)
    return settled.then(owed.order, owed.facts)
