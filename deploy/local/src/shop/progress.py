"""What `shop up` shows while things start, and the tables of `shop status`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import psutil
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

_STYLES = {
    "waiting": "dim",
    "preparing": "yellow",
    "starting": "yellow",
    "ready": "green",
    "done": "green",
    "restarting": "red",
    "failed": "bold red",
    "stopping": "yellow",
    "stopped": "dim",
}
_REFRESH_SECONDS = 0.2


def follow(
    console: Console, ask: Callable[[], dict[str, Any]], before: dict[str, Any] | None, seconds: float
) -> dict[str, Any]:
    """Shows the parts until none is starting any more; the last picture. Raises TimeoutError after `seconds`.

    `before` is the picture before this start: what was up then is not news.
    """
    show = _Live(console) if console.is_terminal else _Plain(before)
    began = time.monotonic()
    with show:
        while True:
            picture = ask()
            show.update(picture, time.monotonic() - began)
            if not picture["starting"]:
                return picture
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"not up after {seconds:g} s")
            time.sleep(_REFRESH_SECONDS)


class _Live:
    """A table that moves, for people."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, picture: dict[str, Any], elapsed: float) -> None:
        clock = Text(f"{elapsed:5.1f} s", style="dim")
        self._live.update(Group(states(picture["parts"]), clock), refresh=True)


class _Plain:
    """A line per piece of news, for logs of CI."""

    def __init__(self, before: dict[str, Any] | None) -> None:
        self._said = {_news(part) for part in (before or {"parts": []})["parts"]}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put back."""

    def update(self, picture: dict[str, Any], elapsed: float) -> None:
        for part in picture["parts"]:
            news = _news(part)
            if news and news not in self._said:
                self._said.add(news)
                print(f"{elapsed:5.1f} s  {news}", flush=True)


def _news(part: dict[str, Any]) -> str:
    if part["state"] in {"ready", "done"}:
        return f"{part['title']}: {part['state']} ({part['seconds']:.1f} s)"
    if part["state"] == "failed" or part["note"]:
        return f"{part['title']}: {part['note'] or part['state']}"
    return ""


def states(parts: list[dict[str, Any]]) -> Table:
    """One line per part while starting."""
    table = Table.grid(padding=(0, 2))
    for part in parts:
        state = Text(part["state"], style=_STYLES.get(part["state"], ""))
        seconds = f"{part['seconds']:.1f} s" if part["seconds"] else ""
        table.add_row(part["title"], state, seconds, Text(part["note"], style="dim"))
    return table


def processes(picture: dict[str, Any]) -> Table:
    """One line per part with pid, memory and restarts, and the sum of the memory."""
    supervisor = {"name": "supervisor", "state": "ready", "pid": picture["pid"], "restarts": 0, "note": ""}
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("part", "state", "pid", "memory", "restarts", "note"):
        table.add_column(heading, justify="right" if heading in {"pid", "memory", "restarts"} else "left")
    total = 0
    for part in [*picture["parts"], supervisor]:
        used = memory(part["pid"], family=part is not supervisor)
        total += used
        state = Text(part["state"], style=_STYLES.get(part["state"], ""))
        pid = str(part["pid"] or "")
        table.add_row(part["name"], state, pid, _megabytes(used), str(part["restarts"] or ""), part["note"])
    table.add_section()
    table.add_row("together", "", "", _megabytes(total), "", "")
    return table


def memory(pid: int | None, *, family: bool) -> int:
    """Bytes of a process, with `family` its children's too: proportional (PSS) where the system tells, else RSS."""
    if pid is None:
        return 0
    try:
        leader = psutil.Process(pid)
        processes = [leader, *(leader.children(recursive=True) if family else [])]
    except psutil.Error:
        return 0
    return sum(_memory_of(process) for process in processes)


def _memory_of(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.Error:
        return 0


def _megabytes(used: int) -> str:
    return f"{used / 1_048_576:.0f} MB" if used else ""
