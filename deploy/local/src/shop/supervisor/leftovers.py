"""Which processes an instance has, on disk: after a crash of the supervisor they can still be found and ended."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from shop.supervisor.runner import Runner

_SECONDS = 15


def remember(path: Path, runners: Iterable[Runner]) -> None:
    """Writes pid and start time of every running process."""
    running: dict[str, tuple[int, float]] = {}
    for runner in runners:
        if runner.pid is not None:
            try:
                running[runner.part.name] = (runner.pid, psutil.Process(runner.pid).create_time())
            except psutil.Error:
                continue
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(running))
    draft.replace(path)


def find(path: Path) -> list[psutil.Process]:
    """Those of `remember` that still run. The start time tells them from strangers who got the same pid."""
    if not path.exists():
        return []
    found = []
    for pid, created in json.loads(path.read_text()).values():
        try:
            process = psutil.Process(pid)
            if abs(process.create_time() - created) < 0.01:
                found.append(process)
        except psutil.Error:
            continue
    return found


@contextmanager
def sole_owner(directory: Path) -> Iterator[bool]:
    """Whether no other supervisor has this instance; nobody else gets it inside the block."""
    with (directory / "supervisor.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def end_orphans(directory: Path) -> int:
    """Ends what a vanished supervisor left: politely, then for good. How many there were; 0 if one is alive."""
    if not (directory / "pids.json").exists():
        return 0
    with sole_owner(directory) as alone:
        return end(directory / "pids.json") if alone else 0


def end(path: Path) -> int:
    """As `end_orphans`, for the owner of the instance."""
    processes = find(path)
    family = [child for process in processes for child in process.children(recursive=True)]
    for process in processes:
        process.terminate()
    _, stubborn = psutil.wait_procs([*processes, *family], timeout=_SECONDS)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=_SECONDS)
    path.unlink(missing_ok=True)
    return len(processes)
