"""One span, as this console keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

# A whole id in a path hides the rest of it.
_ID = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
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

    @property
    def label(self) -> str:
        """What a person calls it."""
        attributes = self.attributes
        if self.is_process:
            return f"process {attributes.get('shop.event.type') or self.topic}"
        if self.is_send:
            count = attributes.get("messaging.batch.message_count", 1)
            return f"send {self.topic}" + (f" × {count}" if count != 1 else "")
        if self.is_database:
            statement = str(attributes.get("db.statement") or attributes.get("db.query.text") or "")
            return " ".join(statement.split())[:160] or self.name
        method = attributes.get("http.request.method") or attributes.get("http.method")
        return f"{method} {self._path}" if method and self.kind in {SERVER, CLIENT} else self.name

    @property
    def _path(self) -> str:
        attributes = self.attributes
        if route := attributes.get("http.route"):
            return str(route)
        full = attributes.get("url.full") or attributes.get("http.url") or attributes.get("url.path")
        path = urlsplit(str(full or attributes.get("http.target") or "")).path or self.name
        return _ID.sub(r"\1…", path)
