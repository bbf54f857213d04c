"""Shipments with their lines and parcels. Whoever changes one holds the lock of its row in `shipments`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.domain.parcel import Parcel
from scm.domain.shipment import Line, Shipment, Stage, Status
from scm.errors import ShipmentNotFound
from scm.repository import parcels as boxes
from scm.tables import shipment_contacts, shipment_lines, shipments


@dataclass(frozen=True)
class Wanted:
    """Which shipments a list shows. `offered`: only those whose address is known and whose goods are out."""

    centre: str | None = None
    statuses: tuple[Status, ...] = ()
    mall_id: str | None = None
    order_number: str | None = None
    attention: bool = False
    offered: bool = False
    after: UUID | None = None
    limit: int = 50


async def add(connection: AsyncConnection, shipment: Shipment, now: datetime) -> bool:
    """False, and nothing written, when the order, or the claim, has its request already."""
    made = await connection.execute(
        upsert(shipments)
        .values(
            id=shipment.id,
            order_id=shipment.order_id,
            order_number=shipment.order_number,
            mall_id=shipment.mall_id,
            claim_id=shipment.claim_id,
            requested_at=shipment.requested_at,
            placed_at=shipment.placed_at,
            updated_at=now,
            **_changing(shipment),
        )
        .on_conflict_do_nothing()
        .returning(shipments.c.id)
    )
    if made.first() is None:
        return False
    rows = [
        {
            "shipment_id": shipment.id,
            "line_id": line.line_id,
            "place": place,
            "sku": line.sku,
            "product_name": line.product_name,
            "variant_name": line.variant_name,
            "quantity": line.quantity,
            "cancelled": line.cancelled,
        }
        for place, line in enumerate(shipment.lines)
    ]
    await connection.execute(insert(shipment_lines), rows)
    return True


async def lock(connection: AsyncConnection, shipment_id: UUID, *, centre: str | None = None) -> Shipment:
    """`centre`: it must be that centre's and offered to it. Raises `ShipmentNotFound`."""
    query = select(shipments).where(shipments.c.id == shipment_id)
    if centre is not None:
        query = query.where(shipments.c.centre == centre, _offered())
    found = await _locked(connection, query)
    if found is None:
        raise ShipmentNotFound("there is no such shipment request")
    return found


async def lock_order(connection: AsyncConnection, order_id: UUID, claim_id: UUID | None = None) -> Shipment | None:
    """The order's own goods, or what is sent in exchange by that claim."""
    return await _locked(connection, _of(order_id, claim_id))


async def _locked(connection: AsyncConnection, query: Select[Any]) -> Shipment | None:
    row = (await connection.execute(query.with_for_update())).one_or_none()
    return None if row is None else (await load(connection, [row]))[0]


async def of_order(connection: AsyncConnection, order_id: UUID) -> Shipment | None:
    """The order's own goods, not what was sent in exchange."""
    row = (await connection.execute(_of(order_id, None))).one_or_none()
    return None if row is None else (await load(connection, [row]))[0]


async def all_of_order(connection: AsyncConnection, order_id: UUID) -> list[Shipment]:
    """The order's own goods, then what was sent in exchange, oldest first."""
    query = select(shipments).where(shipments.c.order_id == order_id).order_by(shipments.c.requested_at, shipments.c.id)
    return await load(connection, (await connection.execute(query)).all())


def _of(order_id: UUID, claim_id: UUID | None) -> Select[Any]:
    return select(shipments).where(shipments.c.order_id == order_id, shipments.c.claim_id == claim_id)


