"""The auditor's notebook: what the topics tell and what the database says about them, in a private SQLite file.

Of a record only what identifies it is kept, never its text. SQLite holds the file in memory as long as it is small and
spills to disk after that, so a log of any length is read in bounded memory and compared by queries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import UUID

_CACHE_KIB = 64_000

_TABLES = """
-- One row per record. `source` is the service it says it is from; NULL for records that are no events of ours.
CREATE TABLE records (
    topic TEXT NOT NULL, part INTEGER NOT NULL, place INTEGER NOT NULL, at INTEGER NOT NULL,
    source TEXT, key TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, type TEXT, content TEXT NOT NULL);
-- Reports of dead letters bear the number of the event they are about; their own number is known only to their outbox.
CREATE TABLE reports (source TEXT NOT NULL, key TEXT NOT NULL);
-- What the texts tell: facts by the name of what they are facts of, and the states things went through.
CREATE TABLE told (name TEXT NOT NULL, ref TEXT NOT NULL, source TEXT, key TEXT NOT NULL, seq INTEGER NOT NULL,
    id TEXT NOT NULL);
CREATE TABLE steps (story TEXT NOT NULL, ref TEXT NOT NULL, source TEXT, key TEXT NOT NULL, seq INTEGER NOT NULL,
    id TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE replayed (fact TEXT NOT NULL, content TEXT NOT NULL, id TEXT NOT NULL, topic TEXT NOT NULL,
    part INTEGER NOT NULL, place INTEGER NOT NULL);

-- Where each partition begins, where it ended before the database was looked at, and where reading ended.
-- `gone_until`: moment (ms) before which records may have been deleted; NULL when none has been.
CREATE TABLE bounds (topic TEXT NOT NULL, part INTEGER NOT NULL, begins INTEGER NOT NULL, ended INTEGER NOT NULL,
    ends INTEGER NOT NULL, gone_until INTEGER, PRIMARY KEY (topic, part));
CREATE TABLE positions (service TEXT NOT NULL, topic TEXT NOT NULL, part INTEGER NOT NULL, done INTEGER NOT NULL,
    PRIMARY KEY (service, topic, part));
CREATE TABLE hears (service TEXT NOT NULL, type TEXT NOT NULL, topic TEXT NOT NULL);
CREATE TABLE owners (topic TEXT PRIMARY KEY, service TEXT NOT NULL);
CREATE TABLE moves (story TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);

CREATE TABLE sequences (service TEXT NOT NULL, key TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (service, key));
CREATE TABLE waiting (service TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL);
CREATE TABLE settled (service TEXT NOT NULL, id TEXT NOT NULL);
-- `place`: parked, dead, or dropped.
CREATE TABLE kept (service TEXT NOT NULL, id TEXT NOT NULL, place TEXT NOT NULL);
-- Services whose schema was read. Ids below `since` may have been forgotten by the inbox.
CREATE TABLE inboxes (service TEXT PRIMARY KEY, since TEXT NOT NULL);
-- What the tables say was done. `must`: it has to be told; else it may have been.
CREATE TABLE done (name TEXT NOT NULL, ref TEXT NOT NULL, must INTEGER NOT NULL);
CREATE TABLE figures (fact TEXT NOT NULL, content TEXT NOT NULL);
"""
_INDEXES = """
CREATE INDEX records_number ON records (source, key, seq);
CREATE INDEX records_id ON records (id);
CREATE INDEX reports_key ON reports (source, key);
CREATE INDEX kept_id ON kept (service, id);
CREATE INDEX settled_id ON settled (service, id);
CREATE INDEX waiting_key ON waiting (service, key);
CREATE INDEX told_ref ON told (name, ref);
CREATE INDEX done_ref ON done (name, ref);
CREATE INDEX replayed_fact ON replayed (fact);
CREATE INDEX figures_fact ON figures (fact);
"""


class Store:
    """Gone when closed. Every call works on the caller's thread."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.executescript(
            f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-{_CACHE_KIB};" + _TABLES
        )
        self._file.create_function("lowest_id", 1, _lowest_id, deterministic=True)
        self._widths: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """Appends rows with a value for every column, in the order of the table."""
        if table not in self._widths:
            self._widths[table] = len(self._file.execute(f"PRAGMA table_info({table})").fetchall())
        marks = ", ".join("?" * self._widths[table])
        self._file.execute("BEGIN")
        self._file.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - one of our tables
        self._file.execute("COMMIT")

    def ready(self) -> None:
        """Call once everything is in, before the first question."""
        self._file.executescript(_INDEXES + "ANALYZE;")

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._file.execute(query, values).fetchall()

    def column(self, query: str, *values: Any) -> list[Any]:
        return [row[0] for row in self.ask(query, *values)]


def _lowest_id(milliseconds: int) -> str:
    """The smallest UUIDv7 of a moment, as text: ids of events sort by it."""
    return str(UUID(int=min(milliseconds, 2**48 - 1) << 80))
