"""Gauges about what waits and what is dead, measured from the tables."""

from __future__ import annotations

from sqlalchemy import text

from common import metrics
from common.db import Database

_STATE = text(
    "SELECT (SELECT count(*) FROM parked_keys) AS parked,"
    " (SELECT extract(epoch FROM now() - min(since))::float8 FROM parked_keys) AS age,"
    " (SELECT count(*) FROM dead_letters WHERE status = 'open') AS dead"
)


async def measure(database: Database) -> None:
    async with database.read() as connection:
        state = (await connection.execute(_STATE)).one()
    metrics.parked_keys.set(state.parked)
    metrics.parked_oldest_age.set(state.age or 0)
    metrics.dlq_depth.set(state.dead)
