"""Anybody who knows the id of a payment can send a confirmation. It must not cost the customer the payment."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, urlsplit

import pytest
from services.payments.tests.builders import AMOUNT

from payments.commands.answers import Hint, Refused

pytestmark = pytest.mark.integration

BOGUS = "tkey_nobody_ever_got"


class TestRefused:
    async def test_changes_nothing_and_says_so(self, mall):
        payment = await mall.open()
        response = await mall.confirm(payment["id"], key=BOGUS)
        assert (response.status_code, response.json()["code"]) == (422, "payment.key_refused")
        assert response.json()["provider_code"] == "NOT_FOUND_PAYMENT_SESSION"
        assert await mall.get(payment["id"]) == payment
        assert (await mall.payment(payment["id"])).key is None
        assert await mall.said() == []

    async def test_the_customer_who_comes_back_afterwards_pays(self, mall):
        payment = await mall.open()
        for _ in range(3):
            await mall.confirm(payment["id"], key=BOGUS)
        assert (await mall.confirm(payment["id"])).json()["status"] == "confirmed"
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()

    async def test_the_same_key_is_taken_once_the_provider_knows_it(self, mall):
        payment = await mall.open()
        mall.toss.refuse["confirm"] = Refused("NOT_FOUND_PAYMENT", "", Hint.KEY)
        key = mall.toss.agree(payment["id"], AMOUNT)
        assert (await mall.confirm(payment["id"], key=key)).json()["code"] == "payment.key_refused"
        assert (await mall.confirm(payment["id"], key=key)).json()["status"] == "confirmed"

    async def test_one_payments_key_named_at_another_stays_free_for_its_own(self, mall):
        payment, other = await mall.open(), await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        assert (await mall.confirm(other["id"], key=key)).json()["code"] == "payment.key_refused"
        assert (await mall.confirm(payment["id"], key=key)).json()["status"] == "confirmed"
        assert (await mall.confirm(other["id"])).json()["status"] == "confirmed"
        await mall.assert_balanced()

    async def test_our_own_refused_credentials_cost_the_customer_nothing(self, mall):
        payment = await mall.open()
        mall.toss.refuse["confirm"] = Refused("UNAUTHORIZED_KEY", "", Hint.UNREAD)
        key = mall.toss.agree(payment["id"], AMOUNT)
        assert (await mall.confirm(payment["id"], key=key)).status_code == 422
        assert (await mall.confirm(payment["id"], key=key)).json()["status"] == "confirmed"

    async def test_while_the_true_confirmation_is_under_way_disturbs_nothing(self, mall):
        payment = await mall.open()
        mall.toss.reached["confirm"], mall.toss.held["confirm"] = asyncio.Event(), asyncio.Event()
        true = asyncio.create_task(mall.confirm(payment["id"]))
        await mall.toss.reached["confirm"].wait()
        before = await mall.payment(payment["id"])
        assert (await mall.confirm(payment["id"], key=BOGUS)).status_code == 409
        assert await mall.payment(payment["id"]) == before
        mall.toss.held["confirm"].set()
        assert (await true).json()["status"] == "confirmed"
        assert (await mall.confirm(payment["id"], key=BOGUS)).json()["code"] == "payment.not_open"
        assert [name for name, _ in mall.toss.calls] == ["confirm"]
        await mall.assert_balanced()

    async def test_at_the_browsers_return_leads_back_to_an_open_payment(self, mall):
        payment = await mall.open(return_url="https://shop.example/done")
        query = {"paymentKey": BOGUS, "orderId": payment["id"], "amount": AMOUNT}
        response = await mall.http.get(f"/v1/payments/{payment['id']}/return/success", params=query)
        told = dict(parse_qsl(urlsplit(response.headers["location"]).query))
        assert (told["status"], told["code"]) == ("open", "payment.key_refused")
