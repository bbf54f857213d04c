"""Which traces there are, and which of them an order left."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from console.sqlite import Sqlite
from console.traces.store import FRAGMENT, JOURNEY, READ

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
# The order numbers among the names of whatever the trace's words name.
_ORDERS = """
SELECT DISTINCT n.word FROM words w JOIN names o ON o.word = w.word OR o.order_id = w.word
JOIN names n ON n.order_id = o.order_id
WHERE w.trace_id = ? AND n.word GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9]*' LIMIT 4
"""


@dataclass(frozen=True)
class Question:
    """`words` is an order number or an id of anything, or else part of a name.

    `reads` brings plain reads too; fragments come when `words` ask for them."""

    words: str = ""
    service: str = ""
    errors: bool = False
    reads: bool = False
    slower_than: float = 0.0
    limit: int = 100


@dataclass(frozen=True)
class Summary:
    """`started` in nanoseconds, `milliseconds` from the first span's start to the last one's end."""

    trace_id: str
    name: str
    service: str
    started: int
    milliseconds: float
    spans: int
    statements: int
    errors: int
    services: list[str]
    orders: list[str]


class TraceSearch:
    def __init__(self, store: Sqlite) -> None:
        self._store = store

    async def find(self, question: Question) -> list[Summary]:
        """Newest first."""
        return await self._store.run(_find, question)


def _find(connection: sqlite3.Connection, question: Question) -> list[Summary]:
    wanted = question.words.strip().lower()
    conditions, values = ["1"], []
    if wanted:
        ids = _ids(connection, wanted)
        if ids:
            conditions.append(f"trace_id IN ({', '.join('?' * len(ids))})")
            values += ids
        else:
            conditions.append("instr(lower(name), ?) > 0")
            values.append(wanted)
    if question.service:
        conditions.append("instr(',' || services || ',', ?) > 0")
        values.append(f",{question.service},")
    if question.errors:
        conditions.append("errors > 0")
    conditions.append(f"level >= {_least(question, wanted)}")
    where = " AND ".join(conditions)
    rows = connection.execute(
        f"SELECT * FROM traces WHERE {where} AND ended - started >= ? ORDER BY started DESC LIMIT ?",  # noqa: S608 - ours
        (*values, int(question.slower_than * 1e6), question.limit),
    ).fetchall()
    return [_summary(connection, row) for row in rows]


def _least(question: Question, wanted: str) -> int:
    if question.reads or _TRACE_ID.fullmatch(wanted):
        return READ
    return FRAGMENT if wanted else JOURNEY


def _ids(connection: sqlite3.Connection, wanted: str) -> list[str]:
    """Of all traces that carry the word, or another name of the same order."""
    if _TRACE_ID.fullmatch(wanted):
        return [wanted]
    orders = [wanted, *_column(connection, "SELECT order_id FROM names WHERE word = ?", [wanted])]
    marks = ", ".join("?" * len(orders))
    words = [*orders, *_column(connection, f"SELECT word FROM names WHERE order_id IN ({marks})", orders)]  # noqa: S608
    marks = ", ".join("?" * len(words))
    return _column(connection, f"SELECT DISTINCT trace_id FROM words WHERE word IN ({marks}) LIMIT 5000", words)  # noqa: S608


def _column(connection: sqlite3.Connection, query: str, values: Sequence[str]) -> list[str]:
    return [row[0] for row in connection.execute(query, values)]


def _summary(connection: sqlite3.Connection, row: sqlite3.Row) -> Summary:
    orders = _column(connection, _ORDERS, [row["trace_id"]])
    return Summary(
        trace_id=row["trace_id"],
        name=row["name"],
        service=row["service"],
        started=row["started"],
        milliseconds=(row["ended"] - row["started"]) / 1e6,
        spans=row["spans"],
        statements=row["statements"],
        errors=row["errors"],
        services=row["services"].split(","),
        orders=orders,
    )
