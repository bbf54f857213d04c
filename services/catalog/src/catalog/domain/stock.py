"""Sellable units of a SKU, and what is worth telling about them.

`on_hand` counts units that were received and not sold yet: a unit leaves it when its order is paid, not when it leaves
the shelf. `reserved` of them wait for a payment. What is left is `available`. A pre-order adds units that are promised
before they come in; sold out of it, `on_hand` is negative by what is owed. Once it is closed nothing is available
before what it promised has come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from catalog.errors import CountBelowReserved


class Reason(StrEnum):
    """Why counters moved. Every movement has one."""

    RECEIVED = "received"
    COUNTED = "counted"
    RESERVED = "reserved"
    RELEASED = "released"
    EXPIRED = "expired"
    SOLD = "sold"
    RESTOCKED = "restocked"
    SHORTAGE = "shortage"


class Availability(StrEnum):
    IN_STOCK = "in_stock"
    LOW = "low"
    PRE_ORDER = "pre_order"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class Level:
    """The counters of one SKU. `preorder`: the limit of a pre-order while it is open."""

    sku: str
    mall_id: str
    on_hand: int
    reserved: int
    sold: int
    preorder: int = 0

    @property
    def available(self) -> int:
        """What can be promised now: never below nothing, whatever a pre-order promised before it closed."""
        return max(0, self.on_hand - self.reserved + self.preorder)


@dataclass(frozen=True, slots=True)
class Move:
    """A change of one SKU's counters that needs no permission: units given back or sold out of a reservation."""

    sku: str
    delta_on_hand: int
    delta_reserved: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """Units on hand changed, or the SKU became sold out or available again."""

    level: Level
    reason: str
    reference: str | None


def availability(units: int, low: int) -> Availability:
    """How a customer sees so many available units; up to `low` of them are few."""
    if units <= 0:
        return Availability.SOLD_OUT
    return Availability.LOW if units <= low else Availability.IN_STOCK


def worth_telling(
    before: Level, after: Level, reference: str | None, reason: Reason | None = None
) -> list[LevelChanged]:
    """What others hear of a move: nothing while units only pass between available and reserved."""
    if after.on_hand != before.on_hand:
        moved = reason or (Reason.SOLD if after.on_hand < before.on_hand else Reason.RESTOCKED)
        return [LevelChanged(after, moved, reference)]
    if before.available > 0 >= after.available:
        return [LevelChanged(after, "sold_out", reference)]
    if after.available > 0 >= before.available:
        return [LevelChanged(after, "available", reference)]
    return []


def not_there(moves: Iterable[Move], short: Mapping[str, int], levels: Mapping[str, Level]) -> tuple[Move, ...]:
    """Units that are given back, and that the centre does not have: they leave at once, so that nobody buys them.

    `levels` are those before. Never more leaves than is given back, so what others were promised stays theirs, and
    never more than is on hand then: units of a pre-order that never came in are no loss, they were only owed.
    """
    lost = []
    for move in moves:
        if move.reason is Reason.RESTOCKED and move.sku in levels:
            there = max(0, levels[move.sku].on_hand + move.delta_on_hand)
            if units := min(short.get(move.sku, 0), move.delta_on_hand, there):
                lost.append(Move(move.sku, -units, 0, Reason.SHORTAGE))
    return tuple(lost)


def count_difference(level: Level, *, counted: int, sold_not_shipped: int, on_hand_then: int) -> int:
    """By how much the units on hand are corrected after a physical count.

    A shelf also holds units that are sold and not shipped yet; staff says how many of the counted ones those were. The
    rest is compared with the books as they stood at the count, so sales since then do not count twice. Raises
    `CountBelowReserved` when the correction would break promises made to customers.
    """
    difference = counted - sold_not_shipped - on_hand_then
    if difference < 0 and level.available + difference < 0:
        raise CountBelowReserved(
            f"{level.reserved} units of {level.sku} are reserved; the count leaves {level.on_hand + difference}",
            sku=level.sku,
            reserved=level.reserved,
            on_hand_after=level.on_hand + difference,
        )
    return difference
