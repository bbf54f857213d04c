"""What every process sees to beside its work: the partitions of the inbox, old keys, gauges, and the time."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from common import inbox, inspect, log, metrics
from common.db import Database
from common.jobs import Job

_log = log.get(__name__)

_CLOCK_SECONDS = 10.0


def jobs(database: Database, *, inbox_months: int) -> list[Job]:
    """For a process that plays jobs."""

    async def inbox_partitions() -> None:
        async with database.transaction() as tx:
            await inbox.ensure_partitions(tx.connection, tx.now, keep_months=inbox_months)

    async def old_keys() -> None:
        async with database.alone() as connection:
            await connection.execute(text("DELETE FROM idempotency_keys WHERE created_at < now() - interval '30 days'"))

    async def gauges() -> None:
        state = await inspect.overview(database)
        metrics.outbox_pending.set(state.outbox)
        metrics.outbox_oldest_age.set(state.oldest_seconds)
        metrics.parked_keys.set(state.parked_keys)
        metrics.parked_oldest_age.set(state.parked_seconds)
        metrics.dlq_depth.set(state.dead_letters)

    return [
        Job("inbox-partitions", 3600, inbox_partitions),
        Job("old-idempotency-keys", 3600, old_keys),
        Job("backbone-gauges", 15, gauges, alone=False),
    ]


async def follow_clock(database: Database) -> None:
    """For every process, until it is cancelled (ADR 0012)."""
    while True:
        pause = _CLOCK_SECONDS
        try:
            await database.set_clock()
        except Exception as error:  # noqa: BLE001 - monotonic time goes on from the last answer
            _log.info("the database's clock cannot be read now", error=type(error).__name__)
            pause = 1.0
        await asyncio.sleep(pause)
