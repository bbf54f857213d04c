"""One payments service for a test: routes, consumer and jobs, put together as main does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr
from services.payments.tests.builders import AMOUNT, STAFF_KEY, TOKEN, a_payable, a_staff_header
from services.payments.tests.fakes import FakeOrders
from sqlalchemy import text

from common import ids, testing
from common.clock import FixedClock
from common.db import Database
from common.http import create_app
from common.runtime import Parts, Runtime
from payments.clients.gateway import PaymentGateway
from payments.clients.registry import Gateways
from payments.main import assemble
from payments.repository import payment as payment_rows
from payments.settings import Settings


def settings(kind: type[Settings] = Settings, **changes: Any) -> Settings:
    defaults = {
        "database_url": SecretStr("unused"), "staff_token_key": SecretStr(STAFF_KEY), "public_url": "https://edge.example",
        "sealing_key": SecretStr("sealing"), "patience_seconds": 30, "expiry_grace_seconds": 60,
        "turn_seconds": 60, "drain_seconds": 0.1,
    }  # fmt: skip
    return kind(**(defaults | changes))


@dataclass
class Mall:
    """What a test does to payments, and how it looks at what came of it."""

    database: Database
    clock: FixedClock
    toss: Any
    orders: FakeOrders
    settings: Settings
    parts: Parts
    http: httpx.AsyncClient
    woken: list[str] = field(default_factory=list)

    async def post(self, order_id: UUID, method: str = "card", *, key: str | None = None, **body: Any):
        headers = {"X-Order-Token": TOKEN, "Idempotency-Key": key or str(ids.new_id())}
        content = {"order_id": str(order_id), "provider": self.toss.name, "method": method} | body
        return await self.http.post("/v1/payments", headers=headers, json=content)

    async def open(self, method: str = "card", order_id: UUID | None = None, **body: Any) -> dict[str, Any]:
        """A payment of a new order, or another of a known one."""
        if order_id is None:
            order_id = self.orders.add(a_payable()).order_id
        response = await self.post(order_id, method, **body)
        assert response.status_code == 201, response.text
        return response.json()

    async def confirm(self, payment_id: str, *, key: str | None = None, amount: Any = AMOUNT, **changes: Any):
        key = key or self.toss.agree(payment_id, AMOUNT)
        content = {"paymentKey": key, "orderId": payment_id, "amount": amount} | changes
        return await self.http.post(f"/v1/payments/{payment_id}/confirm", json=content)

    async def paid(self, method: str = "card") -> dict[str, Any]:
        """A confirmed payment, by card or by deposit."""
        payment = await self.open(method)
        if method == "virtual_account":
            self.toss.deposit(payment["id"])
            await self.callback(payment["id"])
            await self.run("callbacks")
        else:
            await self.confirm(payment["id"])
        return await self.get(payment["id"])

    async def get(self, payment_id: str) -> dict[str, Any]:
        response = await self.http.get(f"/v1/payments/{payment_id}", headers={"X-Order-Token": TOKEN})
        assert response.status_code == 200, response.text
        return response.json()

    async def status(self, payment_id: str) -> str:
        return (await self.get(payment_id))["status"]

    async def payment(self, payment_id: str):
        async with self.database.read() as connection:
            return await payment_rows.find(connection, UUID(payment_id))

    async def callback(self, payment_id: str, *, transmission: str | None = None, **changes: Any):
        content = {"kind": "DEPOSIT_CALLBACK", "order_ref": payment_id} | changes
        headers = {"x-transmission": transmission or str(ids.new_id())}
        return await self.http.post("/v1/callbacks/toss", json=content, headers=headers)

    async def run(self, job: str) -> None:
        """One turn of a job."""
        await next(known for known in self.parts.jobs if known.name == job).run()

    async def run_later(self, job: str, **after: float) -> None:
        self.clock.advance(timedelta(**after))
        await self.run(job)

    async def deliver(self, *events) -> None:
        await testing.deliver(self.database, self.parts.handlers, *events)

    async def said(self) -> list[str]:
        """The types of the events that wait in the outbox, oldest first."""
        return [event.type for event in await testing.published(self.database)]

    async def rows(self, statement: str) -> list[Any]:
        async with self.database.read() as connection:
            return list((await connection.execute(text(statement))).all())

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.database.transaction() as tx:
            await tx.connection.execute(text(statement), values)

    async def audit(self) -> dict[str, Any]:
        response = await self.http.get("/v1/payments/audit", headers=a_staff_header("payments"))
        assert response.status_code == 200, response.text
        return response.json()

    async def assert_balanced(self) -> None:
        """The books agree with the payments, and what they say the provider holds is what it holds."""
        found = await self.audit()
        assert found["balanced"], found
        held = [line["amount"]["amount"] for line in found["balances"] if line["account"].startswith("provider_")]
        assert sum(held) == self.toss.money()


@asynccontextmanager
async def a_mall(
    database: Database,
    clock: FixedClock,
    toss: PaymentGateway,
    orders: FakeOrders,
    told: Settings | None = None,
    *,
    malls: tuple[str, ...] = ("*",),
    gateways: Gateways | None = None,
) -> AsyncIterator[Mall]:
    told = told or settings()
    woken: list[str] = []
    async with httpx.AsyncClient() as unused:
        runtime = Runtime(told, database, unused, unused, clock, woken.append)
        gateways = gateways or Gateways({toss.name: dict.fromkeys(malls, toss)})
        parts = assemble(runtime, gateways, orders)
        app = create_app("payments", told, database, parts.routers, state=parts.state)
        async with testing.client(app) as http:
            yield Mall(database, clock, toss, orders, told, parts, http, woken)
