"""Deposits that are not what was asked for, on the whole service, at every provider of the sandbox that has accounts.

One sandbox and one service carry all the cases, each with a payment of its own: what a bank did to one is seen in its
status, its entries in the ledger, the events about it, and what of it lies at the provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from asgi_lifespan import LifespanManager
from services.payments.tests.builders import AMOUNT, NOW, TOKEN, a_payable, a_staff_header
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.inicis_company import Company, Door, SharedClock
from services.payments.tests.integration.mall import settings
from services.payments.tests.portone_street import CHANNELS, IMP, SECRET, STORE, Street

from common import ids, testing
from common.http import create_app
from common.runtime import Runtime
from payments.clients.inicis import InicisGateway
from payments.clients.portone import PortOneAccess, PortOneGateway
from payments.clients.portone_v1 import PortOneV1Access, PortOneV1Gateway
from payments.clients.registry import Gateways
from payments.clients.toss import TossAccess, TossGateway
from payments.main import assemble
from payments.repository import payment as payment_rows
from sandbox.app import create_app as create_sandbox
from sandbox.inicis.settings import InicisSettings
from sandbox.settings import Settings as SandboxSettings

pytestmark = pytest.mark.integration

ROOT = "http://sandbox.test/sandbox"
EVERYWHERE = ("toss", "inicis", "portone", "portone_v1")
# Whose interface shows what came in. The others show an account as paid or not, and never more than its price.
SHOWS, HIDES = ("inicis",), ("toss", "portone", "portone_v1")
SHORT, OVER = AMOUNT - 900, AMOUNT + 900


@dataclass(frozen=True)
class Case:
    """`steps`: (what happens, how much). `held`: what lies at the provider in the end."""

    name: str
    where: tuple[str, ...]
    steps: tuple[tuple[Any, ...], ...]
    status: str
    ledger: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    held: int = 0
    attention: str | None = None


PENDING, CONFIRMED, MISMATCH = "payment-pending", "payment-confirmed", "deposit-mismatch"
CASES = [
    # As the providers document it: one deposit, of the sum asked for, in time.
    Case("short is turned away, the right sum taken", EVERYWHERE,
         (("refused", "WRONG_AMOUNT", SHORT), ("pay", AMOUNT)),
         "confirmed", ["received"], [PENDING, CONFIRMED], AMOUNT),
    Case("over is turned away", EVERYWHERE, (("refused", "WRONG_AMOUNT", OVER),),
         "waiting_for_deposit", [], [PENDING]),
    Case("a second one is turned away", EVERYWHERE, (("pay", AMOUNT), ("refused", "ALREADY_PAID", AMOUNT)),
         "confirmed", ["received"], [PENDING, CONFIRMED], AMOUNT),
    Case("late is turned away", EVERYWHERE, (("due",), ("refused", "ACCOUNT_CLOSED", AMOUNT)),
         "expired", [], [PENDING, "payment-expired"]),
    Case("late, but it was under way", EVERYWHERE, (("due",), ("late", AMOUNT)),
         "confirmed", ["received"], [PENDING, "payment-expired", CONFIRMED], AMOUNT),
    Case("reversed", EVERYWHERE, (("pay", AMOUNT), ("back",)),
         "reversed", ["received", "deposit_reversed"], [PENDING, CONFIRMED, "deposit-reversed"]),
    Case("reversed, and paid anew", EVERYWHERE, (("pay", AMOUNT), ("back",), ("pay", AMOUNT)), "confirmed",
         ["received", "deposit_reversed", "received"], [PENDING, CONFIRMED, "deposit-reversed", CONFIRMED], AMOUNT),
    # Where the contract lets any sum in.
    Case("short", SHOWS, (("any",), ("pay", SHORT)), "waiting_for_deposit",
         ["surplus_received"], [PENDING, MISMATCH], SHORT, "deposit_short"),
    Case("short, then the rest", SHOWS, (("any",), ("pay", SHORT), ("pay", 900)), "confirmed",
         ["surplus_received", "received", "surplus_dropped"], [PENDING, MISMATCH, CONFIRMED], AMOUNT),
    Case("short until it is over", SHOWS, (("any",), ("pay", SHORT), ("due",)), "expired",
         ["surplus_received"], [PENDING, MISMATCH, "payment-expired", MISMATCH], SHORT, "surplus_owed"),
    Case("short, and reversed", SHOWS, (("any",), ("pay", SHORT), ("back",)), "waiting_for_deposit",
         ["surplus_received", "surplus_dropped"], [PENDING, MISMATCH]),
    Case("short and late", SHOWS, (("any",), ("due",), ("late", SHORT)), "expired",
         ["surplus_received"], [PENDING, "payment-expired", MISMATCH], SHORT, "surplus_owed"),
    Case("over", SHOWS, (("any",), ("pay", OVER)), "confirmed",
         ["received", "surplus_received"], [PENDING, CONFIRMED, MISMATCH], OVER, "surplus_owed"),
    Case("over and late", SHOWS, (("any",), ("due",), ("late", OVER)), "confirmed", ["received", "surplus_received"],
         [PENDING, "payment-expired", CONFIRMED, MISMATCH], OVER, "surplus_owed"),
    Case("twice", SHOWS, (("any",), ("pay", AMOUNT), ("pay", AMOUNT)), "confirmed",
         ["received", "surplus_received"], [PENDING, CONFIRMED, MISMATCH], 2 * AMOUNT, "surplus_owed"),
    Case("twice, and reversed", SHOWS, (("any",), ("pay", AMOUNT), ("pay", AMOUNT), ("back",)), "reversed",
         ["received", "surplus_received", "deposit_reversed", "surplus_dropped"],
         [PENDING, CONFIRMED, MISMATCH, "deposit-reversed"]),
    # What a provider does not show cannot be known: only its bank knows of the sum that is missing or too much.
    Case("short, unseen", HIDES, (("any",), ("pay", SHORT)), "waiting_for_deposit", [], [PENDING], SHORT),
    Case("short, then the rest, unseen", HIDES, (("any",), ("pay", SHORT), ("pay", 900)), "confirmed",
         ["received"], [PENDING, CONFIRMED], AMOUNT),
    Case("over, unseen", HIDES, (("any",), ("pay", OVER)), "confirmed", ["received"], [PENDING, CONFIRMED], OVER),
    Case("twice, unseen", HIDES, (("any",), ("pay", AMOUNT), ("pay", AMOUNT)), "confirmed",
         ["received"], [PENDING, CONFIRMED], 2 * AMOUNT),
]  # fmt: skip
TABLE = [pytest.param(case, where, id=f"{where}: {case.name}") for case in CASES for where in case.where]


class Town:
    """The service with all the providers, the sandbox, and the customers between them."""

    def __init__(self, database: Any, clock: Any, sandbox: Any, outside: httpx.AsyncClient) -> None:
        self.database = database
        self.clock = clock
        self.outside = outside
        self.orders = FakeOrders()
        self._world = sandbox.state.world
        self._store = self._world.store
        self._company = Company(ROOT, outside, Door())
        self._street = Street(ROOT, "", outside)

    def gateways(self) -> Gateways:
        toss = TossAccess(
            f"{ROOT}/toss", "test_sk_sandbox", "test_ck_sandbox", f"{ROOT}/toss/pay", "sandboxmall", "토스", "88", 5
        )
        v2 = PortOneAccess(
            f"{ROOT}/portone", STORE, "sandbox-portone-secret", CHANNELS, webhook_secrets=(SECRET,)
        )  # fmt: skip
        v1 = PortOneV1Access(f"{ROOT}/portone_v1", IMP, "sandbox-imp-key", "sandbox-imp-secret", CHANNELS)
        known = (
            TossGateway(self.outside, toss),
            InicisGateway(self.outside, self._company.access(), self.clock),
            PortOneGateway(self.outside, v2),
            PortOneV1Gateway(self.outside, v1),
        )
        return Gateways({gateway.name: {"*": gateway} for gateway in known})

    def opens(self, parts: Any, http: httpx.AsyncClient) -> Town:
        self.parts, self.http = parts, http
        return self

    async def account(self, provider: str) -> dict[str, Any]:
        """A payment that waits for its deposit."""
        owed = self.orders.add(a_payable(payment_due_at=self.clock.now() + timedelta(minutes=30)))
        headers = {"X-Order-Token": TOKEN, "Idempotency-Key": str(ids.new_id())}
        content = {"order_id": str(owed.order_id), "provider": provider, "method": "virtual_account"}
        opened = await self.http.post("/v1/payments", headers=headers, json=content)
        assert opened.status_code == 201, opened.text
        payment = opened.json()
        if provider != "toss":
            page = await self.http.get(urlsplit(payment["next_action"]["url"]).path)
            await self._through_the_window(provider, payment["id"], page.text)
        assert await self.status(payment["id"]) == "waiting_for_deposit"
        await self.heard()
        return payment

    async def _through_the_window(self, provider: str, payment_id: str, page: str) -> None:
        if provider == "inicis":
            url, fields = await self._company.click(page)
            back = await self.http.post(urlsplit(url).path, data=fields)
        else:
            brought = await self._street.window(page, provider)
            back = await self.http.get(f"/v1/payments/{payment_id}/return", params=brought)
        assert back.status_code < 400, back.text

    async def bank(self, provider: str, payment_id: str, verb: str, **body: Any) -> httpx.Response:
        name = "paymentId" if provider.startswith("portone") else "orderId"
        return await self.outside.post(f"{ROOT}/{provider}/_sandbox/{verb}", json={name: payment_id} | body)

    async def takes(self, provider: str, *, exact: bool) -> None:
        told = await self.outside.put(f"{ROOT}/{provider}/_sandbox/bank", json={"exact_amounts": exact})
        assert told.status_code == 200, told.text

    async def act(self, provider: str, payment_id: str, step: tuple[Any, ...]) -> None:
        self.clock.advance(timedelta(seconds=1))
        match step:
            case ("any",):
                await self.takes(provider, exact=False)
            case ("pay", amount):
                assert (await self.bank(provider, payment_id, "deposit", amount=amount)).status_code == 200
            case ("late", amount):
                paid = await self.bank(provider, payment_id, "deposit", amount=amount, force=True)
                assert paid.status_code == 200, paid.text
            case ("refused", code, amount):
                refused = await self.bank(provider, payment_id, "deposit", amount=amount)
                assert (refused.status_code, refused.json()["code"]) == (409, code)
            case ("back",):
                assert (await self.bank(provider, payment_id, "reverse")).status_code == 200
            case ("due",):
                await self.over()
        await self.heard()

    async def over(self) -> None:
        """The accounts' time passes, and the service looks."""
        due = await self.payments("SELECT max(due_at) FROM payments WHERE status = 'waiting_for_deposit'")
        self.clock.advance(due - self.clock.now() + timedelta(minutes=2))
        self._world.toss.tick()
        for _ in range(2):
            await self.run("settle-payments")
            self.clock.advance(timedelta(minutes=2))

    async def heard(self) -> None:
        """All callbacks that are due have come, and are worked off."""
        for _ in range(400):
            now = self.clock.now().timestamp()
            owed = "SELECT 1 FROM callbacks WHERE state = 'pending' AND next_at <= ?"
            if self._store.row(owed, now) is None:
                break
            await asyncio.sleep(0.005)
        else:
            raise AssertionError("callbacks that are due do not come")
        await self.run("callbacks")

    async def all_believed(self, payment_id: str) -> None:
        """What was told no while nobody knew is told yes the next time."""
        told = [row["state"] for row in self._store.rows("SELECT * FROM callbacks") if payment_id in row["subject"]]
        assert set(told) <= {"delivered"}

    async def run(self, job: str) -> None:
        await next(known for known in self.parts.jobs if known.name == job).run()

    async def payments(self, statement: str) -> Any:
        async with self.database.read() as connection:
            return (await connection.exec_driver_sql(statement)).scalar_one()

    async def payment(self, payment_id: str) -> Any:
        async with self.database.read() as connection:
            return await payment_rows.find(connection, UUID(payment_id))

    async def status(self, payment_id: str) -> str:
        return str((await self.payment(payment_id)).status)

    async def ledger(self, payment: dict[str, Any]) -> tuple[list[str], int]:
        """The kinds of the entries, and what the books say lies at the provider."""
        known = await self.payment(payment["id"])
        books = await self.http.get(
            "/v1/payments/ledger", params={"order_id": str(known.order_id)}, headers=a_staff_header("payments")
        )
        assert books.status_code == 200, books.text
        there = [line for line in books.json()["balances"] if line["account"].startswith("provider_")]
        return [entry["kind"] for entry in books.json()["journals"]], sum(line["amount"]["amount"] for line in there)

    async def said(self, payment_id: str) -> list[str]:
        found = await testing.published(self.database)
        return [event.type for event in found if str(event.payment_id) == payment_id]

    async def held(self, provider: str, payment_id: str) -> int:
        books = (await self.outside.get(f"{ROOT}/{provider}/_sandbox/books")).json()["payments"]
        name = "paymentId" if provider.startswith("portone") else "orderId"
        return next(int(entry["balance"]) for entry in books if entry[name] == payment_id)

    async def audit(self) -> dict[str, Any]:
        found = await self.http.get("/v1/payments/audit", params={"full": True}, headers=a_staff_header("payments"))
        return dict(found.json())


