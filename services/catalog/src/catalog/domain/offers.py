"""What is true of a variant only for a time: a sale price, a pre-order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from catalog.commands import OpenPreorder, SetSale
from catalog.errors import PreorderInvalid, PriceInvalid


@dataclass(frozen=True, slots=True)
class Sale:
    """A lower price from `starts_at` until `ends_at` (None: until it is taken off).

    `running` is a fact and not a reckoning: it turns when the change is told, so that everybody's price turns with it.
    """

    price: int
    starts_at: datetime
    ends_at: datetime | None
    running: bool = False

    @property
    def turns_at(self) -> datetime | None:
        """When something is to be done about it next."""
        return self.ends_at if self.running else self.starts_at


@dataclass(frozen=True, slots=True)
class Preorder:
    """Sold before it comes out. `limit`: so many units may be promised beyond those on hand."""

    release_at: datetime
    limit: int


def sale_of(command: SetSale, regular: int, now: datetime) -> Sale:
    """The sale as it stands now. Raises `PriceInvalid` for one that is no bargain or is over before it begins."""
    starts_at = command.starts_at or now
    if not 0 <= command.price < regular:
        raise PriceInvalid("a sale price is below the price")
    if command.ends_at is not None and command.ends_at <= max(starts_at, now):
        raise PriceInvalid("a sale ends after it starts, and not in the past")
    return Sale(command.price, starts_at, command.ends_at, running=starts_at <= now)


def turn(sale: Sale | None, now: datetime) -> Sale | None:
    """The sale as it is at that moment; None when it is over. One that nobody started in its time never ran."""
    if sale is None or (sale.ends_at is not None and sale.ends_at <= now):
        return None
    return replace(sale, running=True) if sale.starts_at <= now and not sale.running else sale


def preorder_of(command: OpenPreorder, now: datetime) -> Preorder:
    """Raises `PreorderInvalid` when its time is over."""
    if command.release_at <= now:
        raise PreorderInvalid("a pre-order is released in the future")
    return Preorder(command.release_at, command.limit)
