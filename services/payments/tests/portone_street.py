"""PortOne's sandbox on a port of its own, the adapters that call it over TCP, and an ear for its webhooks."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import uvicorn
from services.payments.tests.builders import a_payment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.clock import Clock
from payments.clients.gateway import Terms
from payments.clients.portone import PortOneAccess, PortOneGateway
from payments.clients.portone_v1 import PortOneV1Access, PortOneV1Gateway
from payments.domain.payment import Payment
from payments.domain.status import Status
from sandbox.app import create_app
from sandbox.settings import Settings

STORE, IMP = "store-sandbox", "imp00000000"
SECRET = "whsec_c2FuZGJveC1wb3J0b25lLXdlYmhvb2s="
NEXT = "whsec_bmV4dC1wb3J0b25lLXdlYmhvb2s="
CHANNELS = {"card": "ch-card", "transfer": "ch-transfer", "virtual_account": "ch-account", "easy_pay": "ch-easy"}


@dataclass
class Heard:
    headers: dict[str, str]
    body: bytes
    at: datetime


@dataclass
class Street:
    """`url`: the sandbox. `ear`: where webhooks go; what arrived is in `heard`."""

    url: str
    ear: str
    http: httpx.AsyncClient
    heard: list[Heard] = field(default_factory=list)

    def v2(self, **changes: Any) -> PortOneGateway:
        access = PortOneAccess(
            f"{self.url}/portone", STORE, "sandbox-portone-secret", CHANNELS, webhook_secrets=(SECRET,),
            script_url=f"{self.url}/portone/v2/browser-sdk.js",
        )  # fmt: skip
        return PortOneGateway(self.http, replace(access, **changes))

    def v1(self, **changes: Any) -> PortOneV1Gateway:
        access = PortOneV1Access(
            f"{self.url}/portone_v1", IMP, "sandbox-imp-key", "sandbox-imp-secret", CHANNELS,
            script_url=f"{self.url}/portone_v1/iamport.js",
        )  # fmt: skip
        return PortOneV1Gateway(self.http, replace(access, **changes))

    def terms(self) -> Terms:
        ours = "http://shop.test/v1/payments/1"
        return Terms("김서연", None, f"{ours}/return", f"{ours}/return/fail", f"{ours}/window", self.ear)

    def payment(self, gateway: Any, method: str = "card", **changes: Any) -> Payment:
        return a_payment(
            Status.OPEN, provider=gateway.name, merchant=gateway.merchant, method=method,
            **({"due_at": Clock().now().replace(year=2099)} | changes),
        )  # fmt: skip

    async def window(self, page: str, party: str, choice: str = "pay", **more: str) -> dict[str, str]:
        """The payer's browser: runs our page's script as the sandbox's would, presses a button, comes back."""
        blocks = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', page, re.DOTALL)
        found = {name: json.loads(text) for name, text in blocks}
        asked = found["request"] | ({"imp_code": found["code"]} if "code" in found else {})
        raw = json.dumps(asked)
        shown = await self.http.get(f"{self.url}/{party}/pay", params={"request": raw})
        assert shown.status_code == 200, shown.text
        done = await self.http.post(
            f"{self.url}/{party}/pay", data={"request": raw, "choice": choice, **more}, follow_redirects=False
        )
        assert done.status_code == 303, done.text
        back = urlsplit(done.headers["location"])
        assert found["back"].endswith(back.path)
        return dict(parse_qsl(back.query))

    async def control(self, party: str, verb: str, **body: Any) -> Any:
        response = await self.http.post(f"{self.url}/{party}/_sandbox/{verb}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def fault(self, party: str, operation: str, kind: str, **more: Any) -> None:
        body = {"party": party, "operation": operation, "kind": kind, **more}
        assert (await self.http.post(f"{self.url}/_sandbox/faults", json=body)).status_code == 201

    async def books(self, party: str) -> dict[str, int]:
        return (await self.http.get(f"{self.url}/{party}/_sandbox/books")).json()["totals"]

    async def hears(self, count: int) -> list[Heard]:
        await until(lambda: len(self.heard) >= count)
        return self.heard


async def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Its address on this machine."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


@asynccontextmanager
async def street(data_dir: Path, **portone: Any) -> AsyncIterator[Street]:
    heard: list[Heard] = []

    async def listen(request: Request) -> Response:
        heard.append(Heard(dict(request.headers), await request.body(), Clock().now()))
        return Response("{}")

    ears = Starlette(routes=[Route("/{rest:path}", listen, methods=["POST"])])
    async with served(ears) as ear:
        told = Settings(data_dir=data_dir, tick_seconds=0.05, minute_seconds=0.05, portone=portone)
        async with served(create_app(told)) as url, httpx.AsyncClient() as http:
            yield Street(f"{url}{told.prefix}", f"{ear}/v1/callbacks", http, heard)
