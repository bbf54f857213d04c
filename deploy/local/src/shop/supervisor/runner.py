"""One part's life: prepare, start, wait until ready, start again after a crash, stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import psutil

from shop.supervisor.part import Part, PartError, PartFailed, last_lines
from shop.supervisor.tether import tether

_POLL_SECONDS = 0.05
_BACKOFF_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 30)
_STEADY_SECONDS = 60
_LOG_LIMIT_BYTES = 20_000_000


class State(StrEnum):
    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


UP = frozenset({State.READY, State.DONE})


class Runner:
    """Owns the process of one part. `changed` is called after every change of state or pid."""

    def __init__(self, part: Part, changed: Callable[[], None]) -> None:
        self.part = part
        self.state = State.WAITING
        self.note = ""
        self.restarts = 0
        self._began = 0.0
        self._took: float | None = 0.0
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._prepared = False

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def start(self) -> None:
        """Returns when ready (one-shot: done). Raises PartFailed, with the process gone."""
        self._began, self._took = time.monotonic(), None
        try:
            await self._prepare()
            await self._launch()
        except PartFailed as failure:
            self._enter(State.FAILED, failure.cause)
            raise
        finally:
            self._took = time.monotonic() - self._began
        if self.part.one_shot:
            self._enter(State.DONE)
            return
        self._enter(State.READY)
        self._watch = asyncio.create_task(self._keep_alive(), name=f"keep {self.part.name}")

    async def stop(self) -> None:
        """Asks politely for `stop_seconds`, then kills. Safe to call in any state."""
        await self._cancel_watch()
        if self._process is not None:
            self._enter(State.STOPPING)
            await self._end()
        if self.state is not State.FAILED:
            self._enter(State.STOPPED)

    async def kill(self) -> int | None:
        """SIGKILL without warning, as a crash would; the part comes back by itself. The pid that died."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid

    async def crash(self) -> None:
        """SIGKILL, and nobody starts it again before `start` does. What it has forked is left to notice by itself."""
        await self._cancel_watch()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None
        self._enter(State.STOPPED)

    def snapshot(self) -> dict[str, Any]:
        """For the control socket and the status file."""
        return {
            "name": self.part.name,
            "title": self.part.title,
            "state": self.state.value,
            "note": self.note,
            "pid": self.pid,
            "restarts": self.restarts,
            "seconds": round(time.monotonic() - self._began if self._took is None else self._took, 2),
            "log": str(self.part.log),
        }

    async def _prepare(self) -> None:
        if self._prepared or self.part.prepare is None:
            return
        self._enter(State.PREPARING)
        try:
            await self.part.prepare(lambda note: self._enter(State.PREPARING, note))
        except (PartError, OSError) as error:
            raise PartFailed(self.part.name, str(error), last_lines(self.part.log)) from error
        self._prepared = True

    async def _launch(self) -> None:
        self._enter(State.STARTING)
        process = await self._spawn()
        self._process = process
        self._changed()
        exited = asyncio.ensure_future(process.wait())
        try:
            async with asyncio.timeout(self.part.start_seconds):
                await self._until_up(process, exited)
        except TimeoutError:
            await self._end()
            cause = f"not ready after {self.part.start_seconds:g} s"
            raise PartFailed(self.part.name, cause, last_lines(self.part.log)) from None
        except PartFailed:
            await self._end()
            raise
        finally:
            exited.cancel()

    async def _until_up(self, process: asyncio.subprocess.Process, exited: asyncio.Future[int]) -> None:
        if self.part.one_shot:
            await exited
        while not self.part.one_shot and not exited.done():
            if self.part.ready is None or await self.part.ready():
                return
            await asyncio.wait({exited}, timeout=_POLL_SECONDS)
        if not self.part.one_shot or process.returncode != 0:
            cause = f"ended with {_describe(process.returncode)}"
            raise PartFailed(self.part.name, cause, last_lines(self.part.log))

    async def _spawn(self) -> asyncio.subprocess.Process:
        if shutil.which(self.part.argv[0]) is None:
            raise PartFailed(self.part.name, f"cannot run {self.part.argv[0]}: no such program", [])
        log = self.part.log
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            try:
                return await asyncio.create_subprocess_exec(
                    *tether(self.part.stop_signal),
                    *self.part.argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, **self.part.env},
                    # Its own session: Ctrl-C in a terminal must not reach it before its turn to stop.
                    start_new_session=True,
                )
            except OSError as error:
                raise PartFailed(self.part.name, f"cannot run {self.part.argv[0]}: {error}", []) from error

    async def _keep_alive(self) -> None:
        failures = 0
        while True:
            assert self._process is not None
            began = time.monotonic()
            code = await self._process.wait()
            failures = 0 if time.monotonic() - began > _STEADY_SECONDS else failures
            ready = False
            while not ready:
                pause = _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)]
                self._enter(State.RESTARTING, f"ended with {_describe(code)}; again in {pause:g} s")
                await asyncio.sleep(pause)
                failures += 1
                self.restarts += 1
                with contextlib.suppress(PartFailed):
                    await self._launch()
                    ready = True
            self._enter(State.READY)

    async def _cancel_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        family = _family(process.pid) if process.returncode is None else []
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.part.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.part.stop_seconds):
                    await process.wait()
        # PostgreSQL's backends and the like: whoever outlived the leader has had its time.
        end_now(family)
        await process.wait()
        self._process = None

    def _enter(self, state: State, note: str = "") -> None:
        self.state = state
        self.note = note
        self._changed()


def _family(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [*leader.children(recursive=True), leader]
    except psutil.Error:
        return []


def end_now(processes: list[psutil.Process]) -> None:
    """SIGKILL to those still running; psutil makes sure that a pid was not given to another meanwhile."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _describe(code: int | None) -> str:
    if code is None:
        return "no exit code"
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
