"""Looks into the backbone of one service and settles what got stuck: for the command line and the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text

from common.db import Database


@dataclass(frozen=True)
class Overview:
    """`oldest_seconds`: the age of the oldest event that has not left. `parked_seconds`: of the oldest parked key."""

    service: str
    outbox: int
    oldest_seconds: float
    parked_keys: int
    parked_events: int
    dead_letters: int
    parked_seconds: float = 0


@dataclass(frozen=True)
class ParkedKey:
    topic: str
    key: str
    waiting: int
    attempts: int
    next_at: datetime
    since: datetime
    reason: str
    error: str


@dataclass(frozen=True)
class DeadLetter:
    id: int
    event_id: UUID
    topic: str
    key: str
    type: str
    reason: str
    error: str
    attempts: int
    status: str
    dead_at: datetime
    payload: str


_OVERVIEW = text("""
SELECT o.*, p.*, (SELECT count(*) FROM parked_events) AS events,
       (SELECT count(*) FROM dead_letters WHERE status = 'open') AS dead
FROM (SELECT count(*) AS outbox, coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float8 AS oldest
      FROM outbox) o,
     (SELECT count(*) AS keys, coalesce(extract(epoch FROM now() - min(since)), 0)::float8 AS since FROM parked_keys) p
""")


async def overview(database: Database) -> Overview:
    async with database.read() as connection:
        row = (await connection.execute(_OVERVIEW)).one()
    return Overview(database.schema, row.outbox, row.oldest, row.keys, row.events, row.dead, row.since)


async def parked(database: Database, *, limit: int = 100) -> list[ParkedKey]:
    """Parked keys, longest waiting first."""
    async with database.read() as connection:
        rows = await connection.execute(
            text(
                "SELECT k.topic, k.key, k.attempts, k.next_at, k.since, k.reason, k.error,"
                " (SELECT count(*) FROM parked_events e WHERE e.topic = k.topic AND e.key = k.key) AS waiting"
                " FROM parked_keys k ORDER BY k.since LIMIT :limit"
            ),
            {"limit": limit},
        )
        return [
            ParkedKey(row.topic, row.key, row.waiting, row.attempts, row.next_at, row.since, row.reason, row.error)
            for row in rows
        ]


async def retry_parked(database: Database, topic: str, key: str) -> bool:
    """Makes a parked key due now. False: it is not parked."""
    async with database.transaction() as tx:
        done = await tx.connection.execute(
            text("UPDATE parked_keys SET next_at = :now WHERE topic = :topic AND key = :key"),
            {"now": tx.now, "topic": topic, "key": key},
        )
        return done.rowcount > 0


async def bury_first_parked(database: Database, topic: str, key: str, *, who: str) -> UUID | None:
    """Gives up the event a key waits for: it becomes a dead letter, and the events behind it go on."""
    async with database.transaction() as tx:
        held = await tx.connection.execute(
            text("SELECT attempts, error FROM parked_keys WHERE topic = :topic AND key = :key FOR UPDATE"),
            {"topic": topic, "key": key},
        )
        state = held.one_or_none()
        if state is None:
            return None
        event_id: UUID = (
            await tx.connection.execute(
                text(
                    "WITH first AS (DELETE FROM parked_events WHERE id = (SELECT min(id) FROM parked_events"
                    " WHERE topic = :topic AND key = :key) RETURNING *)"
                    ' INSERT INTO dead_letters (event_id, topic, key, type, partition, "offset", headers, payload,'
                    " reason, error, attempts, settled_by)"
                    " SELECT event_id, topic, key, type, partition, \"offset\", headers, payload, 'given_up', :error,"
                    " :attempts, :who FROM first"
                    " ON CONFLICT (event_id) DO UPDATE SET status = 'open', reason = 'given_up',"
                    " error = excluded.error, attempts = excluded.attempts RETURNING event_id"
                ),
                {"topic": topic, "key": key, "error": state.error, "attempts": state.attempts, "who": who},
            )
        ).scalar_one()
        await tx.connection.execute(
            text(
                "DELETE FROM parked_keys WHERE topic = :topic AND key = :key AND NOT EXISTS"
                " (SELECT 1 FROM parked_events WHERE topic = :topic AND key = :key)"
            ),
            {"topic": topic, "key": key},
        )
        await tx.connection.execute(
            text("UPDATE parked_keys SET next_at = :now, attempts = 0 WHERE topic = :topic AND key = :key"),
            {"topic": topic, "key": key, "now": tx.now},
        )
        return event_id


async def dead_letters(
    database: Database, *, status: str = "open", reason: str | None = None, limit: int = 100
) -> list[DeadLetter]:
    """Dead letters, oldest first. `payload` is cut to 2,000 characters."""
    async with database.read() as connection:
        rows = await connection.execute(
            text(
                "SELECT id, event_id, topic, key, type, reason, error, attempts, status, dead_at,"
                " substring(payload for 2000) AS payload FROM dead_letters"
                " WHERE status = :status AND (CAST(:reason AS text) IS NULL OR reason = :reason)"
                " ORDER BY id LIMIT :limit"
            ),
            {"status": status, "reason": reason, "limit": limit},
        )
        return [
            DeadLetter(
                row.id, row.event_id, row.topic, row.key, row.type, row.reason, row.error, row.attempts, row.status,
                row.dead_at, bytes(row.payload).decode(errors="replace"),
            )
            for row in rows
        ]  # fmt: skip


async def replay(database: Database, dead_ids: Sequence[int], *, who: str) -> int:
    """Gives dead letters back to the consumer, which handles them like parked events: in order per key, once.

    The inbox is not asked again: the dead letter is the one copy of its event, and leaving the list is what makes the
    replay happen once. Returns how many were open and are replayed.
    """
    replayed = 0
    async with database.transaction() as tx:
        for dead_id in sorted(dead_ids):
            row = (
                await tx.connection.execute(
                    text(
                        "UPDATE dead_letters SET status = 'replayed', settled_at = :now, settled_by = :who"
                        " WHERE id = :id AND status = 'open'"
                        ' RETURNING topic, key, event_id, type, partition, "offset", headers, payload'
                    ),
                    {"id": dead_id, "now": tx.now, "who": who},
                )
            ).one_or_none()
            if row is None:
                continue
            await tx.connection.execute(
                text(
                    "INSERT INTO parked_keys (topic, key, attempts, next_at, reason, error)"
                    " VALUES (:topic, :key, 0, :now, 'replay', 'replayed from the dead letters')"
                    " ON CONFLICT (topic, key) DO UPDATE SET next_at = excluded.next_at"
                ),
                {"topic": row.topic, "key": row.key, "now": tx.now},
            )
            await tx.connection.execute(
                text(
                    'INSERT INTO parked_events (topic, key, event_id, type, partition, "offset", headers, payload)'
                    " VALUES (:topic, :key, :event_id, :type, :partition, :offset, CAST(:headers AS jsonb), :payload)"
                ),
                {**row._mapping, "headers": orjson.dumps(row.headers).decode()},  # noqa: SLF001 - the row as a mapping
            )
            replayed += 1
    return replayed


async def drop(database: Database, dead_ids: Sequence[int], *, who: str) -> int:
    """Settles dead letters for good: nothing will come of them. The rows stay as a record. Returns how many."""
    async with database.transaction() as tx:
        done = await tx.connection.execute(
            text(
                "UPDATE dead_letters SET status = 'dropped', settled_at = :now, settled_by = :who"
                " WHERE id = ANY(:ids) AND status = 'open'"
            ),
            {"ids": list(dead_ids), "now": tx.now, "who": who},
        )
        return done.rowcount
