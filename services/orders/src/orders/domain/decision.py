"""The answer of every function that decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orders.domain.facts import Fact
from orders.domain.order import Order


@dataclass(frozen=True, slots=True)
class Decision:
    """What an order becomes, and what happened on the way. No facts: nothing happened."""

    order: Order
    facts: tuple[Fact, ...] = ()

    def then(self, order: Order, facts: Iterable[Fact]) -> Decision:
        return Decision(order, (*self.facts, *facts))
