"""A sandbox under a clock that only moves when told, with a mall that notes what reaches it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from asgi_lifespan import LifespanManager

from sandbox.app import World, create_app
from sandbox.clock import KST
from sandbox.settings import Settings

START = datetime(2026, 11, 22, 10, 0, 0, tzinfo=KST)
MALL_DAY = "2026-11-22"
TURNS = 60
SECRET_KEY = "test_sk_sandbox"
TOSS_HOOK = "http://mall.test/v1/callbacks/toss"
SOLAPI_HOOK = "http://mall.test/v1/callbacks/solapi"


class FakeClock:
    def __init__(self) -> None:
        self._now = START
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + timedelta(seconds=seconds), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time on, stopping at every sleeper on the way so that each wakes at its own moment."""
        await settle()
        target = self._now + timedelta(seconds=seconds)
        while due := sorted(moment for moment, future in self._sleepers if moment <= target and not future.done()):
            self._now = max(self._now, due[0])
            for moment, future in self._sleepers:
                if moment <= self._now and not future.done():
                    future.set_result(None)
            self._sleepers = [(moment, future) for moment, future in self._sleepers if not future.done()]
            await settle()
        self._now = target
        await settle()

    async def leap(self, seconds: float) -> None:
        """Move time on at once: whoever slept on the way wakes late, and once. For days in which nothing falls due."""
        await settle()
        self._now += timedelta(seconds=seconds)
        for moment, future in self._sleepers:
            if moment <= self._now and not future.done():
                future.set_result(None)
        self._sleepers = [(moment, future) for moment, future in self._sleepers if not future.done()]
        await settle()


async def settle() -> None:
    """Let everything that can run without time passing run."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Mall:
    """The mall's side of every call out of the sandbox. Answers 200 unless told otherwise."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[int | BaseException | Answer] = []
        self.routes: dict[tuple[str, str], Answer] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        route = self.routes.get((request.method, request.url.path))
        if route is not None:
            return await route(request)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, BaseException):
            raise answer
        return httpx.Response(answer) if isinstance(answer, int) else await answer(request)

    def bodies(self, url: str) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if str(request.url) == url]

    def events(self) -> list[dict[str, Any]]:
        """Toss callbacks in the order of arrival, as (event, status, order) readable dicts."""
        named = []
        for body in self.bodies(TOSS_HOOK):
            flat = "eventType" not in body
            named.append(body | {"event": "DEPOSIT_CALLBACK"} if flat else body["data"] | {"event": body["eventType"]})
        return named


class Running:
    def __init__(self, world: World, client: httpx.AsyncClient, clock: FakeClock, mall: Mall) -> None:
        self.world = world
        self.client = client
        self.clock = clock
        self.mall = mall

    async def toss(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, f"/toss/v1{path}", json=body, auth=(SECRET_KEY, ""), headers=named)

    async def pay(self, order_id: str = "order-0001", amount: int = 33000, **more: Any) -> str:
        """The customer at the window; the paymentKey."""
        answer = await self.client.post("/toss/_sandbox/pay", json=window(order_id, amount, **more))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["paymentKey"])

    async def paid(self, order_id: str = "order-0001", amount: int = 33000, **more: Any) -> dict[str, Any]:
        """A confirmed payment."""
        key = await self.pay(order_id, amount, **more)
        answer = await self.toss(
            "POST", "/payments/confirm", {"paymentKey": key, "orderId": order_id, "amount": amount}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def account(self, order_id: str = "order-0001", amount: int = 33000, **more: Any) -> dict[str, Any]:
        """A virtual account waiting for its deposit."""
        body = {"amount": amount, "orderId": order_id, "orderName": "머그컵", "customerName": "김하늘", "bank": "88"}
        answer = await self.toss("POST", "/virtual-accounts", body | more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def bank(self, verb: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"/toss/_sandbox/{verb}", json=body)

    async def fault(self, party: str, kind: str, **more: Any) -> None:
        answer = await self.client.post("/_sandbox/faults", json={"party": party, "kind": kind, **more})
        assert answer.status_code == 201, answer.text

    async def books(self, order_id: str) -> dict[str, Any]:
        answer = await self.client.get("/toss/_sandbox/books")
        return next(entry for entry in reversed(answer.json()["payments"]) if entry["orderId"] == order_id)


def window(order_id: str = "order-0001", amount: int = 33000, **more: Any) -> dict[str, Any]:
    return {
        "clientKey": "test_ck_sandbox",
        "method": "CARD",
        "amount": amount,
        "orderId": order_id,
        "orderName": "토스 티셔츠 외 2건",
        "successUrl": "http://shop.test/paid?mall=intake",
        "failUrl": "http://shop.test/failed",
        "customerName": "김하늘",
        **more,
    }


def settings(data_dir: Path, **more: Any) -> Settings:
    base: dict[str, Any] = {
        "data_dir": data_dir,
        "tick_seconds": 1.0,
        "toss_webhook_url": TOSS_HOOK,
        "solapi_webhook_url": SOLAPI_HOOK,
    }
    return Settings(**(base | more))


@asynccontextmanager
async def sandbox(
    data_dir: Path, *, clock: FakeClock | None = None, mall: Mall | None = None, **more: Any
) -> AsyncIterator[Running]:
    clock, mall = clock or FakeClock(), mall or Mall()
    outgoing = httpx.AsyncClient(transport=httpx.MockTransport(mall))
    app = create_app(settings(data_dir, **more), clock=clock, http=outgoing)
    async with (
        LifespanManager(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox/sandbox") as client,
    ):
        await settle()
        yield Running(app.state.world, client, clock, mall)
