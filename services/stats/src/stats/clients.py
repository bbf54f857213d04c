"""Reads whole topics from their first record, and sees how far the service's own consumer has come; both beside that
consumer and without leaving a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from common import ids
from common.clock import Clock
from common.cloudevents import decode, read_envelope
from common.errors import PermanentFailure, UpstreamUnavailable
from common.transport import Consumer, Record, TopicPartition
from contracts.envelope import Event

_POLL_MS = 500
_POLL_RECORDS = 500
_LOOK_AGAIN_SECONDS = 0.25


@dataclass(frozen=True)
class Batch:
    """Events of the types asked for, in order per key; of `records` read, `unreadable` were no events of ours."""

    events: tuple[Event, ...]
    records: int
    unreadable: int


class TopicReader(Protocol):
    def read(self, types: Sequence[type[Event]]) -> AsyncGenerator[Batch, None]:
        """Everything of the types' topics up to where they ended when reading began.

        Raises `UpstreamUnavailable` when the broker falls silent before that; its own errors pass through.
        """
        ...


class BrokerReader:
    """`consumer_of(group)` makes a consumer. Each reading is a group of its own that commits nothing."""

    def __init__(self, consumer_of: Callable[[str], Consumer], clock: Clock, *, stall_seconds: float) -> None:
        self._consumer_of = consumer_of
        self._clock = clock
        self._stall_seconds = stall_seconds

    async def read(self, types: Sequence[type[Event]]) -> AsyncGenerator[Batch, None]:
        topics = sorted({event_class.topic for event_class in types})
        names = {event_class.type for event_class in types}
        consumer = self._consumer_of(f"stats-rebuild-{ids.new_id()}")
        try:
            await consumer.start(topics, on_revoke=_ignore, on_assign=_ignore)
            async for records in self._records(consumer, topics):
                yield _batch(records, names)
        finally:
            await consumer.stop()

    async def _records(self, consumer: Consumer, topics: Sequence[str]) -> AsyncGenerator[list[Record], None]:
        ends = await self._ends(consumer, topics)
        left = {partition for partition, end in ends.items() if end > 0}
        moved = self._clock.monotonic()
        while left:
            polled = await consumer.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
            records = [record for some in polled.values() for record in some]
            wanted = [each for each in records if each.offset < ends[TopicPartition(each.topic, each.partition)]]
            left -= {part for part, some in polled.items() if some and some[-1].offset >= ends[part] - 1}
            if wanted:
                moved = self._clock.monotonic()
                yield wanted
            elif self._clock.monotonic() - moved > self._stall_seconds:
                raise UpstreamUnavailable(f"nothing came from {len(left)} partitions that are not read to their end")

    async def _ends(self, consumer: Consumer, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """Where each partition ends now. The group is new and alone, so its lag is counted from the first record."""
        await _assigned(consumer, topics, self._clock, self._stall_seconds)
        return dict(await consumer.lag())


class Listening(Protocol):
    """How far the service's own consumer has come."""

    async def caught_up(self) -> bool:
        """Whether it has handled all that the topics held when this was asked; false if it does not get there soon.

        Raises `UpstreamUnavailable` when the broker does not answer; its own errors pass through.
        """
        ...


class BrokerListening:
    """Looks on from beside `group`: its consumers take no partition of it and commit nothing."""

    def __init__(
        self,
        consumer_of: Callable[[str], Consumer],
        clock: Clock,
        *,
        group: str,
        topics: Sequence[str],
        patience_seconds: float,
    ) -> None:
        self._consumer_of = consumer_of
        self._clock = clock
        self._group = group
        self._topics = topics
        self._patience_seconds = patience_seconds

    async def caught_up(self) -> bool:
        # A group that never committed is behind by all there is: its lag tells where the partitions end.
        ends, behind = self._consumer_of(f"stats-look-{ids.new_id()}"), self._consumer_of(self._group)
        try:
            for consumer in (ends, behind):
                await consumer.start(self._topics, on_revoke=_ignore, on_assign=_ignore)
                await _assigned(consumer, self._topics, self._clock, self._patience_seconds)
            return await self._reaches(await ends.lag(), ends, behind)
        finally:
            await asyncio.gather(ends.stop(), behind.stop(), return_exceptions=True)

    async def _reaches(self, wanted: Mapping[TopicPartition, int], ends: Consumer, behind: Consumer) -> bool:
        deadline = self._clock.monotonic() + self._patience_seconds
        while True:
            # In this order: what comes in between makes the group look further behind than it is, never further on.
            now_at, left = await ends.lag(), await behind.lag()
            if all(now_at[partition] - left[partition] >= end for partition, end in wanted.items()):
                return True
            if self._clock.monotonic() >= deadline:
                return False
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def _assigned(consumer: Consumer, topics: Sequence[str], clock: Clock, seconds: float) -> None:
    deadline = clock.monotonic() + seconds
    while {partition.topic for partition in consumer.assignment()} != set(topics):
        if clock.monotonic() > deadline:
            raise UpstreamUnavailable("the broker gives no partitions of " + ", ".join(topics))
        await asyncio.sleep(0.05)


async def _ignore(_partitions: frozenset[TopicPartition]) -> None:
    """A group of one member has nothing to drain."""


def _batch(records: Sequence[Record], types: set[str]) -> Batch:
    events: list[Event] = []
    unreadable = 0
    for record in records:
        try:
            envelope = read_envelope(record)
            if envelope.type in types:
                events.append(decode(envelope.type, envelope.context.get("ce_dataschema"), record.value))
        except PermanentFailure:
            unreadable += 1
    return Batch(tuple(events), len(records), unreadable)
