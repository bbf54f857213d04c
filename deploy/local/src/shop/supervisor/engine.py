"""All parts of an instance: started as their needs allow, side by side, and stopped the other way round."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from shop.supervisor.part import Part, PartFailed
from shop.supervisor.runner import UP, Runner, State


class Engine:
    """Runs inside the supervisor daemon, or directly inside a test command."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.runners: dict[str, Runner] = {}
        self._changed = changed

    async def start(self, parts: Iterable[Part]) -> None:
        """Starts those not up yet. On the first failure the others are cancelled and all that this call started
        is stopped again; parts that were up before stay. Raises PartFailed."""
        starting: dict[str, Runner] = {}
        for part in parts:
            known = self.runners.get(part.name)
            if known is None or known.state not in UP:
                starting[part.name] = self.runners[part.name] = Runner(part, self._changed)
        done = {name: asyncio.Event() for name in starting}
        try:
            async with asyncio.TaskGroup() as group:
                for name, runner in starting.items():
                    group.create_task(self._start_one(runner, done[name], done), name=f"start {name}")
        except* PartFailed as failures:
            await self._stop(starting)
            raise failures.exceptions[0] from None

    async def stop(self) -> None:
        """Stops everything, those that others need last."""
        await self._stop(self.runners)

    async def restart(self, name: str) -> None:
        """Stops one part politely and starts it again. Raises KeyError, PartFailed."""
        runner = self.runners[name]
        await runner.stop()
        await runner.start()

    async def stop_part(self, name: str) -> None:
        """Stops one part politely, whoever needs it; it stays down. Raises KeyError."""
        await self.runners[name].stop()

    async def crash_part(self, name: str) -> None:
        """Kills one part; it stays down. Raises KeyError."""
        await self.runners[name].crash()

    async def start_part(self, name: str) -> None:
        """Starts one part that was stopped, and nothing else. Raises KeyError, PartFailed."""
        runner = self.runners[name]
        if runner.state in {State.STOPPED, State.FAILED}:
            await runner.start()

    def snapshot(self) -> list[dict[str, Any]]:
        return [runner.snapshot() for runner in self.runners.values()]

    async def _start_one(self, runner: Runner, done: asyncio.Event, all_done: dict[str, asyncio.Event]) -> None:
        for need in runner.part.needs:
            if need in all_done:
                await all_done[need].wait()
        await runner.start()
        done.set()

    async def _stop(self, runners: dict[str, Runner]) -> None:
        stopped = {name: asyncio.Event() for name in runners}

        async def stop_one(name: str) -> None:
            users = [other for other in runners if name in runners[other].part.needs]
            for user in users:
                await stopped[user].wait()
            try:
                await runners[name].stop()
            finally:
                stopped[name].set()

        async with asyncio.TaskGroup() as group:
            for name, runner in runners.items():
                if runner.state is State.WAITING:
                    stopped[name].set()
                    continue
                group.create_task(stop_one(name), name=f"stop {name}")
