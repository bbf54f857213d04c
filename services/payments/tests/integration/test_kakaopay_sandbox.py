"""The adapter against the sandbox's KakaoPay over real HTTP, on the whole payments service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx
import pytest
import uvicorn
from services.payments.tests.builders import AMOUNT, a_payable, a_refund_request, an_order_cancelled
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.mall import Mall, a_mall

from common.clock import SEOUL, FixedClock
from payments.clients.kakaopay import KakaoPayAccess, KakaoPayGateway
from sandbox.app import create_app as create_sandbox
from sandbox.kakaopay.settings import KakaoPaySettings
from sandbox.settings import Settings as SandboxSettings

pytestmark = pytest.mark.integration

LOST = [
    {"kind": "timeout"},
    {"kind": "http_500"},
    {"kind": "drop_after_effect", "mode": "close"},
    {"kind": "drop_after_effect", "mode": "http_500"},
    {"kind": "drop_after_effect", "mode": "withhold"},
]


class SharedClock:
    """The sandbox lives by the mall's clock; its waiting is real."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock

    def now(self):
        return self._clock.now().astimezone(SEOUL)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Street:
    """The mall, KakaoPay, and the customer with a browser between them."""

    def __init__(self, mall: Mall, browser: httpx.AsyncClient, base: str) -> None:
        self.mall = mall
        self.browser = browser
        self.base = base

    async def open(self, **payable: Any) -> dict[str, Any]:
        order = self.mall.orders.add(a_payable(**payable))
        return await self.mall.open("easy_pay", order.order_id)

    async def choose(self, payment: dict[str, Any], choice: str = "card") -> str:
        """What the payer does on KakaoPay's page. Returns where the browser is sent."""
        url = payment["next_action"]["url"]
        assert (await self.browser.get(url)).status_code == 200
        left = await self.browser.post(url.removesuffix("/info") + "/choose", data={"choice": choice})
        assert left.status_code == 303, left.text
        return left.headers["location"].removeprefix("https://edge.example")

    async def pay(self, payment: dict[str, Any], choice: str = "card") -> httpx.Response:
        return await self.mall.http.get(await self.choose(payment, choice))

    async def paid(self, choice: str = "card") -> dict[str, Any]:
        payment = await self.open()
        back = await self.pay(payment, choice)
        assert back.json()["status"] == "confirmed", back.text
        return payment

    async def fault(self, operation: str, **changes: Any) -> None:
        body = {"party": "kakaopay", "operation": operation, "count": 1} | changes
        response = await self.browser.post(f"{self.base}/_sandbox/faults", json=body)
        assert response.status_code == 201, response.text

    async def refund(self, payment: dict[str, Any], amount: int) -> None:
        await self.mall.deliver(a_refund_request(await self.mall.payment(payment["id"]), amount))
        await self.mall.run("refunds")

    async def books(self) -> dict[str, Any]:
        return dict((await self.browser.get(f"{self.base}/kakaopay/_sandbox/books")).json())

    async def assert_agreed(self) -> None:
        """Our books are balanced, and hold what KakaoPay's hold."""
        found = await self.mall.audit()
        assert found["balanced"], found
        ours = sum(line["amount"]["amount"] for line in found["balances"] if line["account"].startswith("provider_"))
        assert (await self.books())["totals"]["balance"] == ours


@pytest.fixture
async def street(database, clock, tmp_path) -> AsyncIterator[Street]:
    async with _open(database, clock, tmp_path) as made:
        yield made


