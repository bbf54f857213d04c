"""Spans on disk, a summary per trace, and words to find a trace by. Bounded: the oldest go first.

Plain reads and polls are far more than journeys and tell less, so they have a bound of their own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from console.sqlite import Sqlite, transaction
from console.traces.span import SERVER, Span
from console.traces.words import words_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS spans (
    trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL,
    kind INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, error INTEGER NOT NULL,
    label TEXT NOT NULL, send INTEGER NOT NULL, process INTEGER NOT NULL, database INTEGER NOT NULL,
    rest BLOB NOT NULL,
    PRIMARY KEY (trace_id, span_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
    to_trace TEXT NOT NULL, to_span TEXT NOT NULL, trace_id TEXT NOT NULL, span_id TEXT NOT NULL,
    PRIMARY KEY (to_trace, to_span, trace_id, span_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS links_from ON links (trace_id);
CREATE TABLE IF NOT EXISTS traces (
    trace_id TEXT PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER NOT NULL, spans INTEGER NOT NULL,
    statements INTEGER NOT NULL, errors INTEGER NOT NULL, level INTEGER NOT NULL, services TEXT NOT NULL,
    name TEXT NOT NULL, service TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS traces_started ON traces (level, started);
CREATE TABLE IF NOT EXISTS words (word TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (word, trace_id))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS words_trace ON words (trace_id);
CREATE TABLE IF NOT EXISTS names (word TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (word, order_id))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_order ON names (order_id);
"""
_NAMES_KEPT = 200_000
# How much a trace tells. A read changed nothing here: a GET, a poll, or one sending for several traces (each of which
# shows it). A fragment stayed in one service, such as the reaction to something that happened outside of any trace; it
# makes sense within its order. A journey went on to others, or met an error.
READ, FRAGMENT, JOURNEY = 0, 1, 2


@dataclass(frozen=True)
class Bounds:
    journeys: int
    reads: int
    spans: int


@dataclass(frozen=True)
class Known:
    """What an event of the log says: the trace it was caused in, its key, its order, and the order's other names.

    The key is no name of the order: the key of a stock event is a SKU, which many orders share.
    """

    trace_id: str
    order_id: str
    key: str
    names: frozenset[str]


class TraceStore:
    def __init__(self, store: Sqlite, bounds: Bounds) -> None:
        self._store = store
        self._bounds = bounds

    async def add(self, spans: Sequence[Span]) -> None:
        """A span that is known already is replaced."""
        await self._store.run(_add, spans, self._bounds)

    async def learn(self, facts: Sequence[Known]) -> None:
        """Makes traces findable by what their events said."""
        await self._store.run(_learn, facts)

    async def trace(self, trace_id: str) -> list[Span]:
        """Its spans and those of other traces that are linked to it, earliest first."""
        return await self._store.run(_trace, [trace_id])

    async def spans_of(self, trace_ids: Sequence[str]) -> list[Span]:
        """Like `trace`, for several together."""
        return await self._store.run(_trace, list(trace_ids))

    async def counts(self) -> dict[str, int]:
        return await self._store.run(_counts)

    async def tidy(self) -> None:
        """Forgets words of traces that never came or are gone, and gives pages of the file back."""
        await self._store.run(_tidy)

    async def clear(self) -> None:
        await self._store.run(_clear)


def _add(connection: sqlite3.Connection, spans: Sequence[Span], bounds: Bounds) -> None:
    with transaction(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row, spans)
        )
        connection.executemany(
            "INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?)",
            ((*link, span.trace_id, span.span_id) for span in spans for link in span.links if link[0] != span.trace_id),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO words VALUES (?, ?)",
            {(word, span.trace_id) for span in spans for word in words_of(span)},
        )
        for trace_id in {span.trace_id for span in spans}:
            connection.execute(_SUMMARY, {"trace_id": trace_id})
        _forget(connection, bounds)


_SUMMARY = f"""
WITH own AS (SELECT * FROM spans WHERE trace_id = :trace_id),
root AS (SELECT label, service, kind FROM own ORDER BY parent_id <> '', start LIMIT 1),
changes AS (SELECT kind = {SERVER} AND NOT (label GLOB 'GET *' OR label GLOB 'HEAD *') AS changes FROM root)
INSERT OR REPLACE INTO traces
SELECT :trace_id, min(start), max("end"), count(*), sum(database), sum(error),
       CASE WHEN max(error) THEN {JOURNEY}
            WHEN min(send) OR NOT (max(process) OR (SELECT changes FROM changes)) THEN {READ}
            WHEN count(DISTINCT service) = 1 THEN {FRAGMENT}
            ELSE {JOURNEY} END,
       (SELECT group_concat(service) FROM
           (SELECT service, min(start) AS first FROM own GROUP BY service ORDER BY first)),
       (SELECT label FROM root), (SELECT service FROM root)
FROM own
"""  # noqa: S608 - our numbers


