"""What happened to the wish for another option."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from orders.commands import ShelfUnits
from orders.domain.facts import Fact, not_there
from orders.domain.option import OptionChange


@dataclass(frozen=True, slots=True)
class OptionFact(Fact, ABC):
    change: OptionChange

    @property
    def once(self) -> str:
        return f"{self.name}:{self.change.change_id}"

    @property
    def what(self) -> str:
        return f"{self.change.quantity} × {self.change.sku} → {self.change.new_sku}"


@dataclass(frozen=True, slots=True)
class OptionChangeRequested(OptionFact):
    name: ClassVar[str] = "order-option-change-requested"

    @property
    def story(self) -> str:
        return f"another option was asked for: {self.what}; the centre is asked whether it can still be packed"


@dataclass(frozen=True, slots=True)
class OptionChanged(OptionFact):
    """`amount`: what the units cost, before and after."""

    name: ClassVar[str] = "order-option-changed"
    amount: int
    short: tuple[ShelfUnits, ...] = ()

    @property
    def story(self) -> str:
        return f"the option was changed: {self.what}{not_there(self.short)}"


@dataclass(frozen=True, slots=True)
class OptionChangeRefused(OptionFact):
    name: ClassVar[str] = "order-option-change-refused"

    @property
    def story(self) -> str:
        return f"the option stays: {self.what} was refused ({self.change.refused_because})"
