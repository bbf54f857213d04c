"""Sets: a SKU made of SKUs. It has no units of its own; whatever happens to it happens to its parts.

A SKU's parts never change, so orders of yesterday and of tomorrow mean the same units by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from catalog.commands import Quantities
from catalog.domain.stock import Move, Reason
from catalog.errors import SetInvalid

MAX_PARTS = 20
MAX_PART_UNITS = 999

Recipes = Mapping[str, Mapping[str, int]]
"""The parts of one unit of a set, by the set's SKU. A SKU that is not in it stands for itself."""


def check_parts(sku: str, parts: Iterable[tuple[str, int]]) -> None:
    """Raises `SetInvalid` for parts that cannot be told apart or make no set."""
    units = list(parts)
    if not units:
        return
    names = [part for part, _ in units]
    if len(set(names)) != len(names) or sku in names:
        raise SetInvalid(f"the parts of {sku} are other SKUs, each named once", sku=sku)
    if len(units) > MAX_PARTS or any(not 1 <= quantity <= MAX_PART_UNITS for _, quantity in units):
        raise SetInvalid(f"a set has up to {MAX_PARTS} parts of 1 to {MAX_PART_UNITS} units", sku=sku)


def expand(units: Quantities, recipes: Recipes) -> dict[str, int]:
    """The units on the shelf that these lines need together."""
    needs: Counter[str] = Counter()
    for sku, quantity in units.items():
        for part, each in recipes.get(sku, {sku: 1}).items():
            needs[part] += quantity * each
    return dict(needs)


def expand_moves(moves: Iterable[Move], recipes: Recipes) -> tuple[Move, ...]:
    """The moves of the parts; those of one part for one reason are one move."""
    totals: dict[tuple[str, Reason], tuple[int, int]] = {}
    for move in moves:
        for part, each in recipes.get(move.sku, {move.sku: 1}).items():
            on_hand, reserved = totals.get((part, move.reason), (0, 0))
            totals[part, move.reason] = (on_hand + move.delta_on_hand * each, reserved + move.delta_reserved * each)
    return tuple(Move(sku, *deltas, reason) for (sku, reason), deltas in totals.items())


def buildable(parts: Mapping[str, int], available: Mapping[str, int]) -> int:
    """How many sets can be put together from so many units of each part."""
    return max(0, min(available.get(part, 0) // each for part, each in parts.items()))


def left_for(sku: str, units: Quantities, recipes: Recipes, available: Mapping[str, int]) -> int:
    """How many of a line can be had when all the other lines get theirs."""
    others = expand({other: quantity for other, quantity in units.items() if other != sku}, recipes)
    parts = recipes.get(sku, {sku: 1})
    return buildable(parts, {part: available.get(part, 0) - others.get(part, 0) for part in parts})
