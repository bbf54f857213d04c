"""How many records each consumer group has not read yet, asked of the broker."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.topics import TOPICS
from shop.instance import Instance
from shop.parts import broker_of


async def behind(current: Instance, groups: Sequence[str]) -> dict[str, int]:
    """Group → records between its committed offsets and the ends, over the partitions it has ever committed.

    A partition without a commit counts from its beginning once the group has committed anything on its topic.
    Raises `KafkaError`.
    """
    servers = broker_of(current).bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    reader = AIOKafkaConsumer(bootstrap_servers=servers)
    try:
        await admin.start()
        await reader.start()
        found: dict[str, int] = {}
        for group in groups:
            offsets = await admin.list_consumer_group_offsets(group)
            done = {partition: max(0, meta.offset) for partition, meta in offsets.items()}
            for topic in {partition.topic for partition in done} & TOPICS.keys():
                for number in range(TOPICS[topic].partitions):
                    done.setdefault(TopicPartition(topic, number), 0)
            ends = await reader.end_offsets(list(done)) if done else {}
            found[group] = sum(max(0, ends[partition] - offset) for partition, offset in done.items())
        return found
    finally:
        await reader.stop()
        await admin.close()
