"""A small SQLite file with one thread of its own: the event loop never waits for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# The first one works only before anything is written.
_PRAGMAS = ("auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = OFF", "cache_size = -4000")


class _AnotherSchema(Exception):
    """The file was written by another version of this program."""


class Sqlite:
    """What it holds is worth looking at, not worth a slow disk or migrations: a power cut may cost the last seconds,
    and a file of another schema is put aside."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._version = zlib.crc32(schema.encode()) >> 1 or 1
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=path.stem)
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Creates what is missing. A file that cannot be used is put aside and a new one begun."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def run(self, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs `work(connection, ...)` in the thread, one after the other."""

        def call() -> R:
            assert self._connection is not None
            return work(self._connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def close(self) -> None:
        """After what is under way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._connect()
        except (sqlite3.DatabaseError, _AnotherSchema):
            self._path.replace(self._path.with_suffix(".unreadable"))
            for left in ("-wal", "-shm"):
                self._path.with_name(self._path.name + left).unlink(missing_ok=True)
            self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            self._must_be_ours(connection)
            connection.executescript(self._schema)
            connection.execute(f"PRAGMA user_version = {self._version}")
        except (sqlite3.DatabaseError, _AnotherSchema):
            connection.close()
            raise
        return connection

    def _must_be_ours(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and version != self._version:
            raise _AnotherSchema

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
