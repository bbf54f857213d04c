"""The transport on Apache Kafka, by aiokafka. Its defaults lose and reorder records: every one that matters is set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError
from aiokafka.protocol.fetch import FetchRequest

from common import log
from common.kafka_client import begins_again
from common.transport import (
    AssignListener,
    CommitLost,
    Headers,
    OutRecord,
    Record,
    RevokeListener,
    TopicPartition,
)
from contracts.topics import TOPICS

_log = log.get(__name__)

_REST_SECONDS = 0.05


class KafkaProducer:
    """Idempotent, acks=all. Large batches because one batch per partition is in flight at a time.

    After a failed record the broker refuses what was buffered behind it, by its sequence numbers, and `send` takes
    nothing more until `rebuild`: so nothing overtakes a record that will be sent again. Without idempotence (a setting
    for brokers that lack it) only the second half holds.
    """

    def __init__(self, bootstrap: str, *, client_id: str, idempotent: bool = True) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None
        self._failed = False

    async def start(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=self._idempotent,
            max_batch_size=262_144,
            max_request_size=1_048_576,
            linger_ms=2,
            request_timeout_ms=15_000,
            metadata_max_age_ms=60_000,
        )
        begins_again(producer.client)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer
        self._failed = False

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def send(self, record: OutRecord) -> asyncio.Future[None]:
        if self._producer is None or self._failed:
            raise ConnectionError("the producer is not started, or a record failed before this one")
        future: asyncio.Future[Any] = await self._producer.send(
            record.topic, key=record.key, value=record.value, headers=list(record.headers)
        )
        producer = self._producer
        future.add_done_callback(lambda done: self._note(producer, done))
        return future

    def _note(self, producer: AIOKafkaProducer, done: asyncio.Future[Any]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and producer is self._producer:  # a late failure of a producer thrown away says nothing
            self._failed = True

    async def rebuild(self) -> None:
        old, self._producer = self._producer, None
        if old is not None:
            # A producer in trouble may never flush: give it a moment, then let it go. What it still held is resent.
            try:
                await asyncio.wait_for(_close_without_flush(old), timeout=5)
            except Exception as error:  # noqa: BLE001 - it is thrown away whatever it says
                _log.warning("old producer did not close", error=repr(error))
        await self.start()


async def _close_without_flush(producer: AIOKafkaProducer) -> None:
    await producer._sender.close()  # noqa: SLF001 - stop() would wait for batches that can never be sent
    await producer.client.close()
    producer._closed = True  # noqa: SLF001 - silences the warning about an unclosed producer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, on_revoke: RevokeListener, on_assign: AssignListener) -> None:
        self._on_revoke = on_revoke
        self._on_assign = on_assign

    async def on_partitions_revoked(self, revoked: set[KafkaPartition]) -> None:
        await self._on_revoke(_ours(revoked))

    async def on_partitions_assigned(self, assigned: set[KafkaPartition]) -> None:
        await self._on_assign(_ours(assigned))


class KafkaConsumer:
    """Manual commits of explicit offsets, from the earliest record, sticky assignment.

    Without `shared` it takes every partition and only keeps its offsets under the group's name: for brokers whose
    groups never forget a killed member. Then one process per service may consume; the inbox would bear a second one.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str,
        client_id: str,
        shared: bool = True,
        session_seconds: float = 30,
        rebalance_seconds: float = 60,
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._client_id = client_id
        self._shared = shared
        self._session_ms = int(session_seconds * 1000)
        self._rebalance_ms = int(max(rebalance_seconds, session_seconds) * 1000)
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self, topics: Sequence[str], *, on_revoke: RevokeListener, on_assign: AssignListener) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=min(3000, self._session_ms // 4),
            rebalance_timeout_ms=self._rebalance_ms,
            max_poll_interval_ms=300_000,
            partition_assignment_strategy=(StickyPartitionAssignor,),
            fetch_max_wait_ms=500,
            max_partition_fetch_bytes=1_048_576,
            metadata_max_age_ms=60_000,
        )
        begins_again(consumer._client)  # noqa: SLF001 - it has no name for others
        everything: set[KafkaPartition] = set()
        if self._shared:
            consumer.subscribe(topics=list(topics), listener=_Listener(on_revoke, on_assign))
        else:
            everything = {KafkaPartition(topic, n) for topic in topics for n in range(TOPICS[topic].partitions)}
            consumer.assign(everything)
            consumer._client.send = _unhurried(consumer._client.send)  # noqa: SLF001 - there is no setting for it
        self._consumer = consumer
        try:
            await consumer.start()
        except BaseException:
            self._consumer = None
            await consumer.stop()
            raise
        if not self._shared:
            await on_assign(_ours(everything))

    @property
    def _running(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise ConnectionError("the consumer is not started")
        return self._consumer

    async def stop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def poll(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[Record]]:
        polled = await self._running.getmany(timeout_ms=timeout_ms, max_records=max_records)
        return {
            TopicPartition(partition.topic, partition.partition): [_record(message) for message in messages]
            for partition, messages in polled.items()
        }

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        try:
            await self._running.commit({_theirs(partition): offset for partition, offset in offsets.items()})
        except (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError) as error:
            raise CommitLost(str(error)) from error

    def pause(self, *partitions: TopicPartition) -> None:
        self._running.pause(*map(_theirs, partitions))

    def resume(self, *partitions: TopicPartition) -> None:
        self._running.resume(*map(_theirs, partitions))

    def assignment(self) -> frozenset[TopicPartition]:
        return _ours(self._running.assignment())

    async def lag(self) -> Mapping[TopicPartition, int]:
        partitions = list(self._running.assignment())
        if not partitions:
            return {}
        ends = await self._running.end_offsets(partitions)
        behind: dict[TopicPartition, int] = {}
        for partition in partitions:
            done = await self._running.committed(partition)
            behind[TopicPartition(partition.topic, partition.partition)] = max(0, ends[partition] - (done or 0))
        return behind

    async def seek_to_beginning(self) -> None:
        await self._running.seek_to_beginning(*self._running.assignment())


def _unhurried(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Such brokers also answer a fetch at once where Kafka waits for records: the client would ask without pause."""

    async def send_and_rest(node: int, request: Any, **options: Any) -> Any:
        answer = await send(node, request, **options)
        if isinstance(request, FetchRequest) and not any(part[-1] for _, parts in answer.topics for part in parts):
            await asyncio.sleep(_REST_SECONDS)
        return answer

    return send_and_rest


def _ours(partitions: set[KafkaPartition]) -> frozenset[TopicPartition]:
    return frozenset(TopicPartition(partition.topic, partition.partition) for partition in partitions)


def _theirs(partition: TopicPartition) -> KafkaPartition:
    return KafkaPartition(partition.topic, partition.partition)


def _record(message: Any) -> Record:
    headers: Headers = tuple((name, value or b"") for name, value in message.headers)
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=message.timestamp,
        key=message.key,
        value=message.value,
        headers=headers,
    )
