"""Gifts go with what they were given for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from orders.domain.order import Line, Order


def with_gifts(order: Order, wanted: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """`wanted` units, and all that is open of each gift of which nothing that earned it would be left.

    A gift for a line goes with the last unit of its lines, a gift for the order with the order's last unit.
    """
    taken = dict(wanted)
    for gift in order.lines:
        if gift.is_gift and gift.open and gift.line_id not in taken and _unearned(order, gift, taken):
            taken[gift.line_id] = gift.open
    return list(taken.items())


def _unearned(order: Order, gift: Line, taken: dict[UUID, int]) -> bool:
    earned_by = [
        line for line in order.lines if not line.is_gift and (not gift.gift_of or line.line_id in gift.gift_of)
    ]
    return bool(earned_by) and all(line.open == taken.get(line.line_id, 0) for line in earned_by)