class _ToApp(httpx.AsyncBaseTransport):
    """The sandbox's way to the service, which is built after it."""

    app: Any = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with testing.client(self.app) as http:
            return await http.post(request.url.path, content=await request.aread(), headers=request.headers)


@pytest.fixture(scope="module")
async def town(migrated, clock, tmp_path_factory) -> AsyncIterator[Town]:
    await testing.empty(migrated)
    clock.advance(NOW - clock.now())
    told = SandboxSettings(
        data_dir=tmp_path_factory.mktemp("sandbox"),
        public_url=ROOT,
        tick_seconds=0.05,
        minute_seconds=0.02,
        toss_webhook_url="http://mall.test/v1/callbacks/toss",
        inicis=InicisSettings(notice_url="http://mall.test/v1/callbacks/inicis/intake"),
    )
    inbound = _ToApp()
    sandbox = create_sandbox(told, clock=SharedClock(clock), http=httpx.AsyncClient(transport=inbound))
    outside = httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox))
    ours = settings()
    async with LifespanManager(sandbox), outside, httpx.AsyncClient() as unused:
        made = Town(migrated, clock, sandbox, outside)
        runtime = Runtime(ours, migrated, unused, unused, clock, lambda _: None)
        parts = assemble(runtime, made.gateways(), made.orders)
        inbound.app = create_app("payments", ours, migrated, parts.routers, state=parts.state)
        async with testing.client(inbound.app) as http:
            yield made.opens(parts, http)


@pytest.mark.parametrize(("case", "provider"), TABLE)
async def test_case(town: Town, case: Case, provider: str) -> None:
    await town.takes(provider, exact=True)
    payment = await town.account(provider)
    for step in case.steps:
        await town.act(provider, payment["id"], step)
    # What was told no comes again.
    town.clock.advance(timedelta(seconds=1))
    await town.heard()
    await town.all_believed(payment["id"])
    kinds, there = await town.ledger(payment)
    known = await town.payment(payment["id"])
    assert (known.status, kinds, known.attention) == (case.status, case.ledger, case.attention)
    assert await town.said(payment["id"]) == case.events
    assert await town.held(provider, payment["id"]) == case.held
    if provider in SHOWS or not any(step == ("any",) for step in case.steps):
        assert there == case.held
    assert known.deposited == there


async def test_the_books_of_all_of_them_balance(town: Town) -> None:
    found = await town.audit()
    assert found["balanced"], found
