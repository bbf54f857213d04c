"""The services' schemas, read with a role that can change nothing. Away is an answer, not an error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from console.events.entry import is_personal

_TIMEOUT_SECONDS = 3
PAYLOAD_MOST = 4000


class Unreachable(Exception):
    """The database does not answer, or not for this schema."""


@dataclass(frozen=True)
class Backbone:
    """`oldest_seconds` is the age of the oldest event that has not left; 0 when the outbox is empty."""

    outbox: int
    oldest_seconds: float
    parked_keys: int
    parked_events: int
    dead_letters: int


@dataclass(frozen=True)
class Parked:
    """A key and the event it waits for. `payload` is empty when it is personal."""

    service: str
    topic: str
    key: str
    waiting: int
    attempts: int
    next_at: datetime
    since: datetime
    reason: str
    error: str
    type: str
    payload: str
    personal: bool


@dataclass(frozen=True)
class Dead:
    service: str
    id: int
    event_id: str
    topic: str
    key: str
    type: str
    reason: str
    error: str
    attempts: int
    dead_at: datetime
    payload: str
    personal: bool


_BACKBONE = """
SELECT (SELECT count(*) FROM {schema}.outbox) AS outbox,
       (SELECT coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float8 FROM {schema}.outbox)
           AS oldest_seconds,
       (SELECT count(*) FROM {schema}.parked_keys) AS parked_keys,
       (SELECT count(*) FROM {schema}.parked_events) AS parked_events,
       (SELECT count(*) FROM {schema}.dead_letters WHERE status = 'open') AS dead_letters
"""
_PARKED = """
SELECT k.topic, k.key, k.attempts, k.next_at, k.since, k.reason, k.error, first.type, waiting.count AS waiting,
       substring(first.payload FOR $1) AS payload
FROM {schema}.parked_keys k
LEFT JOIN LATERAL (SELECT e.type, e.payload FROM {schema}.parked_events e
                   WHERE e.topic = k.topic AND e.key = k.key ORDER BY e.id LIMIT 1) first ON true
LEFT JOIN LATERAL (SELECT count(*) FROM {schema}.parked_events e WHERE e.topic = k.topic AND e.key = k.key) waiting
    ON true
ORDER BY k.since LIMIT $2
"""
_DEAD = """
SELECT id, event_id, topic, key, type, reason, error, attempts, dead_at, substring(payload FOR $1) AS payload
FROM {schema}.dead_letters WHERE status = 'open' ORDER BY id DESC LIMIT $2
"""


class Database:
    """Opens connections when asked, two at most. `schemas` are the services' names."""

    def __init__(self, url: str, schemas: Sequence[str]) -> None:
        self._url = url
        self._schemas = frozenset(schemas)
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def backbone(self, service: str) -> Backbone:
        """Raises `Unreachable`."""
        rows = await self._rows(service, _BACKBONE)
        return Backbone(**dict(rows[0]))

    async def parked(self, service: str, limit: int = 100) -> list[Parked]:
        """Longest waiting first, each with the event it waits for. Raises `Unreachable`."""
        rows = await self._rows(service, _PARKED, PAYLOAD_MOST, limit)
        return [
            Parked(**_shown(service, row), next_at=row["next_at"], since=row["since"], waiting=row["waiting"])
            for row in rows
        ]

    async def dead(self, service: str, limit: int = 100) -> list[Dead]:
        """Open dead letters, newest first. Raises `Unreachable`."""
        rows = await self._rows(service, _DEAD, PAYLOAD_MOST, limit)
        return [
            Dead(**_shown(service, row), id=row["id"], event_id=str(row["event_id"]), dead_at=row["dead_at"])
            for row in rows
        ]

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    async def _rows(self, service: str, query: str, *values: Any) -> list[asyncpg.Record]:
        if service not in self._schemas:
            raise Unreachable(f"{service} is no service of this shop")
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                pool = await self._connected()
                rows: list[asyncpg.Record] = await pool.fetch(query.format(schema=f'"{service}"'), *values)
                return rows
        except asyncpg.UndefinedTableError as error:
            raise Unreachable(f"the schema of {service} has no tables yet") from error
        except TimeoutError as error:
            raise Unreachable("the database does not answer in time") from error
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unreachable(f"the database does not answer ({type(error).__name__})") from error

    async def _connected(self) -> asyncpg.Pool:
        if not self._url:
            raise Unreachable("no database is configured")
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=2,
                    timeout=_TIMEOUT_SECONDS,
                    max_inactive_connection_lifetime=60,
                    server_settings={"application_name": "console", "default_transaction_read_only": "on"},
                )
        return self._pool


def _shown(service: str, row: asyncpg.Record) -> dict[str, Any]:
    personal = is_personal(row["topic"])
    payload = "" if personal else bytes(row["payload"] or b"").decode(errors="replace")
    names = ("topic", "key", "reason", "error", "attempts")
    kept = {name: row[name] for name in names}
    return kept | {"service": service, "type": row["type"] or "", "payload": payload, "personal": personal}
