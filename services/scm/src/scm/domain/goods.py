"""What catalog tells of the SKUs that orders name: what a set is made of, and when a pre-order comes out.

An order with a pre-order waits as a whole, until the last of its units may leave: the customer paid for one parcel, and
whoever wants the rest earlier orders it apart or cancels the pre-order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scm.domain.parcel import Packed
from scm.domain.shipment import Shipment, Stage


@dataclass(frozen=True)
class Part:
    """So many units of a SKU are in one unit of a set."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class Goods:
    """A SKU of the catalogue. What is sold from `preorder_since` on is not sent before `release_at`.

    `parts`: it is a set, and lies nowhere by itself. They never change.
    """

    sku: str
    parts: tuple[Part, ...] = ()
    release_at: datetime | None = None
    preorder_since: datetime | None = None


Known = Mapping[str, Goods]


def names(skus: Iterable[str], known: Known) -> set[str]:
    """The SKUs themselves and those of their parts."""
    return {name for sku in skus for name in (sku, *(part.sku for part in _parts(sku, known)))}


def picked(units: Iterable[Packed], known: Known) -> tuple[tuple[str, int], ...]:
    """What is taken off the shelves for them, by SKU: for a set, its parts."""
    found: dict[str, int] = {}
    for unit in units:
        for part in _parts(unit.sku, known) or (Part(unit.sku, 1),):
            found[part.sku] = found.get(part.sku, 0) + part.quantity * unit.quantity
    return tuple(found.items())


def held(shipment: Shipment, known: Known, now: datetime, patience: timedelta) -> Shipment:
    """The shipment as it must wait now. A SKU that nobody told of yet is waited for, but not longer than `patience`."""
    if not shipment.left or shipment.stage is Stage.ACCEPTED:
        return shipment.to(held_until=None, release_at=None)
    skus = {unit.sku for unit in shipment.open_units}
    releases = [
        goods.release_at
        for line in shipment.lines
        if line.left
        for name in names([line.sku], known)
        if (goods := known.get(name))
        and goods.release_at
        and _before_release(line.changed_at or shipment.placed_at or shipment.requested_at, goods, now)
    ]
    release_at = max(releases, default=None)
    given_up_at = shipment.requested_at + patience
    waits = [release_at] if release_at else []
    if skus - known.keys() and given_up_at > now:
        waits.append(given_up_at)
    return shipment.to(held_until=max(waits, default=None), release_at=release_at)


def _before_release(ordered_at: datetime, goods: Goods, now: datetime) -> bool:
    """What was ordered before the pre-order began was sold from the shelf. An option is ordered when asked for."""
    if goods.release_at is None or goods.preorder_since is None or goods.release_at <= now:
        return False
    return ordered_at >= goods.preorder_since


def _parts(sku: str, known: Known) -> tuple[Part, ...]:
    goods = known.get(sku)
    return goods.parts if goods else ()
