"""Remembers which events were handled, in the transaction that handled them. Partitioned by month of the event's id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CLAIM_AND_PARKED = """
WITH fresh AS (
    INSERT INTO inbox (event_id) SELECT DISTINCT unnest($1::uuid[]) ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING event_id
), parked AS (
    SELECT key FROM parked_keys WHERE topic = $2 AND key = ANY($3::text[]) ORDER BY key FOR SHARE
)
SELECT event_id, NULL AS key FROM fresh UNION ALL SELECT NULL, key FROM parked
"""


async def claim(connection: AsyncConnection, event_ids: Sequence[UUID]) -> set[UUID]:
    """Marks the events as handled and returns those that were not before.

    Another transaction holding one of them makes this wait for its end, so an event has one effect even while two
    members of a group believe that a partition is theirs.
    """
    fresh, _ = await claim_and_parked(connection, event_ids, "", ())
    return fresh


async def claim_and_parked(
    connection: AsyncConnection, event_ids: Sequence[UUID], topic: str, keys: Sequence[str]
) -> tuple[set[UUID], set[str] | None]:
    """`claim`, and which of the keys are parked and stay so until this transaction ends.

    None instead of the keys: an event was known, perhaps only after a wait for who parked its key, and what this
    statement sees is older than that. Ask again.
    """
    rows = list(await connection.exec_driver_sql(_CLAIM_AND_PARKED, (list(event_ids), topic, list(keys))))
    fresh = {row.event_id for row in rows if row.event_id is not None}
    return fresh, {row.key for row in rows if row.key is not None} if len(fresh) == len(set(event_ids)) else None


def month_bounds(moment: datetime) -> tuple[str, UUID, UUID]:
    """The partition name of the month of `moment`, its first possible UUIDv7 and the next month's."""
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return f"inbox_{first:%Y_%m}", _lowest_id(first), _lowest_id(following)


def _lowest_id(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1000) << 80)


async def ensure_partitions(connection: AsyncConnection, now: datetime, *, keep_months: int | None = None) -> list[str]:
    """Makes the partitions of this month and the next two; drops those older than `keep_months`, and returns them.

    Ids of other kinds (of records whose own id could not be read) live in the default partition.
    """
    for ahead in range(3):
        name, low, high = month_bounds(_months_from(now, ahead))
        exists = await connection.scalar(text("SELECT to_regclass(:name)"), {"name": name})
        if exists is None:
            await connection.exec_driver_sql(
                f"CREATE TABLE {name} PARTITION OF inbox FOR VALUES FROM ('{low}') TO ('{high}')"
            )
    if keep_months is None:
        return []
    oldest, _, _ = month_bounds(_months_from(now, -keep_months))
    names = await connection.scalars(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'inbox'::regclass AND c.relname ~ '^inbox_[0-9]{4}_[0-9]{2}$'"
        )
    )
    old = [name for name in names if name < oldest]
    for name in old:
        await connection.exec_driver_sql(f"DROP TABLE {name}")
    return old


def _months_from(moment: datetime, months: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=index // 12, month=index % 12 + 1, day=1)
