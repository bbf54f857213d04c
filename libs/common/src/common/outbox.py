"""The writing side of the outbox: events leave with the transaction that caused them, in order per aggregate.

`append` takes the aggregate's row in `event_sequences` before it takes ids from the outbox's sequence. So even where a
handler forgot to lock its aggregate, two transactions on one aggregate get ids in the order in which they commit.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from opentelemetry import propagate
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids
from common.tables import SHARDS
from contracts.envelope import Event

MAX_PAYLOAD_BYTES = 256 * 1024


class Unpublishable(ValueError):
    """The event cannot travel. A defect of the publisher, found before anything commits."""


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event ready to be stored: JSON payload, and the trace context of the work that caused it."""

    event_id: UUID
    topic: str
    key: str
    shard: int
    type: str
    payload: bytes
    headers: dict[str, str]
    occurred_at: datetime


def shard_of(key: str) -> int:
    """The shard of an aggregate: the same in every process and for ever."""
    return zlib.crc32(key.encode()) % SHARDS


def prepare(event: Event, now: datetime) -> PendingEvent:
    """Serialises `event` with the current trace context. Raises `Unpublishable` when it is too large."""
    payload = event.__pydantic_serializer__.to_json(event)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Unpublishable(f"{event.type} has {len(payload)} bytes; {MAX_PAYLOAD_BYTES} is the most that travels")
    headers: dict[str, str] = {"dataschema": event.dataschema()}
    propagate.inject(headers)
    return PendingEvent(
        event_id=ids.new_id(),
        topic=event.topic,
        key=event.key,
        shard=shard_of(event.key),
        type=event.type,
        payload=payload,
        headers=headers,
        occurred_at=now,
    )


_APPEND = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::bytea[], $7::text[],
                         $8::timestamptz[])
        WITH ORDINALITY AS g(event_id, topic, aggregateid, shard, type, payload, headers, occurred_at, place)
), bumped AS (
    INSERT INTO event_sequences (aggregateid, last_seq)
    SELECT aggregateid, count(*) FROM given GROUP BY aggregateid ORDER BY aggregateid
    ON CONFLICT (aggregateid) DO UPDATE SET last_seq = event_sequences.last_seq + excluded.last_seq
    RETURNING aggregateid, last_seq
)
INSERT INTO outbox (shard, event_id, topic, aggregateid, seq, type, payload, headers, occurred_at)
SELECT g.shard, g.event_id, g.topic, g.aggregateid,
       b.last_seq + 1 - row_number() OVER (PARTITION BY g.aggregateid ORDER BY g.place DESC),
       g.type, g.payload, g.headers::jsonb, g.occurred_at
FROM given g JOIN bumped b USING (aggregateid)
ORDER BY g.place
"""


async def append(connection: AsyncConnection, events: Sequence[PendingEvent]) -> None:
    """Stores the events in the open transaction, in their order, numbering each aggregate's events without gaps."""
    await connection.exec_driver_sql(
        _APPEND,
        (
            [event.event_id for event in events],
            [event.topic for event in events],
            [event.key for event in events],
            [event.shard for event in events],
            [event.type for event in events],
            [event.payload for event in events],
            [orjson.dumps(event.headers).decode() for event in events],
            [event.occurred_at for event in events],
        ),
    )
