"""Takes spans at once and writes them in batches. When writing falls behind, whole traces are left out, not parts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from common import log
from common.clock import Clock
from console.traces.span import Span
from console.traces.store import Known, TraceStore

_log = log.get(__name__)

_WAITING_MOST = 20_000
_BATCH = 4_000
_PAUSE_SECONDS = 0.25
_TIDY_SECONDS = 600
_ALL = 0x10000


class Recorder:
    """`dropped` counts spans left out since the start."""

    def __init__(self, store: TraceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._spans: list[Span] = []
        self._facts: list[Known] = []
        self._wake = asyncio.Event()
        self._share = _ALL
        self.dropped = 0

    def take(self, spans: Iterable[Span]) -> int:
        """Returns how many were refused because writing is behind."""
        # Statements outside of any work (the inbox before a message is handled, jobs that found nothing) tell nothing.
        told = [span for span in spans if span.parent_id or not span.is_database]
        kept = [span for span in told if int(span.trace_id[-4:] or "0", 16) < self._share]
        kept = kept[: max(0, _WAITING_MOST - len(self._spans))]
        self._spans += kept
        if len(self._spans) > _WAITING_MOST // 2:
            self._share = max(self._share // 2, _ALL // 256)
        self._wake.set()
        refused = len(told) - len(kept)
        self.dropped += refused
        return refused

    def learn(self, facts: Iterable[Known]) -> None:
        """Facts from the event log. Left out when writing is behind."""
        self._facts += list(facts)[: max(0, _WAITING_MOST - len(self._facts))]
        self._wake.set()

    async def run(self) -> None:
        """Writes until cancelled, and then what is left."""
        tidied = self._clock.monotonic()
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._write()
                if self._clock.monotonic() - tidied > _TIDY_SECONDS:
                    tidied = self._clock.monotonic()
                    await self._store.tidy()
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await self._write()

    async def _write(self) -> None:
        while self._spans or self._facts:
            spans, self._spans = self._spans[:_BATCH], self._spans[_BATCH:]
            facts, self._facts = self._facts[:_BATCH], self._facts[_BATCH:]
            try:
                if spans:
                    await self._store.add(spans)
                if facts:
                    await self._store.learn(facts)
            except Exception as error:  # noqa: BLE001 - a full disk must not end the console
                self.dropped += len(spans)
                _log.warning("traces could not be written", error=repr(error))
        self._share = min(self._share * 2, _ALL)