async def page(connection: AsyncConnection, wanted: Wanted) -> list[tuple[Shipment, str | None]]:
    """Oldest first, each with what somebody should look at."""
    query = select(shipments).order_by(shipments.c.id).limit(wanted.limit)
    if wanted.centre is not None:
        query = query.where(shipments.c.centre == wanted.centre)
    if wanted.statuses:
        query = query.where(shipments.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.mall_id is not None:
        query = query.where(shipments.c.mall_id == wanted.mall_id)
    if wanted.order_number is not None:
        query = query.where(shipments.c.order_number == wanted.order_number)
    if wanted.attention:
        # An index for either; `_attention` tells why.
        query = query.where(or_(shipments.c.attention.is_not(None), shipments.c.status == Status.REJECTED.value))
    if wanted.offered:
        query = query.where(_offered())
    if wanted.after is not None:
        query = query.where(shipments.c.id > wanted.after)
    rows = (await connection.execute(query)).all()
    loaded = await load(connection, rows)
    return [(shipment, _attention(shipment, row)) for shipment, row in zip(loaded, rows, strict=True)]


async def find(connection: AsyncConnection, shipment_id: UUID, *, centre: str | None) -> tuple[Shipment, str | None]:
    """Raises `ShipmentNotFound`, also for another centre's."""
    query = select(shipments).where(shipments.c.id == shipment_id)
    if centre is not None:
        query = query.where(shipments.c.centre == centre, _offered())
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise ShipmentNotFound("there is no such shipment request")
    (shipment,) = await load(connection, [row])
    return shipment, _attention(shipment, row)


async def save(connection: AsyncConnection, before: Shipment, after: Shipment, now: datetime) -> None:
    """Writes what differs. The caller holds the lock under which `before` was read."""
    if after == before:
        return
    await connection.execute(
        update(shipments).where(shipments.c.id == after.id).values(updated_at=now, attention=None, **_changing(after))
    )
    was = {line.line_id: line for line in before.lines}
    for line in after.lines:
        if line != was[line.line_id]:
            await connection.execute(
                update(shipment_lines)
                .where(shipment_lines.c.shipment_id == after.id, shipment_lines.c.line_id == line.line_id)
                .values(
                    sku=line.sku,
                    variant_name=line.variant_name,
                    cancelled=line.cancelled,
                    shipped=line.shipped,
                    changed_at=line.changed_at,
                )
            )
    await boxes.save(connection, after.id, before.parcels, after.parcels)


async def note(connection: AsyncConnection, shipment_id: UUID, attention: str) -> None:
    """For somebody to look at, until the next step clears it."""
    await connection.execute(update(shipments).where(shipments.c.id == shipment_id).values(attention=attention))


async def load(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Shipment]:
    """The shipments of rows of `shipments`, in their order: three queries, however many there are."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    lines: dict[UUID, list[Line]] = defaultdict(list)
    found = await connection.execute(
        select(shipment_lines).where(shipment_lines.c.shipment_id.in_(ids)).order_by(shipment_lines.c.place)
    )
    for row in found:
        lines[row.shipment_id].append(
            Line(
                row.line_id,
                row.sku,
                row.product_name,
                row.variant_name,
                row.quantity,
                row.cancelled,
                row.shipped,
                row.changed_at,
            )
        )
    packed = await boxes.of_shipments(connection, ids)
    return [_shipment(row, tuple(lines[row.id]), tuple(packed[row.id])) for row in rows]


def _attention(shipment: Shipment, row: Row[Any]) -> str | None:
    return "; ".join(filter(None, (shipment.refusal, row.attention))) or None


def _changing(shipment: Shipment) -> dict[str, Any]:
    return {
        "centre": shipment.centre,
        "stage": shipment.stage.value,
        "status": shipment.status.value,
        "revision": shipment.revision,
        "reason": shipment.reason,
        "held_until": shipment.held_until,
        "release_at": shipment.release_at,
        "short": dict(shipment.short),
        "said_short": dict(shipment.said_short),
    }


def _shipment(row: Row[Any], lines: tuple[Line, ...], parcels: tuple[Parcel, ...]) -> Shipment:
    return Shipment(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        mall_id=row.mall_id,
        centre=row.centre,
        lines=lines,
        requested_at=row.requested_at,
        stage=Stage(row.stage),
        parcels=parcels,
        reason=row.reason,
        revision=row.revision,
        claim_id=row.claim_id,
        placed_at=row.placed_at,
        held_until=row.held_until,
        release_at=row.release_at,
        short=tuple(row.short.items()),
        said_short=tuple(row.said_short.items()),
    )


def _offered() -> Any:
    known = select(1).where(shipment_contacts.c.order_id == shipments.c.order_id).exists()
    return and_(known, shipments.c.held_until.is_(None))
