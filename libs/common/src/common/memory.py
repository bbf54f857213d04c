"""The transport inside one process: partitions, groups and rebalances as Kafka has them, for tests."""

from __future__ import annotations

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.clock import Clock
from common.transport import AssignListener, CommitLost, OutRecord, Record, RevokeListener, TopicPartition
from contracts.topics import PARTITIONS


@dataclass
class _Group:
    members: list[MemoryConsumer] = field(default_factory=list)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class MemoryBroker:
    """Keeps every record. `fail_next` makes that many sends fail; `drop_acks` stores records and reports failure."""

    def __init__(self, *, partitions: int = PARTITIONS, clock: Clock | None = None) -> None:
        self.partitions = partitions
        self.records: dict[TopicPartition, list[Record]] = defaultdict(list)
        self.groups: dict[str, _Group] = defaultdict(_Group)
        self.arrived = asyncio.Event()
        self.fail_next = 0
        self.drop_acks = 0
        self._clock = clock or Clock()

    def append(self, record: OutRecord) -> None:
        partition = TopicPartition(record.topic, zlib.crc32(record.key) % self.partitions)
        log = self.records[partition]
        log.append(
            Record(
                topic=record.topic,
                partition=partition.partition,
                offset=len(log),
                timestamp_ms=int(self._clock.now().timestamp() * 1000),
                key=record.key,
                value=record.value,
                headers=record.headers,
            )
        )
        self.arrived.set()
        self.arrived = asyncio.Event()

    def all(self, topic: str) -> list[Record]:
        """Every record of a topic, partition by partition."""
        found = sorted(partition for partition in self.records if partition.topic == topic)
        return [record for partition in found for record in self.records[partition]]


class MemoryProducer:
    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._broken: set[int] = set()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, record: OutRecord) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        partition = zlib.crc32(record.key) % self._broker.partitions
        if partition in self._broken:
            future.set_exception(ConnectionError("an earlier record of this partition failed"))
            return future
        if self._broker.fail_next > 0:
            self._broker.fail_next -= 1
            self._broken.add(partition)
            future.set_exception(ConnectionError("the broker refused the record"))
            return future
        self._broker.append(record)
        if self._broker.drop_acks > 0:
            self._broker.drop_acks -= 1
            self._broken.add(partition)
            future.set_exception(TimeoutError("the acknowledgement was lost"))
        else:
            future.set_result(None)
        return future

    async def rebuild(self) -> None:
        self._broken.clear()


class MemoryConsumer:
    def __init__(self, broker: MemoryBroker, *, group: str) -> None:
        self._broker = broker
        self._group = broker.groups[group]
        self._topics: tuple[str, ...] = ()
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._on_revoke: RevokeListener | None = None
        self._on_assign: AssignListener | None = None

    async def start(self, topics: Sequence[str], *, on_revoke: RevokeListener, on_assign: AssignListener) -> None:
        self._topics = tuple(topics)
        self._on_revoke, self._on_assign = on_revoke, on_assign
        self._group.members.append(self)
        await _rebalance(self._broker, self._group)

    async def stop(self) -> None:
        if self in self._group.members:
            self._group.members.remove(self)
            self._positions = {}
            await _rebalance(self._broker, self._group)

    async def poll(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[Record]]:
        arrived = self._broker.arrived
        found = self._take(max_records)
        if not found:
            try:
                await asyncio.wait_for(arrived.wait(), timeout_ms / 1000)
            except TimeoutError:
                return {}
            found = self._take(max_records)
        return found

    def _take(self, max_records: int) -> dict[TopicPartition, list[Record]]:
        found: dict[TopicPartition, list[Record]] = {}
        left = max_records
        for partition in sorted(self._positions):
            if partition in self._paused or left <= 0:
                continue
            start = self._positions[partition]
            records = self._broker.records[partition][start : start + left]
            if records:
                found[partition] = records
                self._positions[partition] = start + len(records)
                left -= len(records)
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if not offsets.keys() <= self._positions.keys():
            raise CommitLost("the partitions belong to another member")
        self._group.committed.update(offsets)

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self._positions)

    async def lag(self) -> Mapping[TopicPartition, int]:
        return {
            partition: len(self._broker.records[partition]) - self._group.committed.get(partition, 0)
            for partition in self._positions
        }

    async def seek_to_beginning(self) -> None:
        self._positions = dict.fromkeys(self._positions, 0)

    async def revoke(self) -> None:
        if self._on_revoke is not None and self._positions:
            await self._on_revoke(frozenset(self._positions))

    async def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._positions = {partition: self._group.committed.get(partition, 0) for partition in partitions}
        self._paused &= self._positions.keys()
        if self._on_assign is not None:
            await self._on_assign(frozenset(partitions))

    def wants(self, topic: str) -> bool:
        return topic in self._topics


async def _rebalance(broker: MemoryBroker, group: _Group) -> None:
    """Eager, as aiokafka does it: everybody gives everything back, then takes its share."""
    async with group.lock:
        for member in group.members:
            await member.revoke()
        shares: dict[int, list[TopicPartition]] = {index: [] for index in range(len(group.members))}
        topics = sorted({topic for member in group.members for topic in member._topics})  # noqa: SLF001 - same module
        for topic in topics:
            takers = [index for index, member in enumerate(group.members) if member.wants(topic)]
            for partition in range(broker.partitions):
                shares[takers[partition % len(takers)]].append(TopicPartition(topic, partition))
        for index, member in enumerate(group.members):
            await member.assign(shares[index])
