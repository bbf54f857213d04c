"""The history of all events, checked as Jepsen checks a queue: what was committed, published and handled.

Committed: `event_sequences` of each service, which numbers an aggregate's events without gaps. Published: every record
of every topic. Handled: `chaos.handled`, written in the transaction of each handler by the patched plumbing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.chaos.faultbox import FaultBox
from tests.chaos.sql import Sql

from common.kafka_admin import wanted_topics
from shop.audit.findings import AT_REST, Finding
from shop.instance import Instance
from shop.parts import broker_of
from shop.services import SERVICES

_NAMES = tuple(service.name for service in SERVICES)
_HANDLED = "SELECT id, grp, event_id::text AS event_id FROM chaos.handled WHERE id > $1 ORDER BY id"


@dataclass(frozen=True)
class Said:
    """An event as it was first published."""

    type: str
    stream: tuple[str, str, str]  # topic, service, key: inside it events have an order
    sequence: int


class History:
    """Reads on from where it was at each look. Only events of the shop's services count: others are a scenario's."""

    def __init__(self, current: Instance, database: Sql, box: FaultBox) -> None:
        self._instance = current
        self._database = database
        self._box = box
        self._next: dict[TopicPartition, int] = {}
        self.copies = 0
        self.said: dict[str, Said] = {}
        # (service, aggregate) → sequence → event ids; and first copies that came too late.
        self._ids: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._highest: dict[tuple[str, str, str], int] = defaultdict(int)
        # (service, aggregate) → reports of dead letters: with the dead event's headers, and no number of their own.
        self._reports: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._late: list[str] = []
        self._at_rest = 0
        self._done: dict[str, list[str]] = defaultdict(list)

    @property
    def events(self) -> int:
        return len(self.said)

    async def findings(self) -> list[Finding]:
        """Complete once the shop is at rest; before that, what is on its way looks lost."""
        await self._read_on()
        return [*await self._published(), *await self._handled()]

    async def rest(self) -> None:
        """Nothing is on its way and no transaction is open: what was handled until now need not be read again."""
        rows = await self._database.fetch(_HANDLED, self._at_rest)
        for row in rows:
            self._done[row["grp"]].append(row["event_id"])
        self._at_rest = rows[-1]["id"] if rows else self._at_rest

    async def _read_on(self) -> None:
        reader = AIOKafkaConsumer(bootstrap_servers=broker_of(self._instance).bootstrap, enable_auto_commit=False)
        await reader.start()
        try:
            partitions = [
                TopicPartition(spec.name, n) for spec in wanted_topics(_NAMES) for n in range(spec.partitions)
            ]
            ends = await reader.end_offsets(partitions)
            behind = {each for each in partitions if self._next.get(each, 0) < ends[each]}
            reader.assign(list(behind))
            for partition in behind:
                reader.seek(partition, self._next.get(partition, 0))
            while behind:
                for partition, records in (await reader.getmany(timeout_ms=200)).items():
                    for record in records:
                        self._note(record)
                    self._next[partition] = records[-1].offset + 1
                behind = {each for each in behind if self._next.get(each, 0) < ends[each]}
        finally:
            await reader.stop()

    def _note(self, record: Any) -> None:
        headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
        source, event_id = headers.get("ce_source", "").rpartition("/")[2], headers.get("ce_id", "")
        if "dlq-consumer-group" in headers:
            place = (
                f"{headers['dlq-original-topic']} {headers['dlq-original-partition']} {headers['dlq-original-offset']}"
            )
            self._reports[headers["dlq-consumer-group"], (record.key or b"").decode()].add(place)
            return
        if source not in _NAMES:
            return
        if event_id in self.said:
            self.copies += 1
            return
        key, sequence = (record.key or b"").decode(), int(headers["ce_sequence"])
        stream = (record.topic, source, key)
        self.said[event_id] = Said(headers["ce_type"], stream, sequence)
        self._ids[source, key][sequence].add(event_id)
        if sequence < self._highest[stream]:
            self._late.append(f"{record.topic} {key}: {sequence} came after {self._highest[stream]}")
        self._highest[stream] = max(self._highest[stream], sequence)

    async def _published(self) -> list[Finding]:
        lost, made_up = [], []
        for service in _NAMES:
            rows = await self._database.fetch(f"SELECT aggregateid, last_seq FROM {service}.event_sequences")
            committed = {row["aggregateid"]: row["last_seq"] for row in rows}
            for key, last in committed.items():
                published = self._ids.get((service, key), {})
                missing = [f"{service} {key} {number}" for number in range(1, last + 1) if number not in published]
                lost += missing[len(self._reports.get((service, key), ())) :]
            made_up += list(self._uncommitted(service, committed))
        return [
            Finding("lost", "every committed event was published", tuple(lost), AT_REST),
            Finding("doubled", "only committed events were published, each number once", tuple(made_up), AT_REST),
            Finding("out of order", "the first copies of an aggregate's events are in order", tuple(self._late)),
        ]

    def _uncommitted(self, service: str, committed: dict[str, int]) -> Iterator[str]:
        for (source, key), published in self._ids.items():
            if source != service:
                continue
            for number, ids in published.items():
                if number > committed.get(key, 0) or len(ids) > 1:
                    yield f"{service} {key} {number}"

    async def _handled(self) -> list[Finding]:
        done = {group: list(events) for group, events in self._done.items()}
        for row in await self._database.fetch(_HANDLED, self._at_rest):
            done.setdefault(row["grp"], []).append(row["event_id"])
        lost, doubled, late = [], [], []
        for group, types in self._box.handlers().items():
            dead = {row[0] for row in await self._database.fetch(f"SELECT event_id::text FROM {group}.dead_letters")}
            mine = done.get(group, [])
            wanted = {event for event, said in self.said.items() if said.type in types} - dead
            lost += [f"{group} {event}" for event in sorted(wanted - set(mine))]
            doubled += [f"{group} {event}" for event, times in Counter(mine).items() if times > 1]
            late += [f"{group} {event}" for event in self._out_of_order(mine, dead)]
        return [
            Finding(
                "lost", "every published event had its effect in every group that handles it", tuple(lost), AT_REST
            ),
            Finding("doubled", "no event had its effect twice in a group", tuple(doubled)),
            Finding("out of order", "the effects of an aggregate's events are in their order", tuple(late)),
        ]

    def _out_of_order(self, handled: Sequence[str], dead: set[str]) -> Iterator[str]:
        """What was dead once is settled whenever somebody replays it."""
        highest: dict[tuple[str, str, str], int] = defaultdict(int)
        for event in handled:
            said = self.said.get(event)
            if said is None or event in dead:
                continue
            if said.sequence < highest[said.stream]:
                yield event
            highest[said.stream] = max(highest[said.stream], said.sequence)
