"""Sending an order elsewhere before it leaves. The address itself is personal data and never comes here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from orders.commands import ChangeAddress, SettleAddressChange
from orders.domain.cancelling import TOO_LATE
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.order import Order


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


def change_address(order: Order, command: ChangeAddress) -> Decision:
    """The goods go where they went before until scm says that they do not. The shipping fee stays what it was."""
    if (refusal := TOO_LATE.get(order.status)) is not None:
        raise refusal(f"the order is {order.status}: its goods cannot be sent elsewhere any more")
    return Decision(order, (AddressChangeRequested(command.change_id, actor=command.actor),))


def settle_address_change(order: Order, command: SettleAddressChange) -> Decision:
    """Whatever the order has become meanwhile: the centre's word says where the goods went."""
    decided = AddressChangeDecided(command.change_id, command.accepted, command.reason, actor="scm")
    return Decision(order, (decided,))
