"""The processes of a running instance: killed, stopped, suspended, joined by others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import psutil

from shop import ports
from shop.instance import Instance
from shop.services import SERVICES
from shop.supervisor import control

_ACT_SECONDS = 180
_SERVICES = frozenset(service.name for service in SERVICES)


class NotUp(Exception):
    """A part did what the scenario did not allow for."""


class Processes:
    """Parts by their name: orders, kafka, postgres, sandbox, ..."""

    def __init__(self, current: Instance) -> None:
        self._instance = current
        self._guests: list[subprocess.Popen[bytes]] = []

    async def picture(self) -> dict[str, dict[str, Any]]:
        """Part → name, state, pid, restarts, ... as the supervisor sees it."""
        status = await asyncio.to_thread(control.ask, self._instance.directory, "status")
        return {part["name"]: part for part in status["parts"]}

    async def pid(self, part: str) -> int:
        """Raises NotUp when it has none now."""
        pid = (await self.picture())[part]["pid"]
        if pid is None:
            raise NotUp(f"{part} is not running")
        return int(pid)

    async def kill(self, part: str) -> None:
        """SIGKILL; returns when it is up again. Not left to the supervisor, who waits longer after each crash."""
        await self.crash(part)
        await self.start(part)

    async def crash(self, part: str) -> None:
        """SIGKILL, and it stays down until `start`."""
        await self._act("stop-part", part, kill=True)

    async def stop(self, part: str) -> None:
        """Politely, and it stays down until `start`."""
        await self._act("stop-part", part)

    async def start(self, part: str) -> None:
        """Returns when it is ready."""
        await self._act("start-part", part)

    async def restart(self, part: str) -> None:
        """Politely; returns when it is ready again."""
        await self._act("restart", part)

    async def terminate(self, part: str) -> tuple[int, float]:
        """SIGTERM and nothing else: exit code and seconds until it was gone. The supervisor starts it again.

        Raises TimeoutError after the 25 s that even the supervisor would not have waited.
        """
        os.kill(await self.pid(part), signal.SIGTERM)
        began = time.monotonic()
        async with asyncio.timeout(25):
            while not (note := await self._note(part)).startswith("ended with "):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
        code = note.removeprefix("ended with exit code ").partition(";")[0]
        return int(code) if code.isdigit() else -1, time.monotonic() - began

    async def _note(self, part: str) -> str:
        return str((await self.picture())[part]["note"])

    async def suspend(self, part: str) -> int:
        """SIGSTOP: alive, holding every connection, and doing nothing. Its pid, for `resume`."""
        pid = await self.pid(part)
        os.kill(pid, signal.SIGSTOP)
        return pid

    def resume(self, *pids: int) -> None:
        """Also those that stopped themselves at a point."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def ready(self, part: str, *, seconds: float = 60) -> None:
        """Returns when the supervisor and the service itself say so. Raises TimeoutError."""
        async with asyncio.timeout(seconds), httpx.AsyncClient(timeout=5) as http:
            while (await self.picture())[part]["state"] not in {"ready", "done"}:  # noqa: ASYNC110 - not of this process
                await asyncio.sleep(0.1)
            if part not in _SERVICES:
                return
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{self._instance.ports[part]}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def guest(self, service: str, roles: str, settings: Mapping[str, str] | None = None) -> AsyncIterator[int]:
        """One more process of a service, with the settings of the running one but for these. Its pid."""
        process = await self.join(service, roles, settings)
        try:
            yield process.pid
        finally:
            await self.leave(process)

    async def join(
        self, service: str, roles: str, settings: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts one more process of a service; returns when it is ready."""
        running = psutil.Process(await self.pid(service))
        prefix, port = service.upper(), next(iter(ports.unused().values()))
        environ = running.environ() | {f"{prefix}_ROLES": roles, f"{prefix}_PORT": str(port)} | dict(settings or {})
        with (self._instance.logs / f"{service}-guest.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - a fork takes milliseconds
                running.cmdline(), env=environ, cwd=running.cwd(), stdout=log, stderr=log
            )
        self._guests.append(process)
        async with asyncio.timeout(60), httpx.AsyncClient(timeout=5) as http:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200:
                        return process
                if process.poll() is not None:
                    raise NotUp(f"a further {service} ended with {process.returncode}")
                await asyncio.sleep(0.1)

    async def leave(self, process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> int:
        """Ends a guest and returns its exit code."""
        process.send_signal(number)
        code = await asyncio.to_thread(process.wait, 30)
        self._guests.remove(process)
        return code

    async def heal(self) -> None:
        """Everybody runs: the suspended, the stopped, and those the supervisor would only start again later."""
        self.resume(*(guest.pid for guest in self._guests))
        for guest in list(self._guests):
            await self.leave(guest, signal.SIGKILL)
        picture = await self.picture()
        self.resume(*(part["pid"] for part in picture.values() if part["pid"]))
        for name, part in picture.items():
            if part["state"] in {"restarting", "stopped", "failed"}:
                await self._act("stop-part", name)
                await self.start(name)
        for name in picture:
            await self.ready(name)

    async def _act(self, command: str, part: str, **arguments: Any) -> None:
        answer = await asyncio.to_thread(
            control.ask, self._instance.directory, command, name=part, seconds=_ACT_SECONDS, **arguments
        )
        if "error" in answer:
            raise NotUp(f"{command} {part}: {answer['error']}")
