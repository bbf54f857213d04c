"""Wakes relays in other processes after a commit. Lossy on purpose: the relays' poll is what guarantees delivery."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

import asyncpg

from common import log

_log = log.get(__name__)
_DEBOUNCE_SECONDS = 0.005


class NotifyRelays:
    """One NOTIFY for many commits, on its own connection: inside a business transaction it would lock at commit."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
        self._connect = connect
        self._connection: asyncpg.Connection | None = None
        self._shards: set[int] = set()
        self._task: asyncio.Task[None] | None = None

    def wake(self, shards: Iterable[int]) -> None:
        self._shards.update(shards)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send(), name="notify-relays")

    async def _send(self) -> None:
        while self._shards:
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            shards, self._shards = self._shards, set()
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                await self._connection.execute("SELECT pg_notify('outbox', $1)", ",".join(map(str, sorted(shards))))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _log.info("relays were not woken; their poll finds the events", error=repr(error))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.terminate()
