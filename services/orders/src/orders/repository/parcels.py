"""The parcels of an order, as far as orders has heard of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.commands import Units
from orders.domain import Parcel

_PARCEL = tables.order_parcels


async def load(connection: AsyncConnection, order_ids: Sequence[UUID]) -> dict[UUID, list[Parcel]]:
    """In the order in which they were heard of."""
    found: dict[UUID, list[Parcel]] = {order_id: [] for order_id in order_ids}
    if not order_ids:
        return found
    wanted = select(_PARCEL).where(_PARCEL.c.order_id.in_(order_ids)).order_by(_PARCEL.c.order_id, _PARCEL.c.position)
    for row in await connection.execute(wanted):
        lines = tuple(Units(UUID(line["line_id"]), line["quantity"]) for line in row.lines)
        found[row.order_id].append(Parcel(row.shipment_id, row.status, lines, row.claim_id, row.delivered_at))
    return found


async def save(connection: AsyncConnection, order_id: UUID, before: Sequence[Parcel], after: Sequence[Parcel]) -> None:
    """Writes what is new or further."""
    for place, parcel in enumerate(after):
        if place < len(before) and before[place] == parcel:
            continue
        values = {
            "order_id": order_id,
            "shipment_id": parcel.shipment_id,
            "position": place,
            "status": parcel.status,
            "lines": [{"line_id": str(units.line_id), "quantity": units.quantity} for units in parcel.lines],
            "claim_id": parcel.claim_id,
            "delivered_at": parcel.delivered_at,
        }
        written = insert(_PARCEL).values(values)
        changed = {name: values[name] for name in ("status", "lines", "delivered_at")}
        await connection.execute(
            written.on_conflict_do_update(index_elements=["order_id", "shipment_id"], set_=changed)
        )
