"""Releases to the polled centre. Changed only under the lock of their shipment."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.domain.release import Release, ReleaseState
from scm.tables import cancels, releases, shipments

_OPEN = (ReleaseState.SENDING.value, ReleaseState.RELEASED.value)

_NEXT_TO_RELEASE = text(
    "SELECT s.id FROM shipments s JOIN shipment_contacts c USING (order_id)"
    " WHERE s.centre = :centre AND s.status = 'requested' AND s.held_until IS NULL AND c.erased_at IS NULL"
    " AND NOT EXISTS (SELECT FROM releases r WHERE r.shipment_id = s.id AND r.state IN ('sending', 'released'))"
    " ORDER BY s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED"
)


async def next_to_release(connection: AsyncConnection, centre: str) -> UUID | None:
    """Locks the oldest shipment that the centre should have and does not."""
    found: UUID | None = await connection.scalar(_NEXT_TO_RELEASE, {"centre": centre})
    return found


async def add(connection: AsyncConnection, release: Release, next_at: datetime, now: datetime) -> None:
    await connection.execute(
        insert(releases).values(
            id=release.id,
            shipment_id=release.shipment_id,
            number=release.number,
            order_no=release.order_no,
            ordered_on=release.ordered_on,
            state=release.state.value,
            attempts=release.attempts,
            next_at=next_at,
            created_at=now,
        )
    )


async def count(connection: AsyncConnection, shipment_id: UUID) -> int:
    found = await connection.scalar(
        select(func.count()).select_from(releases).where(releases.c.shipment_id == shipment_id)
    )
    return int(found or 0)


async def open_of(connection: AsyncConnection, shipment_id: UUID) -> Release | None:
    """The release the centre holds, or may hold."""
    row = (
        await connection.execute(
            select(releases).where(releases.c.shipment_id == shipment_id, releases.c.state.in_(_OPEN))
        )
    ).one_or_none()
    return None if row is None else _release(row)


async def due(connection: AsyncConnection, state: ReleaseState, now: datetime, limit: int) -> list[Release]:
    """Open releases in `state` whose next try has come, longest waiting first."""
    rows = await connection.execute(
        select(releases)
        .where(releases.c.state == state.value, releases.c.next_at <= now)
        .order_by(releases.c.next_at)
        .limit(limit)
    )
    return [_release(row) for row in rows]


async def to_stop(connection: AsyncConnection, now: datetime, limit: int) -> list[Release]:
    """Releases at the centre that a cancel waits for."""
    same = and_(
        shipments.c.order_id == cancels.c.order_id, shipments.c.claim_id.is_not_distinct_from(cancels.c.claim_id)
    )
    waiting = (
        select(1)
        .select_from(cancels.join(shipments, same))
        .where(shipments.c.id == releases.c.shipment_id, cancels.c.state == "pending")
        .exists()
    )
    rows = await connection.execute(
        select(releases)
        .where(releases.c.state == ReleaseState.RELEASED.value, releases.c.next_at <= now, waiting)
        .order_by(releases.c.next_at)
        .limit(limit)
    )
    return [_release(row) for row in rows]


async def state_of(connection: AsyncConnection, release_id: UUID) -> ReleaseState:
    found: str = (await connection.execute(select(releases.c.state).where(releases.c.id == release_id))).scalar_one()
    return ReleaseState(found)


async def window(connection: AsyncConnection, stopped_since: datetime) -> tuple[date, date] | None:
    """The first and the last day of the releases the centre works on, or may ship although it was to stop them."""
    row = (
        await connection.execute(
            select(func.min(releases.c.ordered_on), func.max(releases.c.ordered_on)).where(_watched(stopped_since))
        )
    ).one()
    return None if row[0] is None else (row[0], row[1])


async def by_order_numbers(
    connection: AsyncConnection, numbers: list[str], now: datetime, stopped_since: datetime
) -> dict[str, Release]:
    """The watched releases among these order numbers that are not put off."""
    rows = await connection.execute(
        select(releases).where(
            releases.c.order_no.in_(numbers),
            _watched(stopped_since),
            or_(releases.c.next_at <= now, releases.c.state == ReleaseState.STOPPED.value),
        )
    )
    return {row.order_no: _release(row) for row in rows}


def _watched(stopped_since: datetime) -> ColumnElement[bool]:
    stopped = and_(releases.c.state == ReleaseState.STOPPED.value, releases.c.created_at >= stopped_since)
    return or_(releases.c.state == ReleaseState.RELEASED.value, stopped)


async def change(
    connection: AsyncConnection,
    release_id: UUID,
    *,
    state: ReleaseState,
    next_at: datetime,
    attempts: int,
    slip_no: str | None = None,
    error: str | None = None,
) -> None:
    values: dict[str, Any] = {"state": state.value, "next_at": next_at, "attempts": attempts, "error": error}
    if slip_no is not None:
        values["slip_no"] = slip_no
    await connection.execute(update(releases).where(releases.c.id == release_id).values(**values))


def _release(row: Row[Any]) -> Release:
    return Release(
        row.id, row.shipment_id, row.number, row.order_no, row.ordered_on, ReleaseState(row.state), row.slip_no,
        row.attempts,
    )  # fmt: skip
