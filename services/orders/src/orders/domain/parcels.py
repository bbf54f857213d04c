"""What has left and what has arrived of an order, parcel by parcel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from orders.commands import NoteShipment, Units

Progress = Literal["nothing_shipped", "partly_shipped", "shipped", "partly_delivered", "delivered"]

# News of one parcel may come late or twice; it never takes the parcel back.
_RANK = {"shipped": 1, "in_transit": 2, "delivered": 3}


@dataclass(frozen=True, slots=True)
class Parcel:
    """`shipment_id` is scm's name for it; `status` the furthest it was seen at. `claim_id`: what is in it was sent in
    exchange, of units that were counted before.
    """

    shipment_id: UUID
    status: str
    lines: tuple[Units, ...]
    claim_id: UUID | None = None
    delivered_at: datetime | None = None


def with_news(parcels: tuple[Parcel, ...], news: NoteShipment) -> tuple[Parcel, ...]:
    """What has not left is no parcel yet."""
    if news.status not in _RANK or not news.lines:
        return parcels
    parcel = Parcel(news.shipment_id, news.status, news.lines, news.claim_id)
    if news.status == "delivered":
        parcel = replace(parcel, delivered_at=news.occurred_at)
    known = next((each for each in parcels if each.shipment_id == news.shipment_id), None)
    if known is None:
        return (*parcels, parcel)
    if _RANK[known.status] >= _RANK[news.status]:
        return parcels
    return tuple(parcel if each is known else each for each in parcels)


def units_of(parcels: Iterable[Parcel], line_id: UUID, *, delivered: bool) -> int:
    """Units of the line as it was bought that have left, or that have arrived."""
    return sum(
        units.quantity
        for parcel in parcels
        if parcel.claim_id is None and (not delivered or parcel.status == "delivered")
        for units in parcel.lines
        if units.line_id == line_id
    )


def progress(wanted: int, shipped: int, delivered: int) -> Progress:
    """Of `wanted` units that were not cancelled."""
    if not shipped:
        return "nothing_shipped"
    if delivered:
        return "delivered" if delivered >= wanted else "partly_delivered"
    return "shipped" if shipped >= wanted else "partly_shipped"
