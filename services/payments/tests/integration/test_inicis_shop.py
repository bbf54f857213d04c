"""A whole shop on PostgreSQL whose customers pay through the sandbox's Inicis, with a browser between the two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request, an_order_cancelled
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.inicis_company import Company, a_company, until
from services.payments.tests.integration.mall import a_mall

from common import http_client
from common.http import create_app
from payments.clients.inicis import InicisGateway

pytestmark = pytest.mark.integration

ACCOUNT = {"bank": "88", "account_number": "110123456789", "holder_name": "김서연"}


class Shop:
    """A whole payments service that takes money through the company."""

    def __init__(self, mall, company: Company) -> None:
        self.mall = mall
        self.company = company

    async def at_window(self, payment: dict, **how: str) -> tuple[str, dict[str, str]]:
        page = await self.mall.http.get(urlsplit(payment["next_action"]["url"]).path)
        assert page.status_code == 200, page.text
        return await self.company.click(page.text, **how)

    async def come_back(self, url: str, fields: dict[str, str]) -> httpx.Response:
        """The browser posts what the window gave it."""
        return await self.mall.http.post(urlsplit(url).path, data=fields)

    async def pay(self, payment: dict, **how: str) -> dict:
        back = await self.come_back(*await self.at_window(payment, **how))
        assert back.status_code == 200, back.text
        return back.json()

    async def notices_answered(self, count: int) -> None:
        async def enough() -> bool:
            return len([row for row in await self.company.callbacks() if row["state"] == "delivered"]) >= count

        await until(enough)
        await self.mall.run("callbacks")

    async def assert_agreed(self) -> None:
        """Our books are balanced, and hold what the company's hold."""
        found = await self.mall.audit()
        assert found["balanced"], found
        ours = sum(line["amount"]["amount"] for line in found["balances"] if line["account"].startswith("provider_"))
        assert (await self.company.totals())["balance"] == ours


@asynccontextmanager
async def a_shop(database, clock, company: Company, **changes) -> AsyncIterator[Shop]:
    async with http_client.client() as http:
        gateway = InicisGateway(http, replace(company.access(), **changes), clock)
        async with a_mall(database, clock, gateway, FakeOrders()) as mall:
            company.door.app = create_app(
                "payments", mall.settings, database, mall.parts.routers, state=mall.parts.state
            )
            yield Shop(mall, company)


@pytest.fixture
async def shop(database, clock, tmp_path) -> AsyncIterator[Shop]:
    async with a_company(tmp_path, clock) as company, a_shop(database, clock, company) as made:
        yield made


