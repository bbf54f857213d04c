"""The last records in memory, and whoever watches them come. Nothing here grows without bound."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from common.clock import Clock
from console.events.entry import Entry

WATCHERS_MOST = 20
_QUEUE_MOST = 300
RATE_SECONDS = 10


@dataclass(frozen=True)
class Filter:
    """Empty means any. `order` is an order's number or id; `text` is looked for everywhere."""

    type: str = ""
    key: str = ""
    service: str = ""
    topic: str = ""
    order: str = ""
    text: str = ""


class TooManyWatchers(Exception):
    """Each holds a connection and a queue."""


@dataclass(eq=False)
class _Watcher:
    wanted: Filter
    queue: asyncio.Queue[Entry | None] = field(default_factory=lambda: asyncio.Queue(_QUEUE_MOST))

    def put(self, entry: Entry | None) -> None:
        if self.queue.full():
            self.queue.get_nowait()  # a page that is behind misses the oldest
        self.queue.put_nowait(entry)


class EventLog:
    def __init__(self, clock: Clock, *, kept: int) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._watchers: set[_Watcher] = set()
        self._closed = False

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._entries.append(entry)
            for watcher in self._watchers:
                if self._matches(entry, watcher.wanted):
                    watcher.put(entry)

    def find(self, wanted: Filter, *, limit: int = 200, after: int = 0) -> list[Entry]:
        """Newest first; `after` leaves out entries up to that number."""
        found = [entry for entry in self._entries if entry.number > after and self._matches(entry, wanted)]
        return sorted(found, key=lambda entry: (entry.time, entry.number), reverse=True)[:limit]

    def types(self) -> list[str]:
        return sorted({entry.type for entry in self._entries})

    def rates(self) -> dict[str, float]:
        """Events per second that each service said lately."""
        since = self._clock.now() - timedelta(seconds=RATE_SECONDS)
        counts = Counter(entry.service for entry in self._entries if entry.time >= since)
        return {service: count / RATE_SECONDS for service, count in counts.items()}

    @property
    def full(self) -> bool:
        """Whether one more watcher would be refused."""
        return self._closed or len(self._watchers) >= WATCHERS_MOST

    @asynccontextmanager
    async def watch(self, wanted: Filter) -> AsyncIterator[asyncio.Queue[Entry | None]]:
        """Matching entries from now on; None at the end. Raises `TooManyWatchers`."""
        if self.full:
            raise TooManyWatchers
        watcher = _Watcher(wanted)
        self._watchers.add(watcher)
        try:
            yield watcher.queue
        finally:
            self._watchers.discard(watcher)

    def close(self) -> None:
        """Tells every watcher that it is over."""
        self._closed = True
        for watcher in self._watchers:
            watcher.put(None)

    def _matches(self, entry: Entry, wanted: Filter) -> bool:
        same = (
            (wanted.type, entry.type),
            (wanted.key, entry.key),
            (wanted.service, entry.service),
            (wanted.topic, entry.topic),
        )
        if any(asked and asked != found for asked, found in same):
            return False
        if wanted.order and not self._of_order(entry, wanted.order):
            return False
        text = wanted.text.lower()
        return not text or any(text in part.lower() for part in (entry.type, entry.key, entry.topic, entry.payload))

    def _of_order(self, entry: Entry, order: str) -> bool:
        if order in {entry.order_number, entry.order_id, entry.key}:
            return True
        # Events without the number are found by the id that another event gives to the number.
        ids = {each.order_id for each in self._entries if each.order_number == order}
        return bool(ids & {entry.order_id, entry.key})
