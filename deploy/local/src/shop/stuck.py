"""How `shop events` shows what it found: tables for people, whole lines for a pipe, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from common.inspect import DeadLetter, Overview, ParkedKey

# Wider than any line: no key or id is cut where no terminal says how wide it is.
_PIPE_COLUMNS = 100_000
_ERROR_LENGTH = 200
_KEY_LENGTH = 36
Row = Mapping[str, Any]


def console_for_rows() -> Console:
    """Prints words as they are: an error may well contain what rich takes for markup."""
    plain = Console(markup=False, emoji=False, highlight=False)
    if not plain.is_terminal:
        plain.width = _PIPE_COLUMNS
    return plain


def lag_row(found: Overview, unread: int | None) -> Row:
    """`unread` is None when the broker did not say."""
    return {**asdict(found), "unread": unread}


def parked_row(service: str, key: ParkedKey) -> Row:
    return {"service": service, **asdict(key)}


def dead_row(service: str, letter: DeadLetter) -> Row:
    """Without the payload, which may name people."""
    return {"service": service, **{name: value for name, value in asdict(letter).items() if name != "payload"}}


def show(rows: Iterable[Row], columns: Sequence[str], console: Console, *, as_json: bool) -> None:
    """`columns` are what the table shows of each row; JSON has it all."""
    if as_json:
        # Not by rich, which would break lines.
        print(orjson.dumps({"items": list(rows)}, option=orjson.OPT_INDENT_2, default=str).decode())
        return
    table = Table()
    for name in columns:
        # Folded, not cut: what does not fit goes on in the next line. A key is for copying: the others give way to it.
        least = min(_KEY_LENGTH, console.width // 2) if name == "key" else None
        table.add_column(name.replace("_", " "), overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*(_cell(name, row[name]) for name in columns))
    console.print(table)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "?"
    if name == "error":
        return " ".join(str(value).split())[:_ERROR_LENGTH]
    if name == "oldest_seconds":
        return f"{value:.1f}"
    return value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else str(value)
