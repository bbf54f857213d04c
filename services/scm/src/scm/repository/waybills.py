"""Whether a waybill number is on other goods already."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 0))")
_ELSEWHERE = text(
    "SELECT o.order_number FROM parcels p JOIN shipments o ON o.id = p.shipment_id"
    " LEFT JOIN shipment_contacts theirs ON theirs.order_id = o.order_id"
    " LEFT JOIN shipment_contacts ours ON ours.order_id = :order_id"
    " WHERE p.carrier = :carrier AND p.waybill = :waybill AND p.shipment_id <> :shipment_id AND p.shipped_at > :since"
    " AND (theirs.phone, theirs.zonecode, theirs.road_address, theirs.detail)"
    "  IS DISTINCT FROM (ours.phone, ours.zonecode, ours.road_address, ours.detail)"
    " LIMIT 1"
)


async def other_door(
    connection: AsyncConnection, *, carrier: str, waybill: str, shipment_id: UUID, order_id: UUID, since: datetime
) -> str | None:
    """The number of an order to another door that bears this waybill since `since`.

    Two orders to one door may travel in one box. Holds everybody else off this number until the transaction ends.
    """
    await connection.execute(_LOCK, {"number": f"{carrier}:{waybill}"})
    found: str | None = await connection.scalar(
        _ELSEWHERE,
        {
            "carrier": carrier,
            "waybill": waybill,
            "shipment_id": shipment_id,
            "order_id": order_id,
            "since": since,
        },
    )
    return found