def _row(span: Span) -> tuple[Any, ...]:
    rest = {"a": span.attributes, "m": span.message, "l": span.links, "e": span.events}
    return (
        span.trace_id, span.span_id, span.parent_id, span.service, span.name, span.kind, span.start, span.end,
        span.error, span.label, span.is_send, span.is_process, span.is_database, orjson.dumps(rest, default=str),
    )  # fmt: skip


def _forget(connection: sqlite3.Connection, bounds: Bounds) -> None:
    for level, kept in ((JOURNEY, bounds.journeys), (FRAGMENT, bounds.journeys), (READ, bounds.reads)):
        old = connection.execute(
            "SELECT trace_id FROM traces WHERE level = ? ORDER BY started DESC LIMIT 1000 OFFSET ?", (level, kept)
        )
        _drop(connection, [row["trace_id"] for row in old])
    count = connection.execute("SELECT coalesce(sum(spans), 0) FROM traces").fetchone()[0]
    if count <= bounds.spans:
        return
    oldest = connection.execute("SELECT trace_id, spans FROM traces ORDER BY level, started")
    for row in oldest.fetchall()[:-1]:  # one trace stays, however large it is
        if count <= bounds.spans:
            return
        _drop(connection, [row["trace_id"]])
        count -= row["spans"]


def _drop(connection: sqlite3.Connection, trace_ids: Iterable[str]) -> None:
    for trace_id in trace_ids:
        for table in ("spans", "links", "words", "traces"):
            connection.execute(f"DELETE FROM {table} WHERE trace_id = ?", (trace_id,))  # noqa: S608 - our tables


def _learn(connection: sqlite3.Connection, facts: Sequence[Known]) -> None:
    with transaction(connection):
        for fact in facts:
            if fact.trace_id:
                connection.executemany(
                    "INSERT OR IGNORE INTO words VALUES (?, ?)",
                    [(word, fact.trace_id) for word in (fact.names | {fact.order_id, fact.key}) - {""}],
                )
            if fact.order_id:
                connection.executemany(
                    "INSERT OR IGNORE INTO names VALUES (?, ?)", [(name, fact.order_id) for name in fact.names]
                )
        count = connection.execute("SELECT count(*) FROM names").fetchone()[0]
        if count > _NAMES_KEPT:
            # Order ids sort by time.
            connection.execute(
                "DELETE FROM names WHERE order_id IN (SELECT order_id FROM names ORDER BY order_id LIMIT ?)",
                (_NAMES_KEPT // 10,),
            )


def _trace(connection: sqlite3.Connection, trace_ids: Sequence[str]) -> list[Span]:
    marks = ", ".join("?" * len(trace_ids))
    rows = connection.execute(
        f"SELECT * FROM spans WHERE trace_id IN ({marks})"  # noqa: S608 - only question marks
        " UNION SELECT s.* FROM links l JOIN spans s ON s.trace_id = l.trace_id AND s.span_id = l.span_id"
        f" WHERE l.to_trace IN ({marks}) ORDER BY start",
        (*trace_ids, *trace_ids),
    )
    return [_span(row) for row in rows]


def _span(row: sqlite3.Row) -> Span:
    rest = orjson.loads(row["rest"])
    return Span(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        parent_id=row["parent_id"],
        service=row["service"],
        name=row["name"],
        kind=row["kind"],
        start=row["start"],
        end=row["end"],
        error=bool(row["error"]),
        message=rest["m"],
        attributes=rest["a"],
        links=tuple((link[0], link[1]) for link in rest["l"]),
        events=tuple(rest["e"]),
    )


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    row = connection.execute("SELECT count(*) AS traces, coalesce(sum(spans), 0) AS spans FROM traces").fetchone()
    return {"traces": row["traces"], "spans": row["spans"]}


def _tidy(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM words WHERE trace_id NOT IN (SELECT trace_id FROM traces)")
    connection.execute("PRAGMA incremental_vacuum")


def _clear(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for table in ("spans", "links", "words", "traces", "names"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our tables
