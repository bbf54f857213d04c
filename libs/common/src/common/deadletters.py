"""Events that can never be handled: kept with their reason in the schema, and reported on the group's own topic."""

from __future__ import annotations

from collections import deque
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids, metrics, outbox
from common.db import Tx
from common.transport import Record
from contracts.topics import dead_letter_topic

_MAX_ERROR = 2000
_WRITE = text(
    'INSERT INTO dead_letters (event_id, topic, key, type, partition, "offset", headers, payload, reason,'
    " error, attempts, dead_at) VALUES (:event_id, :topic, :key, :type, :partition, :offset,"
    " CAST(:headers AS jsonb), :payload, :reason, :error, :attempts, :now)"
    " ON CONFLICT (event_id) DO UPDATE SET status = 'open', reason = excluded.reason, error = excluded.error,"
    " attempts = dead_letters.attempts + 1, dead_at = excluded.dead_at, settled_at = NULL, settled_by = NULL"
)


class DlqLimitReached(Exception):
    """Too many dead letters: rather the deploy or the topic is wrong than all these events. The consumer halts."""


class DlqLimit:
    """Exists to keep a bad deploy from sending everything to the dead letters. Counts the last `window` events."""

    def __init__(self, *, max_consecutive: int, max_ratio: float, window: int = 1000) -> None:
        self._max_consecutive = max_consecutive
        self._max_ratio = max_ratio
        self._recent: deque[bool] = deque(maxlen=window)
        self._consecutive = 0

    def handled(self) -> None:
        self._consecutive = 0
        self._recent.append(False)

    def dead(self) -> None:
        """Call before a dead letter is written. Raises `DlqLimitReached` when this one would be too many."""
        consecutive = self._consecutive + 1
        dead = sum(self._recent) + 1
        too_many = consecutive > self._max_consecutive
        # A ratio over a handful of events says nothing: it counts once half the window has been seen.
        seen = len(self._recent)
        if too_many or (seen >= (self._recent.maxlen or 0) // 2 and dead > self._max_ratio * seen):
            raise DlqLimitReached(f"{consecutive} dead letters in a row, {dead} of the last {seen + 1} events")
        self._consecutive = consecutive
        self._recent.append(True)


async def write(
    tx: Tx,
    record: Record,
    *,
    group: str,
    event_id: UUID,
    wire_type: str,
    key: str,
    headers: dict[str, str],
    reason: str,
    error: BaseException,
    attempts: int = 1,
) -> None:
    """Stores the dead letter and queues its report in the transaction that gives the event up."""
    row = {"event_id": event_id, "topic": record.topic, "key": key, "type": wire_type, "partition": record.partition}
    row |= {"offset": record.offset, "headers": orjson.dumps(headers).decode(), "payload": record.value or b""}
    row |= {"error": f"{type(error).__name__}: {error}"[:_MAX_ERROR], "reason": reason, "attempts": attempts}
    await tx.connection.execute(_WRITE, row | {"now": tx.now})
    # A payload too large for the outbox stays in the table; the report says where it is.
    payload = record.value or b""
    fits = len(payload) <= outbox.MAX_PAYLOAD_BYTES
    report = {
        **{name: value for name, value in headers.items() if name not in {"ce_traceparent", "content-type"}},
        "dlq-original-topic": record.topic,
        "dlq-original-partition": str(record.partition),
        "dlq-original-offset": str(record.offset),
        "dlq-original-timestamp": str(record.timestamp_ms),
        "dlq-consumer-group": group,
        "dlq-reason": reason,
        "dlq-exception": type(error).__name__,
        "dlq-message": str(error)[:500],
        "dlq-attempts": str(attempts),
        "dlq-payload": "here" if fits else "in dead_letters",
    }
    event = outbox.PendingEvent(
        event_id=event_id if headers.get("ce_id") else ids.new_id(),
        topic=dead_letter_topic(group, record.topic),
        key=key or str(event_id),
        shard=outbox.shard_of(f"dlq:{key}"),
        type=wire_type or "unreadable",
        payload=payload if fits else b"{}",
        headers=report,
        occurred_at=tx.now,
    )
    tx.pending.append(event)
    tx.then(lambda: metrics.dlq_written.labels(record.topic, reason).inc())


async def count_open(connection: AsyncConnection) -> int:
    return int(await connection.scalar(text("SELECT count(*) FROM dead_letters WHERE status = 'open'")) or 0)
