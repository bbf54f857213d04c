"""SQL as the superuser, past the proxy. Survives restarts of the server: a question that met one is asked again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

_PATIENCE_SECONDS = 30
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)


class Sql:
    """For reading, and for writes that may happen twice. Safe for several tasks at once."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=6, timeout=10)

    def terminate(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        return await self._patiently(lambda pool: pool.fetch(query, *arguments))

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        return await self._patiently(lambda pool: pool.fetchval(query, *arguments))

    async def execute(self, query: str, *arguments: Any) -> None:
        await self._patiently(lambda pool: pool.execute(query, *arguments))

    async def _patiently(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """Raises what the server said last when it stays away for half a minute."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await ask(self._pool)
            except _AWAY:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.3)
