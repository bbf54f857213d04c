"""What the tests of this folder share: a console on free ports, and a bounded wait."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from deploy.console.tests.builders import a_free_port

from console.app import Console
from console.settings import Settings


@pytest.fixture
def eventually() -> Callable[..., Awaitable[Any]]:
    """Asks until the answer is true, and returns it."""

    async def wait(question: Callable[[], Any], seconds: float = 20) -> Any:
        end = time.monotonic() + seconds
        while True:
            found = question()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            assert time.monotonic() < end, "it did not come true in time"
            await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def a_console(tmp_path: Path) -> Callable[..., Any]:
    """`async with a_console(setting=...) as (client, settings)`: running, without a socket of its own for HTTP."""

    @asynccontextmanager
    async def run(**fields: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Settings]]:
        settings = Settings.model_validate({"smtp_port": a_free_port(), "instance": "main"} | fields)
        console = Console(settings, tmp_path)
        transport = httpx.ASGITransport(app=console.app)
        async with (
            console.running(),
            httpx.AsyncClient(transport=transport, base_url="http://console.test") as client,
        ):
            yield client, settings
            console.drain()

    return run


@pytest.fixture
async def console_process(eventually: Callable[..., Awaitable[Any]]) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """`url, process = await console_process(CONSOLE_X=...)`: `python -m console.main`, ready; ended afterwards."""
    started: list[asyncio.subprocess.Process] = []

    async def start(**environment: str) -> tuple[str, Any]:
        ports = {"CONSOLE_PORT": str(a_free_port()), "CONSOLE_SMTP_PORT": str(a_free_port())}
        env = {name: value for name, value in os.environ.items() if not name.startswith("CONSOLE_")}
        env |= ports | environment
        process: Any = await asyncio.create_subprocess_exec(sys.executable, "-m", "console.main", env=env)
        started.append(process)
        process.smtp_port = int(env["CONSOLE_SMTP_PORT"])
        url = f"http://127.0.0.1:{env['CONSOLE_PORT']}"

        async def ready() -> bool:
            assert process.returncode is None, f"the console ended with {process.returncode}"
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"{url}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready, 30)
        return url, process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()
