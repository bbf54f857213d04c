"""From commit to the last reaction: every event on the topics against the commit times of its effects.

PostgreSQL itself says when each transaction committed (`track_commit_timestamp`); the inbox row of an event is part of
the transaction that holds its effect. An event's own time is taken inside the publishing transaction, a little before
its commit, so the figures err on the slow side.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.system import Shop
from contracts.topics import TOPICS
from shop.parts import broker_of

GROUPS = ("catalog", "cart", "orders", "scm", "notify", "stats")
_READ_SECONDS = 60


async def at_rate(per_second: float, seconds: float, one: Callable[[], Awaitable[Any]]) -> tuple[list[float], int]:
    """Starts `one` at fixed times, however slow the answers are. Returns seconds per answer, and how many failed."""
    took: list[float] = []
    failed = 0

    async def timed() -> None:
        nonlocal failed
        began = time.perf_counter()
        try:
            await one()
        except Exception:  # noqa: BLE001 - counted and reported
            failed += 1
        else:
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    running = set()
    for number in range(round(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        running.add(asyncio.create_task(timed()))
    await asyncio.gather(*running)
    return took, failed


async def delays(shop: Shop, since: datetime) -> dict[str, list[float]]:
    """Event type → for each event since then, seconds until the last service that hears it had committed its effect."""
    said = await _events(shop, since)
    connection = await shop.database()
    last: dict[UUID, datetime] = {}
    try:
        for group in GROUPS:
            rows = await connection.fetch(
                f"SELECT event_id, pg_xact_commit_timestamp(xmin) AS done FROM {group}.inbox WHERE event_id = ANY($1)",
                list(said),
            )
            for row in rows:
                if row["done"] is not None:
                    last[row["event_id"]] = max(row["done"], last.get(row["event_id"], row["done"]))
    finally:
        await connection.close()
    found: dict[str, list[float]] = defaultdict(list)
    for event_id, (kind, moment) in said.items():
        if event_id in last:
            found[kind].append((last[event_id] - moment).total_seconds())
    return dict(found)


async def _events(shop: Shop, since: datetime) -> dict[UUID, tuple[str, datetime]]:
    reader = AIOKafkaConsumer(bootstrap_servers=broker_of(shop.current).bootstrap, auto_offset_reset="earliest")
    await reader.start()
    found: dict[UUID, tuple[str, datetime]] = {}
    try:
        partitions = [TopicPartition(topic, n) for topic, spec in TOPICS.items() for n in range(spec.partitions)]
        reader.assign(partitions)
        starts = await reader.offsets_for_times({each: int(since.timestamp() * 1000) for each in partitions})
        ends = await reader.end_offsets(partitions)
        for each in partitions:
            begin = starts[each]
            reader.seek(each, begin.offset if begin else ends[each])
        async with asyncio.timeout(_READ_SECONDS):
            while any([await reader.position(each) < ends[each] for each in partitions]):
                for records in (await reader.getmany(timeout_ms=200, max_records=2000)).values():
                    for record in records:
                        headers = {name: value.decode() for name, value in record.headers}
                        moment = datetime.fromisoformat(headers["ce_time"])
                        found[UUID(headers["ce_id"])] = (headers["ce_type"], moment)
    finally:
        await reader.stop()
    return found
