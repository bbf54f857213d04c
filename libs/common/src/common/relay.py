"""Carries committed events from the outbox to the broker: in order per shard, each row deleted after its ack.

A crash between ack and delete sends a row again; consumers know it by its id. A failing row stops its own shard only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from common import cloudevents, ids, log, metrics, telemetry
from common.clock import Clock
from common.leases import ShardLeases
from common.transport import OutRecord, Producer

_log = log.get(__name__)

BATCH = 500
_ACK_TIMEOUT_SECONDS = 30

# A plan per shard: one ordered scan over all of them would sort the whole backlog.
_FETCH = """
SELECT o.* FROM unnest($1::smallint[]) AS s(shard) CROSS JOIN LATERAL (
    SELECT id, shard, event_id, topic, aggregateid, seq, type, payload, headers, occurred_at
    FROM outbox WHERE outbox.shard = s.shard ORDER BY id LIMIT $2
) o ORDER BY o.shard, o.id
"""
_DELETE = """
DELETE FROM outbox o USING unnest($1::smallint[], $2::bigint[]) AS d(shard, id)
WHERE o.shard = d.shard AND o.id = d.id
"""


class Relay:
    """One per process. `connect` opens a fresh connection to the service's schema, outside the request pool."""

    def __init__(
        self,
        connect: Any,
        producer: Producer,
        *,
        source: str,
        clock: Clock,
        lease_seconds: float = 10,
        poll_max_seconds: float = 0.5,
    ) -> None:
        self._connect = connect
        self._producer = producer
        self._source = source
        self._clock = clock
        self._leases = ShardLeases(ids.new_id(), ttl_seconds=lease_seconds)
        self._lease_until = 0.0
        self._poll_max = poll_max_seconds
        self._wake = asyncio.Event()
        self._woken: set[int] = set()
        self._not_before: dict[int, float] = {}
        self._failures: dict[int, int] = defaultdict(int)
        self._stopping = False
        self.last_progress = clock.monotonic()

    def wake(self, shards: Iterable[int]) -> None:
        """Told after a commit that these shards have new rows. Only a hurry: the next look finds them too."""
        self._woken.update(shards)
        self._wake.set()

    async def run(self) -> None:
        """Relays until `stop`. Reconnects to the database and rebuilds the producer for as long as it takes."""
        backoff = 0.1
        with contextlib.suppress(Exception):  # a broker that is away now is found by the first send
            await asyncio.wait_for(self._producer.start(), 10)
        while not self._stopping:
            try:
                await self._session()
                backoff = 0.1
            except Exception as error:  # noqa: BLE001 - a cut connection shows itself in many ways; rows wait safely
                self._leases.forget()
                _log.warning("relay lost its database", error=repr(error))
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, 5)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._producer.stop(), 5)

    async def stop(self) -> None:
        """Sends nothing more after the batch in hand; `run` then gives the leases back and returns."""
        self._stopping = True
        self._wake.set()

    async def _session(self) -> None:
        connection = await self._connect()
        keeper_connection = await self._connect()
        keeper: asyncio.Task[None] | None = None
        try:
            await connection.add_listener("outbox", self._notified)
            await self._renew(keeper_connection)
            keeper = asyncio.create_task(self._keep_leases(keeper_connection), name="relay-leases")
            await self._loop(connection, keeper)
        finally:
            if keeper is not None:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._leases.release(keeper_connection), 2)
            for each in (connection, keeper_connection):
                each.terminate()

    def _notified(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        self.wake(int(shard) for shard in payload.split(",") if shard.isdigit())

    async def _renew(self, connection: asyncpg.Connection) -> None:
        started = self._clock.monotonic()
        async with asyncio.timeout(self._leases.ttl_seconds):  # 3.11's `wait_for` may lose a cancellation
            await self._leases.renew(connection)
        # Counted from before the question: our idea of the lease ends before the database's does.
        self._lease_until = started + self._leases.ttl_seconds
        metrics.relay_shards.set(len(self._leases.owned))

    async def _keep_leases(self, connection: asyncpg.Connection) -> None:
        while True:
            await asyncio.sleep(self._leases.seconds_to_next)
            await self._renew(connection)

    async def _loop(self, connection: asyncpg.Connection, keeper: asyncio.Task[None]) -> None:
        look_at = 0.0
        while not self._stopping:
            if keeper.done():
                keeper.result()
            now = self.last_progress = self._clock.monotonic()
            woken, self._woken = self._woken, set()
            self._wake.clear()
            if now >= look_at:
                look_at = now + self._poll_max
                await self._pump(connection, self._leases.owned)
            elif woken:
                await self._pump(connection, woken)
            if not self._woken:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), max(0.0, look_at - self._clock.monotonic()))

    async def _pump(self, connection: asyncpg.Connection, shards: Iterable[int]) -> None:
        """Sends one batch of each of these shards that is ours; wakes itself for a shard that had more."""
        now = self._clock.monotonic()
        ours = [shard for shard in shards if shard in self._leases.owned and self._not_before.get(shard, 0) <= now]
        if not ours or now >= self._lease_until:
            return
        batches: dict[int, list[asyncpg.Record]] = {}
        for row in await connection.fetch(_FETCH, ours, BATCH):
            batches.setdefault(row["shard"], []).append(row)
        if not batches or self._clock.monotonic() >= self._lease_until:
            return
        await self._send(connection, batches)
        if full := [shard for shard, rows in batches.items() if len(rows) == BATCH]:
            self.wake(full)

    async def _send(self, connection: asyncpg.Connection, batches: Mapping[int, Sequence[asyncpg.Record]]) -> None:
        with contextlib.ExitStack() as spans:
            for topic, contexts in _contexts(batches).items():
                spans.enter_context(telemetry.send_span(topic, contexts))
            results = await asyncio.gather(*(self._send_shard(rows) for rows in batches.values()))
        acked: list[asyncpg.Record] = []
        broken = False
        for (shard, rows), count in zip(batches.items(), results, strict=True):
            acked.extend(rows[:count])
            if count == len(rows):
                self._failures.pop(shard, None)
                self._not_before.pop(shard, None)
            else:
                broken = True
                self._failures[shard] += 1
                self._not_before[shard] = self._clock.monotonic() + min(0.05 * 2 ** self._failures[shard], 5)
        if acked:
            await connection.execute(_DELETE, [row["shard"] for row in acked], [row["id"] for row in acked])
            self._count(acked)
        if broken:
            await self._rebuild_producer()

    async def _send_shard(self, rows: Sequence[asyncpg.Record]) -> int:
        """Sends in order. Returns how many from the front were acknowledged before the first that was not."""
        acks: list[asyncio.Future[None]] = []
        try:
            async with asyncio.timeout(_ACK_TIMEOUT_SECONDS):
                for row in rows:
                    acks.append(await self._producer.send(self._record(row)))  # noqa: PERF401 - kept when one raises
                await asyncio.wait(acks, return_when=asyncio.FIRST_EXCEPTION)
        except Exception as error:  # noqa: BLE001 - whatever the client raises, the row stays and is sent again
            self._failed(error)
        front = 0
        for ack in acks:
            if not ack.done() or ack.cancelled():
                break
            if (error_of := ack.exception()) is not None:
                self._failed(error_of)
                break
            front += 1
        return front

    def _failed(self, error: BaseException) -> None:
        metrics.relay_failures.labels(type(error).__name__).inc()
        _log.warning("an event was not acknowledged", error=repr(error))

    async def _rebuild_producer(self) -> None:
        try:
            await asyncio.wait_for(self._producer.rebuild(), _ACK_TIMEOUT_SECONDS)
        except Exception as error:  # noqa: BLE001 - the next send fails too and comes back here
            _log.warning("the producer cannot be rebuilt yet", error=repr(error))
            await asyncio.sleep(0.5)

    def _record(self, row: asyncpg.Record) -> OutRecord:
        return cloudevents.encode(
            topic=row["topic"],
            key=row["aggregateid"],
            event_id=row["event_id"],
            wire_type=row["type"],
            source=self._source,
            time=row["occurred_at"],
            sequence=row["seq"],
            payload=row["payload"],
            stored=orjson.loads(row["headers"]),
        )

    def _count(self, rows: Sequence[asyncpg.Record]) -> None:
        now = self._clock.now()
        for row in rows:
            metrics.outbox_published.labels(row["topic"]).inc()
            metrics.outbox_publish_latency.observe(max(0.0, (now - row["occurred_at"]).total_seconds()))


def _contexts(batches: Mapping[int, Sequence[asyncpg.Record]]) -> dict[str, list[Mapping[str, str]]]:
    by_topic: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for rows in batches.values():
        for row in rows:
            by_topic[row["topic"]].append(orjson.loads(row["headers"]))
    return by_topic
