"""The history of all events, checked as Jepsen checks a queue: what was committed, published and handled.

Committed: `event_sequences` of each service, which numbers an aggregate's events without gaps. Published: every record
of every topic. Handled: `chaos.handled`, written in the transaction of each handler by the patched plumbing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from tests.chaos.faultbox import FaultBox

from contracts.topics import TOPICS
from shop.audit.findings import Finding
from shop.instance import Instance
from shop.parts import broker_of
from shop.services import SERVICES

_NAMES = tuple(service.name for service in SERVICES)
_COUNTED = "SELECT grp, event_id::text AS id, count(*) AS times FROM chaos.handled GROUP BY 1, 2"


class History:
    """Reads on from where it was at each look. Only events of the shop's services count: others are a scenario's."""

    def __init__(self, current: Instance, database: asyncpg.Connection, box: FaultBox) -> None:
        self._instance = current
        self._database = database
        self._box = box
        self._next: dict[TopicPartition, int] = {}
        self.events = 0
        self.copies = 0
        self._seen: set[str] = set()
        # (service, aggregate) → sequence → event ids; and first deliveries that came too late.
        self._ids: dict[tuple[str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._highest: dict[tuple[str, str, str], int] = defaultdict(int)
        self._late: list[str] = []
        self._by_type: dict[str, set[str]] = defaultdict(set)

    async def findings(self) -> list[Finding]:
        """Complete once the shop is at rest; before that, what is on its way looks lost."""
        await self._read_on()
        return [*[finding async for finding in self._published()], *await self._handled()]

    async def _read_on(self) -> None:
        reader = AIOKafkaConsumer(bootstrap_servers=broker_of(self._instance).bootstrap, enable_auto_commit=False)
        await reader.start()
        try:
            partitions = [
                TopicPartition(spec.name, each) for spec in TOPICS.values() for each in range(spec.partitions)
            ]
            ends = await reader.end_offsets(partitions)
            behind = {each for each in partitions if self._next.get(each, 0) < ends[each]}
            if not behind:
                return
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
        if source not in _NAMES:
            return
        if event_id in self._seen:
            self.copies += 1
            return
        self._seen.add(event_id)
        self.events += 1
        key, sequence = (record.key or b"").decode(), int(headers["ce_sequence"])
        self._ids[source, key][sequence].add(event_id)
        stream = (record.topic, source, key)
        if sequence < self._highest[stream]:
            self._late.append(f"{record.topic} {key}: {sequence} came after {self._highest[stream]}")
        self._highest[stream] = max(self._highest[stream], sequence)
        self._by_type[headers["ce_type"]].add(event_id)

    async def _published(self) -> Any:
        lost, made_up = [], []
        for service in _NAMES:
            rows = await self._database.fetch(f"SELECT aggregateid, last_seq FROM {service}.event_sequences")
            committed = {row["aggregateid"]: row["last_seq"] for row in rows}
            for key, last in committed.items():
                published = self._ids.get((service, key), {})
                lost += [f"{service} {key} {number}" for number in range(1, last + 1) if number not in published]
            made_up += list(self._uncommitted(service, committed))
        yield Finding("lost", "every committed event was published", tuple(lost))
        yield Finding("doubled", "only committed events were published, each number once", tuple(made_up))
        yield Finding("out of order", "the first copies of an aggregate's events are in order", tuple(self._late))

    def _uncommitted(self, service: str, committed: dict[str, int]) -> Iterator[str]:
        for (source, key), published in self._ids.items():
            if source != service:
                continue
            for number, ids in published.items():
                if number > committed.get(key, 0) or len(ids) > 1:
                    yield f"{service} {key} {number}"

    async def _handled(self) -> list[Finding]:
        times: dict[str, dict[str, int]] = defaultdict(dict)
        for row in await self._database.fetch(_COUNTED):
            times[row["grp"]][row["id"]] = row["times"]
        doubled = [
            f"{group} {event} {count}x" for group, ids in times.items() for event, count in ids.items() if count > 1
        ]
        lost = []
        for group, types in self._box.handlers().items():
            dead = await self._database.fetch(f"SELECT event_id::text FROM {group}.dead_letters")
            wanted = {event for each in types for event in self._by_type[each]} - {row[0] for row in dead}
            lost += [f"{group} {event}" for event in wanted - times[group].keys()]
        return [
            Finding("lost", "every published event had its effect in every group that handles it", tuple(sorted(lost))),
            Finding("doubled", "no event had its effect twice", tuple(sorted(doubled))),
        ]
