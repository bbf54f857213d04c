"""One suite for every transport: what the relay and the consumer loop rely on."""

import asyncio
import os

import pytest
from aiokafka.protocol.metadata import MetadataResponse_v1

from common import ids, kafka_admin
from common.kafka import KafkaConsumer, KafkaProducer
from common.memory import MemoryBroker, MemoryConsumer, MemoryProducer
from common.transport import CommitLost, OutRecord, TopicPartition

pytestmark = [pytest.mark.integration, pytest.mark.kafka]


class MemoryTransport:
    def __init__(self) -> None:
        self.broker = MemoryBroker(partitions=4)

    async def create_topic(self, name: str) -> None:
        pass

    def producer(self):
        return MemoryProducer(self.broker)

    def consumer(self, group: str):
        return MemoryConsumer(self.broker, group=group)


class RealTransport:
    def __init__(self) -> None:
        self.bootstrap = os.environ["SHOP_TEST_KAFKA"]

    async def create_topic(self, name: str) -> None:
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic

        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, num_partitions=4, replication_factor=1)])
        finally:
            await admin.close()

    def producer(self):
        return KafkaProducer(self.bootstrap, client_id="test")

    def consumer(self, group: str):
        return KafkaConsumer(self.bootstrap, group=group, client_id="test", session_seconds=10)


@pytest.fixture(params=["memory", "kafka"])
async def transport(request):
    return MemoryTransport() if request.param == "memory" else RealTransport()


@pytest.fixture
async def topic(transport) -> str:
    name = f"test.{ids.new_id().hex}"
    await transport.create_topic(name)
    return name


async def ignore(_partitions) -> None:
    pass


async def read(consumer, count: int):
    records = []
    async with asyncio.timeout(30):
        while len(records) < count:
            polled = await consumer.poll(timeout_ms=100, max_records=100)
            records.extend(record for batch in polled.values() for record in batch)
    return records


async def send(producer, topic: str, *pairs: tuple[str, str]) -> None:
    acks = [
        await producer.send(OutRecord(topic, key.encode(), value.encode(), (("ce_id", b"1"),))) for key, value in pairs
    ]
    await asyncio.wait_for(asyncio.gather(*acks), 30)


async def test_a_key_is_read_in_the_order_it_was_sent_with_headers(transport, topic):
    producer, consumer = transport.producer(), transport.consumer(ids.new_id().hex)
    await producer.start()
    await send(producer, topic, *((f"key-{number % 3}", str(number)) for number in range(60)))
    await consumer.start([topic], on_revoke=ignore, on_assign=ignore)
    records = await read(consumer, 60)
    await consumer.stop()
    await producer.stop()
    for key in (b"key-0", b"key-1", b"key-2"):
        values = [int(record.value) for record in records if record.key == key]
        assert values == sorted(values)
        assert len({record.partition for record in records if record.key == key}) == 1
    assert len(records) == 60
    assert records[0].headers == (("ce_id", b"1"),)


async def test_a_group_goes_on_from_its_committed_offsets(transport, topic):
    producer, group = transport.producer(), ids.new_id().hex
    await producer.start()
    await send(producer, topic, *(("one", str(number)) for number in range(10)))
    first = transport.consumer(group)
    await first.start([topic], on_revoke=ignore, on_assign=ignore)
    records = await read(first, 10)
    await first.commit({TopicPartition(topic, records[0].partition): records[6].offset})
    await first.stop()
    second = transport.consumer(group)
    await second.start([topic], on_revoke=ignore, on_assign=ignore)
    again = await read(second, 4)
    assert [int(record.value) for record in again] == [6, 7, 8, 9]
    await second.stop()
    await producer.stop()


async def test_a_second_member_takes_a_share_after_the_first_was_asked_to_let_go(transport, topic):
    group, revoked = ids.new_id().hex, asyncio.Event()

    async def on_revoke(_partitions) -> None:
        revoked.set()

    first, second = transport.consumer(group), transport.consumer(group)
    await first.start([topic], on_revoke=on_revoke, on_assign=ignore)

    async def spread() -> None:
        def settled() -> bool:
            one, two = first.assignment(), second.assignment()
            return bool(one and two) and not one & two and len(one | two) == 4

        while not settled():
            await asyncio.gather(first.poll(timeout_ms=50, max_records=1), second.poll(timeout_ms=50, max_records=1))

    await second.start([topic], on_revoke=ignore, on_assign=ignore)
    await asyncio.wait_for(spread(), 30)
    assert revoked.is_set()
    await first.stop()
    await second.stop()


async def test_committing_what_belongs_to_nobody_or_another_is_refused(transport, topic):
    group = ids.new_id().hex
    first, second = transport.consumer(group), transport.consumer(group)
    await first.start([topic], on_revoke=ignore, on_assign=ignore)
    while not first.assignment():
        await first.poll(timeout_ms=50, max_records=1)
    mine = next(iter(first.assignment()))
    await first.stop()
    await second.start([topic], on_revoke=ignore, on_assign=ignore)
    with pytest.raises((CommitLost, ConnectionError)):
        await first.commit({mine: 1})
    await second.stop()


