"""One span, as this console keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
KINDS = {INTERNAL: "internal", SERVER: "server", CLIENT: "client", PRODUCER: "producer", CONSUMER: "consumer"}


@dataclass(frozen=True, slots=True)
class Span:
    """Ids are lower-case hex, `parent_id` empty for a root; times are nanoseconds since 1970.

    `links` are (trace id, span id) of the work that caused it; `events` what was noted on the way.
    """

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    kind: int
    start: int
    end: int
    error: bool = False
    message: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()
    events: tuple[dict[str, Any], ...] = ()

    @property
    def is_database(self) -> bool:
        return "db.system" in self.attributes or "db.system.name" in self.attributes

    @property
    def is_send(self) -> bool:
        return self.attributes.get("messaging.operation.type") == "send"

    @property
    def is_process(self) -> bool:
        return self.attributes.get("messaging.operation.type") == "process"

    @property
    def topic(self) -> str:
        return str(self.attributes.get("messaging.destination.name", ""))

    @property
    def milliseconds(self) -> float:
        return max(0, self.end - self.start) / 1e6
