"""Who works off what is due: several things at once, and a provider that hangs keeps only its own waiting."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import TypeVar

from common import log

_log = log.get(__name__)
T = TypeVar("T", bound=Hashable)


class Hands:
    """`at_once` things of one kind and provider at a time. A turn waits `turn_seconds` for what it began; what takes
    longer goes on beside the next turns, and nothing is begun twice at a time.
    """

    def __init__(self, *, turn_seconds: float, close_seconds: float, at_once: int = 5) -> None:
        self._turn_seconds = turn_seconds
        self._close_seconds = close_seconds
        self._closing = False
        self._free: dict[tuple[str, str], asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))
        self._running: dict[tuple[str, Hashable], asyncio.Task[None]] = {}

    async def turn(self, job: str, due: Iterable[tuple[T, str]], work: Callable[[T], Awaitable[object]]) -> None:
        """`due`: things and their providers. One that fails is logged; it stays due and comes again."""
        begun = []
        for thing, provider in due:
            if (job, thing) not in self._running:
                task = asyncio.create_task(self._one(job, thing, provider, work), name=job)
                self._running[job, thing] = task
                begun.append(task)
        if begun:
            await asyncio.wait(begun, timeout=self._turn_seconds)

    async def _one(self, job: str, thing: T, provider: str, work: Callable[[T], Awaitable[object]]) -> None:
        try:
            async with self._free[job, provider]:
                if not self._closing:
                    await work(thing)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("one item of a job failed", job=job)
        finally:
            del self._running[job, thing]

    async def close(self) -> None:
        """Begins nothing more, and lets what is in hand end if it does soon: what is cut off is asked for later.

        Can be used again afterwards.
        """
        self._closing = True
        if tasks := list(self._running.values()):
            await asyncio.wait(tasks, timeout=self._close_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._closing = False