async def test_a_paused_partition_gives_nothing_until_resumed(transport, topic):
    producer, consumer = transport.producer(), transport.consumer(ids.new_id().hex)
    await producer.start()
    await consumer.start([topic], on_revoke=ignore, on_assign=ignore)
    await send(producer, topic, ("one", "first"))
    record = (await read(consumer, 1))[0]
    partition = TopicPartition(topic, record.partition)
    consumer.pause(partition)
    await send(producer, topic, ("one", "second"))
    for _ in range(3):
        assert await consumer.poll(timeout_ms=100, max_records=10) == {}
    consumer.resume(partition)
    assert (await read(consumer, 1))[0].value == b"second"
    await consumer.stop()
    await producer.stop()


async def test_lag_counts_what_is_not_committed(transport, topic):
    producer, consumer = transport.producer(), transport.consumer(ids.new_id().hex)
    await producer.start()
    await consumer.start([topic], on_revoke=ignore, on_assign=ignore)
    await send(producer, topic, *(("one", str(number)) for number in range(5)))
    records = await read(consumer, 5)
    partition = TopicPartition(topic, records[0].partition)
    assert (await consumer.lag())[partition] == 5
    await consumer.commit({partition: records[-1].offset + 1})
    assert (await consumer.lag())[partition] == 0
    await consumer.stop()
    await producer.stop()


async def test_a_rebuilt_producer_sends_on(transport, topic):
    producer, consumer = transport.producer(), transport.consumer(ids.new_id().hex)
    await producer.start()
    await send(producer, topic, ("one", "before"))
    await producer.rebuild()
    await send(producer, topic, ("one", "after"))
    await consumer.start([topic], on_revoke=ignore, on_assign=ignore)
    assert [record.value for record in await read(consumer, 2)] == [b"before", b"after"]
    await consumer.stop()
    await producer.stop()


async def test_alone_without_a_group_every_partition_is_read_and_offsets_are_kept():
    real, group, topic = RealTransport(), ids.new_id().hex, "shop.reports.v1"
    await kafka_admin.ensure_topics(real.bootstrap, groups=[])
    mine = [ids.new_id().hex for _ in range(8)]

    async def read_mine(consumer, wanted: set[str]) -> list:
        found = []
        while {record.key.decode() for record in found} < wanted:
            polled = await consumer.poll(timeout_ms=100, max_records=100)
            found += [record for batch in polled.values() for record in batch if record.key.decode() in mine]
        return found

    def alone() -> KafkaConsumer:
        return KafkaConsumer(real.bootstrap, group=group, client_id="test", shared=False)

    producer, first, second = real.producer(), alone(), alone()
    await producer.start()
    await send(producer, topic, *((key, "early") for key in mine))
    async with asyncio.timeout(60):
        await first.start([topic], on_revoke=ignore, on_assign=ignore)
        early = await read_mine(first, set(mine))
        ends = {TopicPartition(topic, record.partition): record.offset + 1 for record in early}
        await first.commit(ends)
        await first.stop()
        await send(producer, topic, *((key, "late") for key in mine))
        await second.start([topic], on_revoke=ignore, on_assign=ignore)
        late = await read_mine(second, set(mine))
    assert [record.value for record in early + late] == [b"early"] * 8 + [b"late"] * 8
    await second.stop()
    await producer.stop()


def forget_all_but_one_that_is_gone(client, topic: str, port: int) -> None:
    """As if the last news of the cluster had come while a single broker was up, which is gone since."""
    partitions = [(0, number, 99, [99], [99]) for number in range(4)]
    brokers = [(99, "127.0.0.1", port, None)]
    client.cluster.update_metadata(MetadataResponse_v1(brokers, 99, [(0, topic, False, partitions)]))
    for connection in list(client._conns.values()):
        connection.close()
    client._conns.clear()


async def test_the_cluster_is_found_again_when_all_brokers_that_were_known_are_gone(unused_tcp_port):
    transport, topic = RealTransport(), f"test.{ids.new_id().hex}"
    await transport.create_topic(topic)
    producer, consumer = transport.producer(), transport.consumer(ids.new_id().hex)
    await producer.start()
    await consumer.start([topic], on_revoke=ignore, on_assign=ignore)
    await send(producer, topic, ("one", "before"))
    await read(consumer, 1)
    forget_all_but_one_that_is_gone(producer._producer.client, topic, unused_tcp_port)
    forget_all_but_one_that_is_gone(consumer._consumer._client, topic, unused_tcp_port)
    await send(producer, topic, ("one", "after"))
    assert [record.value for record in await read(consumer, 1)] == [b"after"]
    await consumer.stop()
    await producer.stop()
