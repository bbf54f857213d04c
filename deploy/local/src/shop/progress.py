"""What `shop up` shows while things start, and the tables of `shop status`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

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


def follow(console: Console, ask: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Shows the parts until none is starting any more; the last picture. Raises TimeoutError after `seconds`."""
    began = time.monotonic()
    picture = ask()
    if not console.is_terminal:
        return _follow_plainly(console, ask, seconds)
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while picture["starting"]:
            elapsed = time.monotonic() - began
            if elapsed > seconds:
                raise TimeoutError(f"not up after {seconds:g} s")
            live.update(Group(states(picture["parts"]), Text(f"{elapsed:5.1f} s", style="dim")), refresh=True)
            time.sleep(_REFRESH_SECONDS)
            picture = ask()
    return picture


def _follow_plainly(console: Console, ask: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """For logs of CI: one line when a part is up, and one for each note."""
    began = time.monotonic()
    said: set[tuple[str, str]] = set()
    while True:
        picture = ask()
        for part in picture["parts"]:
            key = (part["name"], part["state"] + part["note"])
            worth = part["state"] in {"ready", "done", "failed"} or (part["note"] and part["state"] == "preparing")
            if worth and key not in said:
                said.add(key)
                taken = f" ({part['seconds']:.1f} s)" if part["state"] in {"ready", "done"} else ""
                console.print(f"{time.monotonic() - began:5.1f} s  {part['title']}: {part['note'] or part['state']}{taken}")
        if not picture["starting"]:
            return picture
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not up after {seconds:g} s")
        time.sleep(_REFRESH_SECONDS)


def states(parts: list[dict[str, Any]]) -> Table:
    """One line per part while starting."""
    table = Table.grid(padding=(0, 2))
    for part in parts:
        state = Text(part["state"], style=_STYLES.get(part["state"], ""))
        seconds = f"{part['seconds']:.1f} s" if part["seconds"] else ""
        table.add_row(part["title"], state, seconds, Text(part["note"], style="dim"))
    return table


def processes(parts: list[dict[str, Any]]) -> Table:
    """One line per part with pid, memory and restarts, and the sum of the memory."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("part", "state", "pid", "memory", "restarts", "note"):
        table.add_column(heading, justify="right" if heading in {"pid", "memory", "restarts"} else "left")
    total = 0
    for part in parts:
        used = memory(part["pid"])
        total += used
        state = Text(part["state"], style=_STYLES.get(part["state"], ""))
        pid = str(part["pid"] or "")
        table.add_row(part["name"], state, pid, _megabytes(used), str(part["restarts"] or ""), part["note"])
    table.add_section()
    table.add_row("together", "", "", _megabytes(total), "", "")
    return table


def memory(pid: int | None) -> int:
    """Bytes of a process and its children: proportional (PSS) where the system tells, else resident."""
    if pid is None:
        return 0
    try:
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_memory_of(process) for process in family)


def _memory_of(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.Error:
        return 0


def _megabytes(used: int) -> str:
    return f"{used / 1_048_576:.0f} MB" if used else ""
