"""A failing key waits alone. Its events queue up in the database, in order, and are tried again until they pass.

The row in `parked_keys` is the lock between the partition's worker, which appends, and the drainer, which removes: the
worker takes it FOR SHARE and the drainer FOR UPDATE, so no event slips in behind the last one drained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from common.transport import Record

_BACKOFF_SECONDS = (1, 2, 5, 15, 60, 300)


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    id: int
    topic: str
    key: str
    event_id: UUID
    type: str
    partition: int
    offset: int
    headers: dict[str, str]
    payload: bytes
    attempts: int


def retry_after(attempts: int) -> timedelta:
    """How long a key waits after so many failures: seconds first, five minutes at the end."""
    return timedelta(seconds=_BACKOFF_SECONDS[min(max(attempts, 1), len(_BACKOFF_SECONDS)) - 1])


async def parked_among(connection: AsyncConnection, topic: str, keys: Sequence[str]) -> set[str]:
    """Which of the keys are parked. They stay parked until this transaction ends."""
    rows = await connection.execute(
        text("SELECT key FROM parked_keys WHERE topic = :topic AND key = ANY(:keys) ORDER BY key FOR SHARE"),
        {"topic": topic, "keys": list(keys)},
    )
    return {row.key for row in rows}


async def park_key(
    connection: AsyncConnection, topic: str, key: str, *, attempts: int, now: datetime, reason: str, error: str
) -> None:
    """Parks a key, or notes one more failure of a parked one."""
    await connection.execute(
        text(
            "INSERT INTO parked_keys (topic, key, attempts, next_at, reason, error, since)"
            " VALUES (:topic, :key, :attempts, :next_at, :reason, :error, :now)"
            " ON CONFLICT (topic, key) DO UPDATE SET attempts = excluded.attempts, next_at = excluded.next_at,"
            " reason = excluded.reason, error = excluded.error"
        ),
        {
            "topic": topic,
            "key": key,
            "attempts": attempts,
            "next_at": now + retry_after(attempts),
            "reason": reason,
            "error": error[:2000],
            "now": now,
        },
    )


async def append(
    connection: AsyncConnection, record: Record, *, key: str, event_id: UUID, wire_type: str, headers: dict[str, str]
) -> None:
    """Queues an event behind the others of its parked key."""
    await connection.execute(
        text(
            'INSERT INTO parked_events (topic, key, event_id, type, partition, "offset", headers, payload)'
            " VALUES (:topic, :key, :event_id, :type, :partition, :offset, CAST(:headers AS jsonb), :payload)"
        ),
        {
            "topic": record.topic,
            "key": key,
            "event_id": event_id,
            "type": wire_type,
            "partition": record.partition,
            "offset": record.offset,
            "headers": orjson.dumps(headers).decode(),
            "payload": record.value or b"",
        },
    )


async def due_keys(connection: AsyncConnection, now: datetime, limit: int = 100) -> list[tuple[str, str]]:
    """Parked keys whose next try is due, longest waiting first."""
    rows = await connection.execute(
        text("SELECT topic, key FROM parked_keys WHERE next_at <= :now ORDER BY next_at LIMIT :limit"),
        {"now": now, "limit": limit},
    )
    return [(row.topic, row.key) for row in rows]


async def lock_first(connection: AsyncConnection, topic: str, key: str, now: datetime) -> ParkedEvent | None:
    """Locks a due key and reads its oldest event. None: another drainer has it, or it is not due any more."""
    locked = await connection.scalar(
        text(
            "SELECT attempts FROM parked_keys WHERE topic = :topic AND key = :key AND next_at <= :now"
            " FOR UPDATE SKIP LOCKED"
        ),
        {"topic": topic, "key": key, "now": now},
    )
    if locked is None:
        return None
    row = (
        await connection.execute(
            text(
                'SELECT id, event_id, type, partition, "offset", headers, payload FROM parked_events'
                " WHERE topic = :topic AND key = :key ORDER BY id LIMIT 1"
            ),
            {"topic": topic, "key": key},
        )
    ).one_or_none()
    if row is None:
        await unpark(connection, topic, key)
        return None
    return ParkedEvent(
        id=row.id,
        topic=topic,
        key=key,
        event_id=row.event_id,
        type=row.type,
        partition=row.partition,
        offset=row.offset,
        headers=row.headers,
        payload=row.payload,
        attempts=locked,
    )


async def remove(connection: AsyncConnection, event: ParkedEvent) -> bool:
    """Takes a handled event off the queue, and unparks the key when it was the last. True: more are waiting."""
    await connection.execute(text("DELETE FROM parked_events WHERE id = :id"), {"id": event.id})
    more = await connection.scalar(
        text("SELECT EXISTS (SELECT 1 FROM parked_events WHERE topic = :topic AND key = :key)"),
        {"topic": event.topic, "key": event.key},
    )
    if not more:
        await unpark(connection, event.topic, event.key)
    return bool(more)


async def unpark(connection: AsyncConnection, topic: str, key: str) -> None:
    await connection.execute(
        text("DELETE FROM parked_keys WHERE topic = :topic AND key = :key"), {"topic": topic, "key": key}
    )
