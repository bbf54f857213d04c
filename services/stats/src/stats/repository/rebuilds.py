"""Rebuilds: asked for, taken up by one process at a time, and what they found."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stats.commands import RequestRebuild
from stats.domain.figures import Comparison, Difference, Rebuild
from stats.errors import RebuildLost
from stats.repository.facts import new_generation
from stats.tables import rebuilds

# A process that said nothing for so long is dead; the rebuild starts again elsewhere.
_SILENT = timedelta(seconds=60)


async def request(connection: AsyncConnection, command: RequestRebuild, now: datetime) -> bool:
    """False when another one is queued or running."""
    written = await connection.execute(
        insert(rebuilds)
        .values(
            id=command.rebuild_id,
            status="queued",
            swap=command.swap,
            requested_by=command.requested_by,
            requested_at=now,
            attempt=0,
            records=0,
            events=0,
            repeated=0,
            unusable=0,
            swapped=False,
        )
        .on_conflict_do_nothing()
        .returning(rebuilds.c.id)
    )
    return written.first() is not None


async def find(connection: AsyncConnection, rebuild_id: UUID) -> Rebuild | None:
    row = (await connection.execute(select(rebuilds).where(rebuilds.c.id == rebuild_id))).one_or_none()
    return None if row is None else _rebuild(row)


async def take(connection: AsyncConnection, now: datetime) -> Rebuild | None:
    """Takes up a queued rebuild, or one whose process fell silent, into a new generation of its own."""
    waiting = await connection.scalar(
        select(rebuilds.c.id)
        .where(
            or_(
                rebuilds.c.status == "queued",
                and_(rebuilds.c.status == "running", rebuilds.c.heartbeat_at < now - _SILENT),
            )
        )
        .with_for_update(skip_locked=True)
    )
    if waiting is None:
        return None
    row = (
        await connection.execute(
            rebuilds.update()
            .where(rebuilds.c.id == waiting)
            .values(
                status="running",
                attempt=rebuilds.c.attempt + 1,
                generation=await new_generation(connection),
                started_at=now,
                heartbeat_at=now,
                records=0,
                events=0,
                repeated=0,
                unusable=0,
            )
            .returning(rebuilds)
        )
    ).one()
    return _rebuild(row)


async def progress(connection: AsyncConnection, rebuild: Rebuild, now: datetime, **counts: int) -> None:
    """Notes life and adds `counts`. Raises `RebuildLost` when another process took over."""
    added = {name: rebuilds.c[name] + count for name, count in counts.items()}
    await _own(connection, rebuild, {"heartbeat_at": now, **added})


async def finish(
    connection: AsyncConnection, rebuild: Rebuild, comparison: Comparison, now: datetime, *, swapped: bool
) -> None:
    await _own(
        connection,
        rebuild,
        {
            "status": "done",
            "finished_at": now,
            "compared": comparison.compared,
            "missing": comparison.missing,
            "extra": comparison.extra,
            "different": comparison.different,
            "differences": [asdict(difference) for difference in comparison.differences],
            "swapped": swapped,
        },
    )


async def fail(connection: AsyncConnection, rebuild: Rebuild, error: str, now: datetime) -> None:
    await _own(connection, rebuild, {"status": "failed", "finished_at": now, "error": error[:2000]})


async def _own(connection: AsyncConnection, rebuild: Rebuild, values: dict[str, Any]) -> None:
    written = await connection.execute(
        rebuilds.update()
        .where(
            rebuilds.c.id == rebuild.id,
            rebuilds.c.attempt == rebuild.attempt,
            rebuilds.c.status == "running",
        )
        .values(**values)
    )
    if written.rowcount == 0:
        raise RebuildLost(f"the rebuild {rebuild.id} was taken over")


async def database_time(connection: AsyncConnection) -> datetime:
    """The clock that `recorded_at` is told by."""
    found: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return found


def _rebuild(row: Row[Any]) -> Rebuild:
    comparison = None
    if row.compared is not None:
        differences = tuple(Difference(**stored) for stored in row.differences)
        comparison = Comparison(row.compared, row.missing, row.extra, row.different, differences)
    return Rebuild(
        id=row.id,
        status=row.status,
        swap=row.swap,
        requested_at=row.requested_at,
        attempt=row.attempt,
        generation=row.generation,
        started_at=row.started_at,
        finished_at=row.finished_at,
        records=row.records,
        events=row.events,
        repeated=row.repeated,
        unusable=row.unusable,
        comparison=comparison,
        swapped=row.swapped,
        error=row.error,
    )
