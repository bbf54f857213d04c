"""Which parcels to ask the tracking API for, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.domain.tracking import TrackEvent
from scm.tables import parcel_tracking

# Taken parcels are out of everybody else's reach for a while, so a crash in between only delays them.
_TAKE = text(
    "UPDATE parcel_tracking t SET next_at = :held_until FROM parcels p JOIN shipments s ON s.id = p.shipment_id"
    " WHERE p.id = t.parcel_id AND t.parcel_id IN ("
    "  SELECT parcel_id FROM parcel_tracking WHERE next_at <= :now ORDER BY next_at LIMIT :limit"
    "  FOR UPDATE SKIP LOCKED)"
    " RETURNING t.parcel_id, t.misses, p.shipment_id, p.carrier, p.waybill, p.status, p.shipped_at, s.requested_at"
)


@dataclass(frozen=True)
class Watched:
    parcel_id: UUID
    shipment_id: UUID
    carrier: str
    waybill: str
    arrived: bool
    shipped_at: datetime
    requested_at: datetime
    misses: int


async def take_due(connection: AsyncConnection, now: datetime, hold: timedelta, limit: int) -> list[Watched]:
    rows = await connection.execute(_TAKE, {"now": now, "held_until": now + hold, "limit": limit})
    return [
        Watched(
            row.parcel_id, row.shipment_id, row.carrier, row.waybill, row.status == "delivered", row.shipped_at,
            row.requested_at, row.misses,
        )
        for row in rows
    ]  # fmt: skip


async def note(
    connection: AsyncConnection,
    parcel_id: UUID,
    *,
    next_at: datetime | None,
    misses: int,
    now: datetime,
    events: tuple[TrackEvent, ...] | None = None,
) -> None:
    """`events` None keeps those known."""
    values: dict[str, Any] = {"next_at": next_at, "misses": misses, "checked_at": now}
    if events is not None:
        values["events"] = [
            {"time": event.time.isoformat(), "code": event.code} for event in events if event.time is not None
        ]
    await connection.execute(update(parcel_tracking).where(parcel_tracking.c.parcel_id == parcel_id).values(**values))


async def events_of(connection: AsyncConnection, parcel_ids: list[UUID]) -> dict[UUID, list[dict[str, str]]]:
    """Time and code of what happened to each parcel, oldest first."""
    rows = await connection.execute(
        select(parcel_tracking.c.parcel_id, parcel_tracking.c.events).where(parcel_tracking.c.parcel_id.in_(parcel_ids))
    )
    return {row.parcel_id: row.events for row in rows}
