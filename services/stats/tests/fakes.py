"""Topics to rebuild from: in memory, and on a real broker under names of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from common import ids
from common.kafka import KafkaConsumer, KafkaProducer
from common.memory import MemoryBroker, MemoryConsumer, MemoryProducer
from common.transport import Consumer, OutRecord, Producer, Record, TopicPartition
from stats.events import TOPICS


class MemoryTopics:
    def __init__(self) -> None:
        self.broker = MemoryBroker(partitions=4)

    async def create(self) -> None:
        """In memory every topic is there."""

    def consumer(self, group: str) -> Consumer:
        return MemoryConsumer(self.broker, group=group)

    async def send(self, *records: Record) -> None:
        await _send(MemoryProducer(self.broker), "", records)


class KafkaTopics:
    """The shop's topics under another name, so that other tests on the broker do not write into them."""

    def __init__(self) -> None:
        self.bootstrap = os.environ["SHOP_TEST_KAFKA"]
        self.prefix = f"test-{ids.new_id().hex}."

    async def create(self) -> None:
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic

        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            new = [NewTopic(self.prefix + topic, num_partitions=4, replication_factor=1) for topic in TOPICS]
            await admin.create_topics(new)
        finally:
            await admin.close()

    def consumer(self, group: str) -> Consumer:
        return _Renamed(KafkaConsumer(self.bootstrap, group=group, client_id="test", session_seconds=10), self.prefix)

    async def send(self, *records: Record) -> None:
        await _send(KafkaProducer(self.bootstrap, client_id="test"), self.prefix, records)


async def _send(producer: Producer, prefix: str, records: Sequence[Record]) -> None:
    await producer.start()
    try:
        acks = [
            await producer.send(OutRecord(prefix + each.topic, each.key or b"", each.value or b"", each.headers))
            for each in records
        ]
        await asyncio.wait_for(asyncio.gather(*acks), 30)
    finally:
        await producer.stop()


class _Renamed(KafkaConsumer):
    """Reads prefixed topics and says their plain names."""

    def __init__(self, inner: KafkaConsumer, prefix: str) -> None:
        self.__dict__.update(inner.__dict__)
        self._prefix = prefix

    async def start(self, topics, *, on_revoke, on_assign) -> None:
        await super().start([self._prefix + topic for topic in topics], on_revoke=on_revoke, on_assign=on_assign)

    def _plain(self, partition: TopicPartition) -> TopicPartition:
        return TopicPartition(partition.topic.removeprefix(self._prefix), partition.partition)

    async def poll(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[Record]]:
        polled = await super().poll(timeout_ms=timeout_ms, max_records=max_records)
        return {
            self._plain(partition): [replace(record, topic=self._plain(partition).topic) for record in records]
            for partition, records in polled.items()
        }

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await super().commit(
            {TopicPartition(self._prefix + part.topic, part.partition): offset for part, offset in offsets.items()}
        )

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(map(self._plain, super().assignment()))

    async def lag(self) -> Mapping[TopicPartition, int]:
        return {self._plain(partition): lag for partition, lag in (await super().lag()).items()}