@asynccontextmanager
async def _open(database, clock, tmp_path, **knobs: Any) -> AsyncIterator[Street]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listening.getsockname()[1]}/sandbox"
        told = SandboxSettings(
            data_dir=tmp_path, tick_seconds=0.05, public_url=base, kakaopay=KakaoPaySettings(**knobs)
        )
        config = uvicorn.Config(
            create_sandbox(told, clock=SharedClock(clock)), log_config=None, ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with httpx.AsyncClient(timeout=10) as http:
                await _started(server)
                access = KakaoPayAccess(
                    f"{base}/kakaopay", "kakaopay-sandbox-key", "TC0ONETIME", timeout_seconds=0.5, look_up_seconds=5,
                    settlement_path="/online/v1/settlements",
                )  # fmt: skip
                gateway = KakaoPayGateway(http, access, clock)
                async with a_mall(database, clock, gateway, FakeOrders()) as mall:
                    yield Street(mall, http, base)
        finally:
            server.should_exit = True
            await serving


async def _started(server: uvicorn.Server) -> None:
    for _ in range(400):
        if server.started:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the sandbox did not start")


class TestPay:
    @pytest.mark.parametrize("choice", ["card", "money"])
    async def test_from_the_page_to_the_last_refund(self, street, choice):
        payment = await street.paid(choice)
        await street.refund(payment, 5_000)
        assert await street.mall.status(payment["id"]) == "partially_refunded"
        await street.refund(payment, AMOUNT - 5_000)
        assert await street.mall.status(payment["id"]) == "refunded"
        assert await street.mall.said() == ["payment-confirmed", "payment-refunded", "payment-refunded"]
        shown = (await street.books())["payments"][-1]
        assert (shown["status"], shown["balance"], shown["orderId"]) == ("CANCEL_PAYMENT", 0, payment["id"])
        await street.assert_agreed()

    async def test_tax_free_goods(self, street):
        payment = await street.open(tax_free_amount=900, vat_amount=1_363)
        assert (await street.pay(payment)).json()["status"] == "confirmed"
        await street.mall.deliver(
            a_refund_request(await street.mall.payment(payment["id"]), 900, tax_free_amount=900),
            a_refund_request(await street.mall.payment(payment["id"]), AMOUNT - 900),
        )
        await street.mall.run("refunds")
        await street.mall.run_later("refunds", seconds=3)
        assert await street.mall.status(payment["id"]) == "refunded"
        await street.assert_agreed()

    async def test_the_browser_may_come_back_twice(self, street):
        payment = await street.open()
        back = await street.choose(payment)
        assert (await street.mall.http.get(back)).json()["status"] == "confirmed"
        assert (await street.mall.http.get(back)).json()["status"] == "confirmed"
        assert (await street.books())["totals"]["taken"] == AMOUNT

    @pytest.mark.parametrize("shape", ["error_code", "code_msg", "code_message"])
    async def test_a_bogus_token_before_the_true_one(self, database, clock, tmp_path, shape):
        async with _open(database, clock, tmp_path, error_shape=shape) as street:
            payment = await street.open()
            for _ in range(2):
                refused = await street.mall.http.get(f"/v1/payments/{payment['id']}/return?pg_token=bogus")
                assert (refused.status_code, refused.json()["code"]) == (422, "payment.key_refused"), refused.text
            assert (await street.pay(payment)).json()["status"] == "confirmed"
            await street.assert_agreed()


class TestNoMoney:
    @pytest.mark.parametrize(
        ("choice", "code"),
        [("quit", "QUIT_PAYMENT"), ("fail", "FAIL_PAYMENT"), ("password", "FAIL_AUTH_PASSWORD"), ("decline", "-780")],
    )
    async def test_ends_as_order_shows_it(self, street, choice, code):
        payment = await street.open()
        await street.pay(payment, choice)
        seen = await street.mall.payment(payment["id"])
        assert (seen.status, seen.failure_code) == ("failed", code)
        await street.assert_agreed()

    @pytest.mark.parametrize("code", ["QUIT_PAYMENT", "FAIL_PAYMENT"])
    async def test_a_forged_end_ends_nothing(self, street, code):
        payment = await street.open()
        await street.mall.http.get(f"/v1/payments/{payment['id']}/return/fail?code={code}")
        assert await street.mall.status(payment["id"]) == "open"
        assert (await street.pay(payment)).json()["status"] == "confirmed"

    async def test_nobody_comes_back(self, street):
        payment = await street.open()
        await street.choose(payment)
        await street.mall.run_later("settle-payments", minutes=31)
        assert await street.mall.status(payment["id"]) in ("expired", "failed")
        assert (await street.books())["totals"]["taken"] == 0

    async def test_a_lost_opening_is_a_new_start(self, street):
        await street.fault("ready", kind="drop_after_effect", mode="http_500")
        order = street.mall.orders.add(a_payable())
        first = (await street.mall.post(order.order_id, "easy_pay")).json()
        await street.mall.run_later("settle-payments", seconds=31)
        assert await street.mall.status(first["id"]) == "failed"
        again = (await street.mall.post(order.order_id, "easy_pay")).json()
        assert (await street.pay(again)).json()["status"] == "confirmed"
        await street.assert_agreed()

    async def test_an_order_cancelled_meanwhile_is_not_taken_money_for(self, street):
        payment = await street.open()
        back = await street.choose(payment)
        await street.mall.deliver(an_order_cancelled(await street.mall.payment(payment["id"])))
        assert (await street.mall.http.get(back)).status_code == 409
        assert (await street.books())["totals"]["taken"] == 0


class TestLostApproval:
    @pytest.mark.parametrize("fault", LOST)
    async def test_is_settled_and_taken_once(self, street, fault):
        payment = await street.open()
        await street.fault("approve", **fault)
        assert (await street.pay(payment)).json()["status"] == "unknown"
        await street.mall.run_later("settle-payments", seconds=3)
        assert await street.mall.status(payment["id"]) == "confirmed"
        assert (await street.books())["totals"]["taken"] == AMOUNT
        await street.assert_agreed()

    @pytest.mark.parametrize("code", ["-785", "-780:USER_LOCKED", "-780:BANK_FIRM_UNKNOWN", "-429"])
    async def test_an_undecided_refusal_is_asked_again(self, street, code):
        payment = await street.open()
        await street.fault("approve", kind="error", code=code)
        assert (await street.pay(payment)).json()["status"] == "unknown"
        await street.mall.run_later("settle-payments", seconds=3)
        assert await street.mall.status(payment["id"]) == "confirmed"

    async def test_that_never_arrived_is_not_sent_again_for_a_cancelled_order(self, street):
        """KakaoPay has no way to end a session and does not say when one ended: after half an hour it is over."""
        payment = await street.open()
        await street.fault("approve", kind="http_500")
        await street.pay(payment)
        await street.mall.deliver(an_order_cancelled(await street.mall.payment(payment["id"])))
        await street.mall.run_later("settle-payments", seconds=3)
        assert await street.mall.status(payment["id"]) == "unknown"
        await street.mall.run_later("settle-payments", minutes=31)
        assert await street.mall.status(payment["id"]) == "cancelled"
        assert (await street.books())["totals"]["taken"] == 0


class TestLostCancel:
    @pytest.mark.parametrize("fault", LOST)
    async def test_is_found_out_and_given_back_once(self, street, fault):
        payment = await street.paid()
        await street.fault("cancel", **fault)
        await street.refund(payment, 5_000)
        for _ in range(3):
            await street.mall.run_later("refunds", seconds=3)
        assert await street.mall.status(payment["id"]) == "partially_refunded"
        assert (await street.books())["totals"]["refunded"] == 5_000
        await street.refund(payment, AMOUNT - 5_000)
        assert await street.mall.status(payment["id"]) == "refunded"
        await street.assert_agreed()

    async def test_is_found_out_though_the_first_look_got_lost_too(self, street):
        payment = await street.paid()
        await street.fault("cancel", kind="drop_after_effect", mode="http_500")
        await street.fault("order", kind="http_500")
        await street.refund(payment, 5_000)
        await street.mall.run_later("refunds", seconds=3)
        assert await street.mall.status(payment["id"]) == "partially_refunded"
        await street.assert_agreed()

    async def test_is_found_by_its_amount_where_order_says_little(self, database, clock, tmp_path):
        async with _open(database, clock, tmp_path, action_amounts=False, payload_in_order=False) as street:
            payment = await street.paid()
            await street.fault("cancel", kind="drop_after_effect", mode="http_500")
            await street.refund(payment, 5_000)
            assert await street.mall.status(payment["id"]) == "partially_refunded"
            await street.assert_agreed()

    async def test_the_time_to_cancel_is_over(self, database, clock, tmp_path):
        async with _open(database, clock, tmp_path, card_refund_days=-1) as street:
            payment = await street.paid()
            await street.refund(payment, 5_000)
            seen = await street.mall.payment(payment["id"])
            assert (seen.status, seen.attention) == ("confirmed", "refund_refused")
            await street.assert_agreed()


class TestSettlements:
    async def test_the_days_list_adds_up_to_the_books(self, street):
        for choice in ("card", "money"):
            await street.refund(await street.paid(choice), 5_000)
        rows = await street.mall.toss.settlements(date(2026, 11, 22))
        assert sorted((row.kind, row.amount) for row in rows) == 2 * [("cancel", 5_000)] + 2 * [("payment", AMOUNT)]
        signed = sum(row.amount if row.kind == "payment" else -row.amount for row in rows)
        assert signed == (await street.books())["totals"]["balance"]
        assert sum(row.payout + row.fee for row in rows) == signed
