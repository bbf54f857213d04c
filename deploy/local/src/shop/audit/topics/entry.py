"""A record of the broker as lines of the notebook."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common.cloudevents import Envelope, fallback_id, read_envelope
from common.errors import PermanentFailure
from common.transport import Record
from contracts.topics import TOPICS
from shop.audit.topics.store import Store
from shop.audit.topics.telling import telling

DEAD_LETTERS = ".dlq"
_SOURCE = "/shop/"
# A stranger may write any number; the notebook's are of 64 bits.
_HIGHEST = 2**63 - 1


class Named(NamedTuple):
    """An event: who said it, about what, its number there, and its id. No `source`: a stranger."""

    source: str | None
    key: str
    sequence: int
    id: str


@dataclass
class Page:
    """Lines that wait to be written."""

    lines: dict[str, list[Sequence[Any]]] = field(default_factory=dict)

    def note(self, table: str, *values: Any) -> None:
        self.lines.setdefault(table, []).append(values)

    def write(self, store: Store) -> None:
        for table, rows in self.lines.items():
            store.add(table, rows)
        self.lines.clear()

    def take(self, record: Record) -> None:
        """Never raises: a record nobody can read is a line too, under the id by which the services know it."""
        if record.topic.endswith(DEAD_LETTERS):
            self.note("reports", record.topic.partition(".")[0], _text(record.key))
            return
        where = (record.topic, record.partition, record.offset, record.timestamp_ms)
        content = hashlib.blake2b(record.value or b"", digest_size=8)
        try:
            envelope = read_envelope(record)
        except PermanentFailure:
            self.note(
                "records", *where, None, _text(record.key), 0, str(fallback_id(record)), None, content.hexdigest()
            )
            return
        content.update(envelope.time.isoformat().encode())
        sequence = max(-_HIGHEST, min(envelope.sequence, _HIGHEST))
        event = Named(_publisher(record.topic, envelope), envelope.key, sequence, str(envelope.event_id))
        self.note("records", *where, *event, envelope.type, content.hexdigest())
        self.tell(event, envelope.type, record.value, where[:3])

    def tell(self, event: Named, wire_type: str, payload: bytes | None, where: Sequence[Any] = ()) -> None:
        """What the text says. `where` (topic, partition, offset) is empty for an event that has not left yet.

        Figures follow from whatever its reader can read; facts and steps are of those who answer for them.
        """
        said = telling(wire_type, payload)
        if event.source is not None:
            for name, ref in said.facts:
                self.note("told", name, ref, *event)
            for story, ref, state in said.steps:
                self.note("steps", story, ref, *event, state)
        if where:
            for fact, content in said.figures:
                self.note("replayed", fact, content, event.id, *where)


def _publisher(topic: str, envelope: Envelope) -> str | None:
    """The service whose topic it is, if the event says that it comes from there. Whatever else lies in a topic was put
    there by somebody else: its readers must settle it, and no publisher answers for it."""
    spec = TOPICS.get(topic)
    name = envelope.source.removeprefix(_SOURCE)
    return name if spec is not None and envelope.source.startswith(_SOURCE) and name == spec.owner else None


def _text(key: bytes | None) -> str:
    return (key or b"").decode(errors="replace")
