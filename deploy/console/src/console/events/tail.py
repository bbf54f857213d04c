"""Reads every topic of the shop without a group: it leaves no trace at the broker. Comes back when the broker does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from common.clock import Clock
from common.kafka_client import begins_again
from console.events import entry
from console.events.entry import Entry
from console.events.log import EventLog
from console.traces.store import Known
from console.traces.words import names_of

_BEFORE_PER_PARTITION = 40
_BEFORE_MOST = 500
_FIRST_READ_SECONDS = 10
_TOPICS_AGAIN_SECONDS = 30
_BACKOFF_MOST_SECONDS = 5
_GRACE_SECONDS = 2
_T = TypeVar("_T")


class Tail:
    """`trouble` says what is wrong with the broker, empty when nothing is."""

    def __init__(self, bootstrap: str, log: EventLog, clock: Clock, learn: Callable[[Sequence[Known]], None]) -> None:
        self._bootstrap = bootstrap
        self._log = log
        self._clock = clock
        self._learn = learn
        self._number = 0
        self._next: dict[TopicPartition, int] = {}
        self.trouble = "" if bootstrap else "no broker is configured"

    async def run(self) -> None:
        """Until cancelled. What came while the broker was away is read when it is back."""
        if not self._bootstrap:
            return
        backoff = 0.5
        while True:
            try:
                await self._follow()
                backoff = 0.5
            except Exception as error:  # noqa: BLE001 - whatever the client raises, the page says it and we try again
                self.trouble = f"the broker does not answer ({type(error).__name__}: {error})"[:300]
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _BACKOFF_MOST_SECONDS)

    async def _follow(self) -> None:
        """Reads until the set of topics changes."""
        partitions = await self._partitions()
        if not partitions:
            self.trouble = "the broker has no topics of the shop yet"
            await asyncio.sleep(1)
            return
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, fetch_max_bytes=4_194_304
        )
        begins_again(consumer._client)  # noqa: SLF001 - it has no name for others
        try:
            await _unbroken(consumer.start(), 10)
            consumer.assign(partitions)
            await self._seek(consumer, partitions)
            self.trouble = ""
            while set(partitions) == set(await self._partitions()):
                again = self._clock.monotonic() + _TOPICS_AGAIN_SECONDS
                while self._clock.monotonic() < again:
                    polled = await consumer.getmany(timeout_ms=1000, max_records=500)
                    self._take([message for messages in polled.values() for message in messages])
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(consumer.stop(), 2)

    async def _partitions(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=5000)
        try:
            await _unbroken(admin.start(), 5)
            described = await _unbroken(admin.describe_topics(), 5)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(admin.close(), 2)
        return sorted(
            TopicPartition(topic["topic"], each["partition"])
            for topic in described
            if topic["topic"].startswith("shop.") or topic["topic"].endswith(".dlq")
            for each in topic["partitions"]
        )

    async def _seek(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Where it stopped, or a little before the ends; the beginnings are then read, sorted and cut."""
        begins = await asyncio.wait_for(consumer.beginning_offsets(partitions), 10)
        ends = await asyncio.wait_for(consumer.end_offsets(partitions), 10)
        fresh: dict[TopicPartition, int] = {}
        for partition in partitions:
            begin, end = begins[partition], ends[partition]
            known = self._next.get(partition)
            if known is not None and begin <= known <= end:
                consumer.seek(partition, known)
                continue
            start = max(begin, end - _BEFORE_PER_PARTITION)
            consumer.seek(partition, start)
            if start < end:
                fresh[partition] = end
        await self._read_back(consumer, fresh)

    async def _read_back(self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        found: list[Any] = []
        deadline = self._clock.monotonic() + _FIRST_READ_SECONDS
        while ends and self._clock.monotonic() < deadline:
            polled = await consumer.getmany(timeout_ms=500, max_records=2000)
            for partition, messages in polled.items():
                found += messages
                if messages and messages[-1].offset + 1 >= ends.get(partition, 0):
                    ends.pop(partition, None)
        found.sort(key=lambda message: message.timestamp)
        self._take(found[-_BEFORE_MOST:])

    def _take(self, messages: Sequence[Any]) -> None:
        entries: list[Entry] = []
        facts: list[Known] = []
        for message in messages:
            self._number += 1
            made, data = entry.read(self._number, message)
            entries.append(made)
            self._next[TopicPartition(message.topic, message.partition)] = message.offset + 1
            facts.append(Known(made.trace_id, made.order_id.lower(), made.key.lower(), names_of(data)))
        if entries:
            self._log.add(entries)
            self._learn(facts)


async def _unbroken(asking: Coroutine[Any, Any, _T], seconds: float) -> _T:
    """What connects is not cut off in the middle: aiokafka would forget a connection that stays open. Raises
    TimeoutError as `wait_for` does."""
    task = asyncio.create_task(asking)
    try:
        return await asyncio.wait_for(asyncio.shield(task), seconds)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_GRACE_SECONDS)
        raise
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
