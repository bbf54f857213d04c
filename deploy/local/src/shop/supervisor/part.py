"""What the supervisor is told about one process."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Say = Callable[[str], None]
Probe = Callable[[], Awaitable[bool]]
Prepare = Callable[[Say], Awaitable[None]]


@dataclass(frozen=True)
class Part:
    """A process, or with `one_shot` a step that must end with exit code 0. Times are seconds.

    `needs` are names of parts that must be ready first. `prepare` runs before the first start only.
    `ready` is asked again and again until it says yes or `start_seconds` are over.
    """

    name: str
    title: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    ready: Probe | None = None
    prepare: Prepare | None = None
    one_shot: bool = False
    start_seconds: float = 60
    stop_seconds: float = 22
    stop_signal: signal.Signals = signal.SIGTERM


class PartError(Exception):
    """A part cannot start, for a reason a person can act on."""


class PartFailed(Exception):
    """A part did not come up. Carries its name, the cause, and its last log lines."""

    def __init__(self, name: str, cause: str, tail: list[str]) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause
        self.tail = tail


def last_lines(path: Path, count: int = 20) -> list[str]:
    """The end of a log; empty when there is none."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64_000))
        return file.read().decode(errors="replace").splitlines()[-count:]
