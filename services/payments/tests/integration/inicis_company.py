"""The sandbox's Inicis on a port of its own, and a browser that reads its pages."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from html import unescape

import httpx
import uvicorn
from services.payments.tests.inicis import access

from common import testing
from common.clock import SEOUL, FixedClock
from sandbox.app import create_app as create_sandbox
from sandbox.inicis.settings import InicisSettings as Told
from sandbox.settings import Settings as SandboxSettings

MID = "sandboxmal"


class SharedClock:
    """The sandbox lives by the test's clock; its waiting is real."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now().astimezone(SEOUL)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Door(httpx.AsyncBaseTransport):
    """The sandbox's way to the shop, which is built after it. Keeps what it was answered."""

    def __init__(self) -> None:
        self.app = None
        self.notices: list[httpx.Request] = []
        self.answers: list[tuple[int, str, bytes]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.notices.append(request)
        if self.app is None:
            return httpx.Response(200, content=b"OK", headers={"content-type": "text/plain"})
        async with testing.client(self.app) as http:
            response = await http.post(request.url.path, content=request.content, headers=request.headers)
        self.answers.append((response.status_code, response.headers["content-type"], response.content))
        return response


class Company:
    """The sandbox behind a port of its own, and a browser that can read its pages."""

    def __init__(self, base: str, browser: httpx.AsyncClient, door: Door) -> None:
        self.base = f"{base}/inicis"
        self._root = base
        self.browser = browser
        self.door = door

    def access(self, **changes):
        return access(
            merchant=MID,
            sign_key="sandbox-inicis-sign-key",
            api_key="SandboxIniapi001",
            api_iv="SandboxIniapiIv1",
            script_url=f"{self.base}/stdjs/INIStdPay.js",
            idc_urls={"stg": self.base},
            api_url=self.base,
            settlement_path="/v2/pg/settlement",
            sources=(),
            **changes,
        )

    async def click(self, page: str, choice: str = "pay", **how: str) -> tuple[str, dict[str, str]]:
        """From our page through the window: where the browser goes on, and what it posts there."""
        script = re.search(r'<script src="([^"]+)"', page)
        opens = re.search(r'form\.action="([^"]+)"', (await self.browser.get(unescape(script[1]))).text)
        window = await self.browser.post(opens[1], data=inputs(page))
        assert window.status_code == 200, window.text
        form = re.search(r'<form method="post" action="([^"]+)"', window.text)
        at = f"{self._root}{form[1].removeprefix('/sandbox')}"
        left = await self.browser.post(at, data=inputs(window.text) | {"choice": choice} | how)
        if left.status_code == 303:
            return left.headers["location"], {}
        assert left.status_code == 200, left.text
        return unescape(re.search(r'action="([^"]+)"', left.text)[1]), inputs(left.text)

    async def control(self, path: str, **body) -> dict:
        response = await self.browser.post(f"{self.base}/_sandbox/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def fault(self, operation: str, kind: str, **changes) -> None:
        body = {"party": "inicis", "operation": operation, "kind": kind, "count": 1} | changes
        response = await self.browser.post(f"{self._root}/_sandbox/faults", json=body)
        assert response.status_code < 300, response.text

    async def totals(self) -> dict[str, int]:
        return (await self.browser.get(f"{self.base}/_sandbox/books")).json()["totals"]

    async def callbacks(self) -> list[dict]:
        return (await self.browser.get(f"{self.base}/_sandbox/callbacks")).json()


def inputs(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(400):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


@asynccontextmanager
async def a_company(tmp_path, clock: FixedClock, **told) -> AsyncIterator[Company]:
    """On a port the machine picks."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        base = f"http://127.0.0.1:{listening.getsockname()[1]}/sandbox"
        settings = SandboxSettings(
            data_dir=tmp_path,
            public_url=base,
            tick_seconds=0.05,
            minute_seconds=0.05,
            inicis=Told(notice_url="http://mall.test/v1/callbacks/inicis/intake", **told),
        )
        door = Door()
        app = create_sandbox(settings, clock=SharedClock(clock), http=httpx.AsyncClient(transport=door))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await until(lambda: _started(server))
            async with httpx.AsyncClient(timeout=30) as browser:
                yield Company(base, browser, door)
        finally:
            server.should_exit = True
            await serving


async def _started(server: uvicorn.Server) -> bool:
    return server.started
