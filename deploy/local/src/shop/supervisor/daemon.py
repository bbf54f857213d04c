"""The supervisor of one instance: started detached by `shop up`, ends with `shop down` or when a first start fails."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from shop import instance, parts
from shop.instance import Instance
from shop.supervisor import control, leftovers
from shop.supervisor.engine import Engine
from shop.supervisor.part import PartError, PartFailed

Answer = dict[str, Any]


class Daemon:
    """Holds the engine and answers the control socket. The status file is what remains to read when it is gone."""

    def __init__(self, current: Instance) -> None:
        self._instance = current
        self._engine = Engine(self._changed)
        self._failure: Answer | None = None
        self._starting: asyncio.Task[None] | None = None
        self._end = asyncio.Event()
        self._notice = ""
        self._broker = ""
        self._commands: dict[str, Callable[[Answer], Awaitable[Answer]]] = {
            "ping": self._ping,
            "status": self._status,
            "start": self._start,
            "stop": self._stop,
            "restart": self._restart,
            "kill": self._kill,
            "stop-part": self._stop_part,
            "start-part": self._start_part,
        }

    async def run(self, only: str) -> int:
        """Until told to stop. Exit code 1 when the first start failed."""
        path = control.socket_path(self._instance.directory)
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, path)
        path.chmod(0o600)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end.set)
        await self._start({"only": only})
        await self._end.wait()
        if self._starting and not self._starting.done():
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._starting
        await self._engine.stop()
        self._changed()
        # Only now: whoever asked for the stop waits for the socket to go.
        server.close()
        path.unlink(missing_ok=True)
        return 1 if self._failure else 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            request = json.loads(await reader.readline() or b"{}")
            command = self._commands.get(request.get("command", ""))
            answer = await command(request) if command else {"error": "unknown command"}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _ping(self, _request: Answer) -> Answer:
        return {"pid": os.getpid()}

    async def _status(self, _request: Answer) -> Answer:
        return self._picture()

    async def _start(self, request: Answer) -> Answer:
        """Starts what is missing; the answer comes at once, the progress is in `status`."""
        if self._starting and not self._starting.done():
            return {"error": "already starting"}
        self._failure = None
        self._starting = asyncio.create_task(self._start_parts(request.get("only", "")))
        return {}

    async def _start_parts(self, only: str) -> None:
        first = not any(runner.pid for runner in self._engine.runners.values())
        try:
            everything = parts.all_parts(self._instance)
            events = parts.broker_of(self._instance)
            self._notice, self._broker = events.notice, events.label
            await self._engine.start(parts.select(everything, only) if only else everything)
        except PartFailed as failure:
            self._failure = {"part": failure.name, "cause": failure.cause, "tail": failure.tail}
        except PartError as error:
            self._failure = {"part": "", "cause": str(error), "tail": []}
        except KeyError as error:
            self._failure = {"part": "", "cause": f"there is no part called {error}", "tail": []}
        self._changed()
        if self._failure and first:
            self._end.set()

    async def _stop(self, _request: Answer) -> Answer:
        self._end.set()
        return {"pid": os.getpid()}

    async def _restart(self, request: Answer) -> Answer:
        return await self._act(request, self._engine.restart)

    async def _kill(self, request: Answer) -> Answer:
        async def kill(name: str) -> None:
            await self._engine.runners[name].kill()

        return await self._act(request, kill)

    async def _stop_part(self, request: Answer) -> Answer:
        """With `"kill": true` by SIGKILL. It stays down until `start-part`, or a `start` of everything."""
        return await self._act(request, self._engine.crash_part if request.get("kill") else self._engine.stop_part)

    async def _start_part(self, request: Answer) -> Answer:
        return await self._act(request, self._engine.start_part)

    async def _act(self, request: Answer, action: Callable[[str], Awaitable[None]]) -> Answer:
        name = str(request.get("name"))
        try:
            await action(name)
        except KeyError:
            return {"error": f"there is no part called {name}; known: {', '.join(self._engine.runners)}"}
        except PartFailed as failure:
            return {"error": str(failure), "tail": failure.tail}
        return {}

    def _picture(self) -> Answer:
        starting = self._starting is not None and not self._starting.done()
        return {
            "pid": os.getpid(),
            "starting": starting,
            "stopping": self._end.is_set(),
            "failure": self._failure,
            "notice": self._notice,
            "broker": self._broker,
            "parts": self._engine.snapshot(),
        }

    def _changed(self) -> None:
        directory = self._instance.directory
        leftovers.remember(directory / "pids.json", self._engine.runners.values())
        draft = directory / "status.new"
        draft.write_text(json.dumps(self._picture()))
        draft.replace(directory / "status.json")


def main() -> int:
    """`python -m shop.supervisor.daemon [only]`; which instance is in the environment."""
    current = instance.load()
    with leftovers.sole_owner(current.directory) as alone:
        if not alone:
            print("another supervisor has this instance", flush=True)
            return 0
        leftovers.end(current.directory / "pids.json")
        return asyncio.run(Daemon(current).run(sys.argv[1] if len(sys.argv) > 1 else ""))


if __name__ == "__main__":
    sys.exit(main())
