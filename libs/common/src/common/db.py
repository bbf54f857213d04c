"""One transaction per message or request: state, inbox row and outbox rows commit together or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from common import outbox
from common.clock import Clock
from contracts.envelope import Event

# Lock and serialisation troubles, a server that is starting or stopping, full disks and too many connections: another
# try may succeed and nothing was changed.
_TRANSIENT_SQLSTATES = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53", "08", "25P03", "25006")
_CLOCK_WITHIN_SECONDS = 0.5


class Tx:
    """The one open transaction. Handlers read and write through `connection` and never commit."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.pending: list[outbox.PendingEvent] = []
        self.after_commit: list[Callable[[], None]] = []

    def publish(self, *events: Event) -> None:
        """Queues events for the outbox. They leave only if this transaction commits, in this order per key.

        Raises `outbox.Unpublishable` for an event too large to travel.
        """
        self.pending.extend(outbox.prepare(event, self.now) for event in events)

    def then(self, call: Callable[[], None]) -> None:
        """Runs `call` after the commit. A crash in between skips it, so it may only hurry what a poll would find."""
        self.after_commit.append(call)


class Database:
    """A service's own schema. `on_outbox` is told the shards that got new events, `on_commit` of every commit."""

    def __init__(self, engine: AsyncEngine, clock: Clock, schema: str) -> None:
        self.engine = engine
        self.clock = clock
        self.schema = schema
        self.on_outbox: Callable[[frozenset[int]], None] = lambda _shards: None
        self.on_commit: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Commits when the block ends, rolls back when it raises."""
        async with self.engine.begin() as connection:
            tx = Tx(connection, self.clock.now())
            yield tx
            if tx.pending:
                await outbox.append(connection, tx.pending)
        self.on_commit()
        if tx.pending:
            self.on_outbox(frozenset(event.shard for event in tx.pending))
        for call in tx.after_commit:
            call()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """Without a transaction: each statement sees its own snapshot, and one that writes commits by itself."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    read = alone  # said where nothing is written

    async def set_clock(self) -> None:
        """Makes this service's clock follow the database's. An answer too slow to be exact is not taken."""
        async with self.read() as connection:
            asked = self.clock.monotonic()
            moment: datetime = (await connection.exec_driver_sql("SELECT clock_timestamp()")).scalar_one()
            took = self.clock.monotonic() - asked
        if took < _CLOCK_WITHIN_SECONDS:
            self.clock.follow(moment, asked + took / 2)

    async def close(self) -> None:
        await self.engine.dispose()


def asyncpg_dsn(url: str) -> str:
    """The URL as asyncpg wants it, without SQLAlchemy's driver name."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def session_settings(schema: str) -> dict[str, str]:
    """Server settings of every connection. An idle open transaction would hold back vacuum for the whole cluster."""
    return {
        "search_path": schema,
        "application_name": schema,
        "timezone": "UTC",
        "idle_in_transaction_session_timeout": "60000",
        "lock_timeout": "10000",
        "statement_timeout": "30000",
    }


def connect(url: str, schema: str, clock: Clock, *, pool_size: int = 10) -> Database:
    """Opens no connection yet. A full pool makes a caller wait 5 s at most, then `PoolTimeout`."""
    engine = create_async_engine(
        asyncpg_dsn(url).replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_recycle=1800,
        hide_parameters=True,  # else an error's text would carry names and numbers into the log
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"server_settings": session_settings(schema), "timeout": 5, "command_timeout": 35},
    )
    return Database(engine, clock, schema)


def _dumps(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def is_transient(error: BaseException) -> bool:
    """Whether the database, not the work, was the trouble: down, restarting, deadlocked, full."""
    if isinstance(error, PoolTimeout | InterfaceError | ConnectionError | TimeoutError):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_TRANSIENT_SQLSTATES)
    return False