class TestShop:
    async def test_a_card_from_the_window_to_the_last_won(self, shop):
        mall = shop.mall
        payment = await mall.open()
        assert (await shop.pay(payment))["status"] == "confirmed"
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await mall.run("refunds")
        assert await mall.status(payment["id"]) == "partially_refunded"
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT - 5_000))
        await mall.run_later("refunds", seconds=3)
        assert await mall.status(payment["id"]) == "refunded"
        await shop.assert_agreed()

    async def test_an_account_issued_paid_and_taken_back(self, shop):
        mall = shop.mall
        payment = await mall.open("virtual_account")
        waiting = await shop.pay(payment)
        assert waiting["status"] == "waiting_for_deposit"
        await shop.company.control("deposit", accountNumber=waiting["next_action"]["account_number"])
        await shop.notices_answered(1)
        assert await mall.status(payment["id"]) == "confirmed"
        status, media, body = shop.company.door.answers[-1]
        assert (status, media.partition(";")[0], body) == (200, "text/plain", b"OK")
        await shop.company.control("reverse", orderId=payment["id"])
        await shop.notices_answered(2)
        assert await mall.status(payment["id"]) == "reversed"
        assert await mall.said() == ["payment-pending", "payment-confirmed", "deposit-reversed"]
        await shop.assert_agreed()

    async def test_a_deposit_refunded_to_the_customers_account(self, shop):
        mall = shop.mall
        payment = await mall.open("virtual_account")
        await shop.pay(payment)
        await shop.company.control("deposit", orderId=payment["id"])
        await shop.notices_answered(1)
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT))
        given = await mall.http.post(
            f"/v1/payments/{payment['id']}/refund-account", headers={"X-Order-Token": "order-token"}, json=ACCOUNT
        )
        assert given.status_code == 204, given.text
        await mall.run("refunds")
        assert await mall.status(payment["id"]) == "refunded"
        await shop.assert_agreed()

    async def test_a_cancelled_orders_account_is_called_off(self, shop):
        mall = shop.mall
        payment = await mall.open("virtual_account")
        await shop.pay(payment)
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "cancelled"
        await shop.company.control("deposit", orderId=payment["id"], force=True)
        await shop.notices_answered(1)
        assert await mall.status(payment["id"]) == "confirmed"
        await shop.assert_agreed()

    async def test_a_lost_approval_costs_nobody_anything(self, shop):
        mall = shop.mall
        payment = await mall.open()
        back = await shop.at_window(payment)
        await shop.company.fault("pay_auth", "drop_after_effect", mode="http_500")
        refused = await shop.come_back(*back)
        assert (refused.status_code, refused.json()["provider_code"]) == (422, "answer_lost")
        assert await mall.status(payment["id"]) == "failed"
        await shop.assert_agreed()

    async def test_with_the_net_cancel_lost_too_it_is_looked_up(self, shop):
        mall = shop.mall
        payment = await mall.open()
        back = await shop.at_window(payment)
        await shop.company.fault("pay_auth", "drop_after_effect", mode="http_500")
        await shop.company.fault("net_cancel", "http_500")
        assert (await shop.come_back(*back)).json()["status"] in ("unknown", "confirmed")
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.status(payment["id"]) == "confirmed"
        await shop.assert_agreed()

    async def test_a_forged_return_leaves_the_payment_open(self, shop):
        mall = shop.mall
        payment = await mall.open()
        url, fields = await shop.at_window(payment)
        for forged in ({"authUrl": "http://127.0.0.1:9/api/payAuth"}, {"authToken": "invented"}, {"mid": "othermall0"}):
            answer = await shop.come_back(url, fields | forged)
            assert answer.status_code == 422, answer.text
            assert await mall.status(payment["id"]) == "open"
        assert (await shop.come_back(url, fields)).json()["status"] == "confirmed"
        await shop.assert_agreed()

    async def test_a_notice_of_another_amount_is_not_believed_and_sent_on(self, shop):
        mall = shop.mall
        payment = await mall.open("virtual_account")
        await shop.pay(payment)
        await shop.company.control("notice", orderId=payment["id"], fields={"amt_input": "1"})
        await until(lambda: _answered(shop.company, 1))
        mall.clock.advance(timedelta(minutes=1))
        await until(lambda: _answered(shop.company, 2))
        assert {body for _, _, body in shop.company.door.answers} == {b"FAIL"}
        assert await mall.status(payment["id"]) == "waiting_for_deposit"

    async def test_a_notice_without_a_deposit_changes_nothing(self, shop):
        mall = shop.mall
        payment = await mall.open("virtual_account")
        await shop.pay(payment)
        await shop.company.control("notice", orderId=payment["id"])
        await shop.notices_answered(1)
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await shop.assert_agreed()

    async def test_a_notice_from_somewhere_else_is_refused(self, database, clock, tmp_path):
        async with (
            a_company(tmp_path, clock) as company,
            a_shop(database, clock, company, sources=("203.238.37.15/32",)) as shop,
        ):
            payment = await shop.mall.open("virtual_account")
            await shop.pay(payment)
            await company.control("deposit", orderId=payment["id"])
            await until(lambda: _answered(company, 1))
            assert {body for _, _, body in company.door.answers} == {b"FAIL"}
            assert await shop.mall.status(payment["id"]) == "waiting_for_deposit"

    async def test_a_lost_refund_is_found(self, shop):
        mall = shop.mall
        payment = await mall.open()
        await shop.pay(payment)
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await shop.company.fault("refund", "drop_after_effect", mode="http_500")
        await mall.run("refunds")
        assert (await mall.get(payment["id"]))["refunds"][0]["status"] == "done"
        await shop.assert_agreed()


async def _answered(company: Company, count: int) -> bool:
    return len(company.door.answers) >= count
