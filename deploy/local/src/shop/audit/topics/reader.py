"""Reads the topics and the groups' positions: without a group of its own, so that it leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from common.transport import Record
from contracts.topics import TOPICS, dead_letter_topic
from shop.audit.topics.entry import DEAD_LETTERS, Page
from shop.audit.topics.store import Store

_REQUEST_MS = 5_000
_START_SECONDS = 8
_SILENCE_SECONDS = 10
_BATCH = 2_000

Partition = tuple[str, int]


class TopicsUnreadable(Exception):
    """The broker is there and does not give what it must."""


@dataclass
class Marks:
    """`done`: how far each group has settled each partition it hears. `ends`: where the partitions ended then."""

    done: dict[tuple[str, str, int], int] = field(default_factory=dict)
    ends: dict[Partition, int] = field(default_factory=dict)


class TopicReader:
    """Connected from entering to leaving. Raises KafkaError, OSError and `TopicsUnreadable`."""

    def __init__(self, bootstrap: str, services: Sequence[str]) -> None:
        self._services = services
        self._reader = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            client_id="auditor",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=_REQUEST_MS,
            fetch_max_wait_ms=20,
            max_partition_fetch_bytes=4_194_304,
            check_crcs=False,
        )
        self._admin = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap, client_id="auditor", request_timeout_ms=_REQUEST_MS
        )
        self._partitions: list[KafkaPartition] = []

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._reader.start()
                await self._admin.start()
                self._partitions = await self._known_partitions()
            # Only of assigned partitions does the client know whom to ask. Nothing is fetched before `read`.
            self._reader.assign(self._partitions)
            self._reader.pause(*self._partitions)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await asyncio.gather(self._reader.stop(), self._admin.close(), return_exceptions=True)

    async def _known_partitions(self) -> list[KafkaPartition]:
        dead = {dead_letter_topic(group, topic) for group in self._services for topic in TOPICS}
        described = await self._admin.describe_topics()
        found = {
            topic["topic"]: [each["partition"] for each in topic["partitions"]]
            for topic in described
            if topic["topic"] in TOPICS or topic["topic"] in dead
        }
        if missing := sorted(name for name in TOPICS if not found.get(name)):
            raise TopicsUnreadable(f"the broker has no topic {', '.join(missing)}")
        return [KafkaPartition(topic, number) for topic in sorted(found) for number in sorted(found[topic])]

    async def marks(self) -> Marks:
        """Positions before ends: what a group is behind is never told too small."""
        found = Marks()
        for service, offsets in zip(self._services, await self._offsets(), strict=True):
            for partition, meta in offsets.items():
                found.done[service, partition.topic, partition.partition] = max(0, meta.offset)
        found.ends = _plain(await self._reader.end_offsets(self._partitions))
        return found

    async def _offsets(self) -> list[Mapping[KafkaPartition, Any]]:
        return await asyncio.gather(*(self._offsets_of(service) for service in self._services))

    async def _offsets_of(self, group: str) -> Mapping[KafkaPartition, Any]:
        try:
            offsets: Mapping[KafkaPartition, Any] = await self._admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:  # a young broker, before its first group
            return {}
        return offsets

    async def read(self, store: Store, marks: Marks) -> None:
        """Everything up to where the partitions end now, into the notebook."""
        begins = _plain(await self._reader.beginning_offsets(self._partitions))
        ends = _plain(await self._reader.end_offsets(self._partitions))
        firsts = await self._read_all(store, begins, ends)
        store.add("bounds", _bounds(begins, marks.ends, ends, firsts))

    async def _read_all(
        self, store: Store, begins: Mapping[Partition, int], ends: Mapping[Partition, int]
    ) -> dict[Partition, int]:
        """Returns the moment of each partition's first record."""
        left = {partition for partition, end in ends.items() if end > begins[partition]}
        firsts: dict[Partition, int] = {}
        if not left:
            return firsts
        for partition in left:
            self._reader.seek(KafkaPartition(*partition), begins[partition])
            self._reader.resume(KafkaPartition(*partition))
        loop, page = asyncio.get_running_loop(), Page()
        moved = loop.time()
        while left:
            polled = await self._reader.getmany(timeout_ms=500, max_records=_BATCH)
            if polled:
                moved = loop.time()
            elif loop.time() - moved > _SILENCE_SECONDS:
                raise TopicsUnreadable(f"nothing came from {len(left)} partitions that are not read to their end")
            for partition, messages in polled.items():
                where = (partition.topic, partition.partition)
                firsts.setdefault(where, messages[0].timestamp)
                for message in messages:
                    if message.offset < ends[where]:
                        page.take(_record(message))
                if messages[-1].offset >= ends[where] - 1:
                    left.discard(where)
                    self._reader.pause(partition)
            page.write(store)
        return firsts


def _bounds(
    begins: Mapping[Partition, int],
    ended: Mapping[Partition, int],
    ends: Mapping[Partition, int],
    firsts: Mapping[Partition, int],
) -> Iterable[tuple[str, int, int, int, int, int | None]]:
    """Without dead letters. A partition emptied by retention may have lost records until this very moment."""
    for partition, begin in begins.items():
        if partition[0].endswith(DEAD_LETTERS):
            continue
        gone_until = firsts.get(partition, 2**62) if begin > 0 else None
        yield *partition, begin, ended.get(partition, 0), ends[partition], gone_until


def _plain(offsets: Mapping[KafkaPartition, int]) -> dict[Partition, int]:
    return {(partition.topic, partition.partition): offset for partition, offset in offsets.items()}


def _record(message: Any) -> Record:
    headers = tuple((name, value or b"") for name, value in message.headers)
    return Record(
        message.topic, message.partition, message.offset, message.timestamp, message.key, message.value, headers
    )
