"""The parcels of shipments. Changed only under the lock of their shipment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.domain.parcel import Packed, Parcel, ParcelStatus
from scm.tables import parcel_lines, parcel_tracking, parcels, shipment_lines


async def save(
    connection: AsyncConnection, shipment_id: UUID, before: Sequence[Parcel], after: Sequence[Parcel]
) -> None:
    """Writes what differs; a new parcel is to be tracked from now on."""
    known = {parcel.id: parcel for parcel in before}
    for place, parcel in enumerate(after):
        if parcel.id not in known:
            await _add_parcel(connection, shipment_id, parcel, place)
        elif parcel != known[parcel.id]:
            await connection.execute(
                update(parcels)
                .where(parcels.c.id == parcel.id)
                .values(status=parcel.status.value, delivered_at=parcel.delivered_at)
            )


async def _add_parcel(connection: AsyncConnection, shipment_id: UUID, parcel: Parcel, place: int) -> None:
    await connection.execute(
        insert(parcels).values(
            id=parcel.id,
            shipment_id=shipment_id,
            place=place,
            carrier=parcel.carrier,
            waybill=parcel.waybill,
            status=parcel.status.value,
            shipped_at=parcel.shipped_at,
            delivered_at=parcel.delivered_at,
            told_by=parcel.told_by,
        )
    )
    await connection.execute(
        insert(parcel_lines),
        [
            {"parcel_id": parcel.id, "line_id": unit.line_id, "sku": unit.sku, "quantity": unit.quantity}
            for unit in parcel.lines
        ],
    )
    await connection.execute(insert(parcel_tracking).values(parcel_id=parcel.id, next_at=parcel.shipped_at))


async def of_shipments(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[Parcel]]:
    """In the order in which they left, by shipment."""
    packed: dict[UUID, list[Packed]] = defaultdict(list)
    rows = (
        await connection.execute(select(parcels).where(parcels.c.shipment_id.in_(ids)).order_by(parcels.c.place))
    ).all()
    if rows:
        contents = await connection.execute(
            select(parcel_lines, shipment_lines.c.place)
            .join(parcels, parcels.c.id == parcel_lines.c.parcel_id)
            .join(
                shipment_lines,
                (shipment_lines.c.shipment_id == parcels.c.shipment_id)
                & (shipment_lines.c.line_id == parcel_lines.c.line_id),
            )
            .where(parcels.c.shipment_id.in_(ids))
            .order_by(shipment_lines.c.place)
        )
        for unit in contents:
            packed[unit.parcel_id].append(Packed(unit.line_id, unit.sku, unit.quantity))
    made: dict[UUID, list[Parcel]] = defaultdict(list)
    for row in rows:
        made[row.shipment_id].append(
            Parcel(
                row.id, row.carrier, row.waybill, tuple(packed[row.id]), row.shipped_at, ParcelStatus(row.status),
                row.delivered_at, row.told_by,
            )
        )  # fmt: skip
    return made
