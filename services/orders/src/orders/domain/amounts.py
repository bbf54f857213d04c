"""Exact splitting of a line's money over its units, so that what comes back bit by bit sums to what was paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amounts:
    """Minor units of the order's currency. `vat` and `tax_free` are parts of `amount`, not additions to it."""

    amount: int = 0
    vat: int = 0
    tax_free: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.amount + other.amount, self.vat + other.vat, self.tax_free + other.tax_free)

    @classmethod
    def total(cls, parts: Iterable[Amounts]) -> Amounts:
        whole = cls()
        for part in parts:
            whole += part
        return whole


NOTHING = Amounts()


def share(total: int, units: int, first: int, count: int) -> int:
    """What `count` units cost, counted from the unit at `first` (0-based), of `units` that cost `total` together.

    Largest remainder over equal weights: the earlier units carry the odd minor units. The shares of neighbouring runs
    add up, so all units together always cost exactly `total`.
    """
    base, odd = divmod(total, units)

    def up_to(unit: int) -> int:
        return base * unit + min(unit, odd)

    return up_to(first + count) - up_to(first)


def share_of(whole: Amounts, units: int, first: int, count: int) -> Amounts:
    return Amounts(
        share(whole.amount, units, first, count),
        share(whole.vat, units, first, count),
        share(whole.tax_free, units, first, count),
    )
