"""Records that no service of the shop wrote, put straight into the topics; and positions of groups put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from common import ids
from contracts.registry import EVENTS
from contracts.topics import TOPICS, dead_letter_topic
from shop.instance import Instance
from shop.parts import broker_of

STRANGER = "/shop/chaos"


@dataclass(frozen=True)
class Injected:
    """`readers` are the groups that can make nothing of it, and must each keep one dead letter with `reason`."""

    what: str
    topic: str
    readers: frozenset[str]
    reason: str
    id: str = field(default_factory=lambda: str(ids.new_id()))
    key: str = field(default_factory=lambda: str(ids.new_id()))


def handling(handlers: Mapping[str, set[str]], wire_type: str) -> frozenset[str]:
    """The groups that handle this type of event."""
    return frozenset(group for group, types in handlers.items() if wire_type in types)


def reading(handlers: Mapping[str, set[str]], topic: str) -> frozenset[str]:
    """The groups that read this topic."""
    return frozenset(group for group, types in handlers.items() if any(EVENTS[each].topic == topic for each in types))


def headers(record: Injected, wire_type: str, **changed: str) -> list[tuple[str, bytes]]:
    """Those of an event of ours, as far as they are not `changed`."""
    made = {
        "ce_specversion": "1.0",
        "ce_type": wire_type,
        "ce_source": STRANGER,
        "ce_id": record.id,
        "ce_time": "2026-11-22T00:00:00+00:00",
        "ce_partitionkey": record.key,
        "ce_sequence": "1".zfill(20),
        "ce_dataschema": f"/schemas/{wire_type}/v1",
        "content-type": "application/json",
    } | changed
    return [(name, value.encode()) for name, value in made.items()]


async def send(current: Instance, record: Injected, value: bytes, head: list[tuple[str, bytes]]) -> None:
    """Acknowledged when it returns."""
    producer = AIOKafkaProducer(bootstrap_servers=broker_of(current).bootstrap, max_request_size=1_048_576)
    await producer.start()
    try:
        await producer.send_and_wait(record.topic, key=record.key.encode(), value=value, headers=head)
    finally:
        await producer.stop()


async def reports(current: Instance, group: str, topic: str) -> list[str]:
    """The keys of everything `group` reported dead of `topic`, in order."""
    reader = AIOKafkaConsumer(bootstrap_servers=broker_of(current).bootstrap, enable_auto_commit=False)
    await reader.start()
    try:
        partition = TopicPartition(dead_letter_topic(group, topic), 0)
        reader.assign([partition])
        await reader.seek_to_beginning(partition)
        end = (await reader.end_offsets([partition]))[partition]
        found: list[str] = []
        while await reader.position(partition) < end:
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += [(record.key or b"").decode() for record in records]
        return found
    finally:
        await reader.stop()


async def rewind(current: Instance, group: str) -> int:
    """Puts a group without members back to the beginning of all it reads. Returns how many records come again."""
    servers = broker_of(current).bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        done = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    mine = [partition for partition in done if partition.topic in TOPICS]
    member = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await member.start()
    try:
        member.assign(mine)
        begins = await member.beginning_offsets(mine)
        await member.commit(begins)
    finally:
        await member.stop()
    return sum(max(0, done[partition].offset - begins[partition]) for partition in mine)
