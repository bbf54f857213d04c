"""The mall beside the sandbox's Toss, and the customer between them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import httpx
from asgi_lifespan import LifespanManager
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.mall import Mall, a_mall

from common import testing
from common.clock import SEOUL, FixedClock
from common.http import create_app
from payments.clients.toss import TossAccess, TossGateway
from sandbox.app import create_app as create_sandbox
from sandbox.settings import Settings as SandboxSettings

BASE = "http://sandbox.test/sandbox/toss"


class SharedClock:
    """The sandbox lives by the mall's clock; its waiting is real."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now().astimezone(SEOUL)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Street:
    """The mall, the sandbox, and the customer between them."""

    def __init__(self, mall: Mall, outside: httpx.AsyncClient, way: _ToSandbox) -> None:
        self.mall = mall
        self.outside = outside
        self.way = way

    async def sandbox(self, path: str, **body) -> dict:
        response = await self.outside.post(f"{BASE}/_sandbox/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def fault(self, operation: str, kind: str, **changes) -> None:
        body = {"party": "toss", "operation": operation, "kind": kind, "count": 1} | changes
        response = await self.outside.post("http://sandbox.test/sandbox/_sandbox/faults", json=body)
        assert response.status_code < 300, response.text

    async def pay_at_window(self, payment: dict, **changes) -> dict[str, str]:
        """Returns what the browser brings back."""
        fields = dict(parse_qsl(urlsplit(payment["next_action"]["url"]).query))
        done = await self.sandbox("pay", **(fields | changes))
        return dict(parse_qsl(urlsplit(done["redirect_url"]).query))

    async def confirm(self, payment: dict, back: dict[str, str]) -> httpx.Response:
        return await self.mall.http.post(f"/v1/payments/{payment['id']}/confirm", json=back)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(400):
            if await true():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it did not happen")

    async def callbacks_heard(self, count: int) -> None:
        async def enough() -> bool:
            return len(await self.mall.rows("SELECT 1 FROM provider_callbacks")) >= count

        await self.until(enough)
        await self.mall.run("callbacks")

    async def assert_agreed(self) -> None:
        """Our books are balanced, and hold of each payment what the sandbox's books hold."""
        found = await self.mall.audit()
        assert found["balanced"], found
        theirs = (await self.outside.get(f"{BASE}/_sandbox/books")).json()
        ours = sum(line["amount"]["amount"] for line in found["balances"] if line["account"].startswith("provider_"))
        assert sum(payment["balance"] for payment in theirs["payments"]) == ours


@asynccontextmanager
async def a_street(database, clock, tmp_path) -> AsyncIterator[Street]:
    told = SandboxSettings(
        data_dir=tmp_path, toss_webhook_url="http://mall.test/v1/callbacks/toss", tick_seconds=0.05, toss_mid="shopmid"
    )
    inbound = _ToApp()
    app = create_sandbox(told, clock=SharedClock(clock), http=httpx.AsyncClient(transport=inbound))
    way = _ToSandbox(app)
    outside = httpx.AsyncClient(transport=way)
    access = TossAccess(
        BASE, told.toss_secret_key, told.toss_client_key, f"{BASE}/pay", "shopmid", "토스페이먼츠", "88", 5
    )
    async with a_mall(database, clock, TossGateway(outside, access), FakeOrders()) as mall:
        inbound.app = create_app("payments", mall.settings, database, mall.parts.routers, state=mall.parts.state)
        async with LifespanManager(app), outside:
            yield Street(mall, outside, way)


class _ToSandbox(httpx.ASGITransport):
    """`misread` changes the list of settlements on its way to us."""

    misread: Callable[[list[dict]], list[dict]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if self.misread is None or not request.url.path.endswith("/v1/settlements"):
            return response
        return httpx.Response(response.status_code, json=self.misread(json.loads(await response.aread())))


class _ToApp(httpx.AsyncBaseTransport):
    """The sandbox's way to the mall, which is built after it."""

    app = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with testing.client(self.app) as http:
            return await http.post(request.url.path, content=await request.aread(), headers=request.headers)
