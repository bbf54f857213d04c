"""A small shop without processes: rows in a real database and events in real topics, put there by hand."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from common import ids
from common.clock import Clock
from common.cloudevents import encode
from common.kafka_admin import ensure_topics, wanted_topics
from contracts.envelope import Event
from contracts.topics import TOPICS
from shop.audit.heard import HEARD

NOW = Clock().now()
_ZERO = UUID(int=0)
_BLANK = {
    "text": "x", "uuid": _ZERO, "bigint": 0, "integer": 0, "smallint": 0, "boolean": False, "bytea": b"",
    "jsonb": {}, "ARRAY": [], "timestamp with time zone": NOW, "date": NOW.date(),
}  # fmt: skip
_USUAL = {"currency": "KRW", "mall_id": "intake", "tax": "taxable"}


def named(*parts: object) -> UUID:
    """The same id for the same words, so that a test can say whom it means."""
    return ids.derived_id("audit-test", *map(str, parts))


@dataclass
class Said:
    """An event as it lies in its topic. `again`: how often it was delivered."""

    event: Event
    source: str
    sequence: int
    event_id: UUID = field(default_factory=ids.new_id)
    again: int = 1

    def record(self, **changes):
        told = {
            "topic": self.event.topic,
            "key": self.event.key,
            "event_id": self.event_id,
            "wire_type": self.event.type,
            "source": self.source,
            "time": NOW,
            "sequence": self.sequence,
            "payload": self.event.model_dump_json().encode(),
            "stored": {"dataschema": self.event.dataschema()},
        }
        return encode(**told | changes)


@dataclass
class World:
    """`rows`: table → rows, each with what matters; `told`: events in the order in which they were committed."""

    rows: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    told: list[Said] = field(default_factory=list)
    sequences: Counter = field(default_factory=Counter)

    def row(self, table: str, **columns) -> dict:
        """The row, which may still be changed until it is written."""
        self.rows[table].append(columns)
        return columns

    def say(self, event: Event, **columns) -> Said:
        """By the owner of its topic, numbered, and heard by all who hear its type."""
        source = TOPICS[event.topic].owner
        self.sequences[source, event.key] += 1
        said = Said(event, source, self.sequences[source, event.key], **columns)
        self.told.append(said)
        for service, types in HEARD.items():
            if event.type in types:
                self.row(f"{service}.inbox", event_id=said.event_id)
        return said

    async def write(self, connection: asyncpg.Connection) -> None:
        """Past every trigger and foreign key; columns not told are blank."""
        for (source, key), last in self.sequences.items():
            self.row(f"{source}.event_sequences", aggregateid=key, last_seq=last)
        await connection.execute("SET session_replication_role = replica")
        for table, rows in self.rows.items():
            needed = await _needed(connection, table)
            for row in rows:
                await insert(connection, table, needed | row)

    async def publish(self, bootstrap: str) -> None:
        await send(bootstrap, [said.record() for said in self.told for _ in range(said.again)])


async def insert(connection, table, row):
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(f"${number}" for number, _ in enumerate(row, 1))
    values = [json.dumps(value, default=str) if isinstance(value, dict) else value for value in row.values()]
    await connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *values)


async def add(connection, table, row):
    """Columns not told are blank."""
    await insert(connection, table, await _needed(connection, table) | row)


async def _needed(connection, table):
    schema, name = table.split(".")
    columns = await connection.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2"
        " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
        schema,
        name,
    )
    return {name: _USUAL.get(name, _BLANK[kind]) for name, kind in columns}


async def send(bootstrap: str, records: Iterable, *, at: int | None = None) -> None:
    """`at`: the records' own time, in milliseconds."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for each in records:
            headers = list(each.headers)
            await producer.send_and_wait(each.topic, each.value, key=each.key, headers=headers, timestamp_ms=at)
    finally:
        await producer.stop()


async def fresh_topics(bootstrap: str) -> None:
    """All topics, empty, whatever was in them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        ours = {spec.name for spec in wanted_topics()}
        if there := ours & set(await admin.list_topics()):
            await admin.delete_topics(sorted(there))
        for _ in range(1200):
            if not ours & set(await admin.list_topics()):
                break
            await asyncio.sleep(0.05)
    finally:
        await admin.close()
    await ensure_topics(bootstrap)


async def stand_at(bootstrap: str, service: str, behind: dict[TopicPartition, int] | None = None) -> None:
    """The service's group has read all of its topics, but for so many records."""
    from contracts.registry import EVENTS

    topics = {EVENTS[name].topic for name in HEARD[service]}
    partitions = [TopicPartition(topic, number) for topic in topics for number in range(TOPICS[topic].partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=service, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        less = behind or {}
        await consumer.commit({partition: end - less.get(partition, 0) for partition, end in ends.items()})
    finally:
        await consumer.stop()
