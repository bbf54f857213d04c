"""Anybody who knows the id of a payment can send a confirmation. It must not cost the customer the payment."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from services.payments.tests.builders import AMOUNT, an_order_cancelled

from payments.commands.answers import Hint, Missing, Refused
from payments.flows import confirming

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

    async def test_at_the_browsers_return_leads_back_to_an_open_payment(self, mall):
        payment = await mall.open(return_url="https://shop.example/done")
        query = {"paymentKey": BOGUS, "orderId": payment["id"], "amount": AMOUNT}
        response = await mall.http.get(f"/v1/payments/{payment['id']}/return/success", params=query)
        told = dict(parse_qsl(urlsplit(response.headers["location"]).query))
        assert (told["status"], told["code"]) == ("open", "payment.key_refused")


async def held(mall, call, job):
    """Starts `job` and waits until the provider has been reached by `call`, which answers when it is let go."""
    mall.toss.reached[call], mall.toss.held[call] = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(job)
    await mall.toss.reached[call].wait()
    del mall.toss.reached[call]
    return task, mall.toss.held[call].set


async def died(*_):
    raise RuntimeError("the process died here")


class TestAtOnce:
    async def test_while_the_true_confirmation_is_under_way_disturbs_nothing(self, mall, monkeypatch):
        monkeypatch.setattr(confirming, "_WAITS", (0,))
        payment = await mall.open()
        true, let_go = await held(mall, "confirm", mall.confirm(payment["id"]))
        before = await mall.payment(payment["id"])
        during = await mall.confirm(payment["id"], key=BOGUS)
        assert (during.status_code, during.json()["code"]) == (409, "payment.busy")
        assert await mall.payment(payment["id"]) == before
        let_go()
        assert (await true).json()["status"] == "confirmed"
        assert (await mall.confirm(payment["id"], key=BOGUS)).json()["code"] == "payment.not_open"
        assert [name for name, _ in mall.toss.calls] == ["confirm"]
        await mall.assert_balanced()

    async def test_the_true_one_waits_for_a_bogus_one_under_way(self, mall):
        payment = await mall.open()
        bogus, let_go = await held(mall, "confirm", mall.confirm(payment["id"], key=BOGUS))
        true = asyncio.create_task(mall.confirm(payment["id"]))
        let_go()
        assert (await bogus).json()["code"] == "payment.key_refused"
        assert (await true).json()["status"] == "confirmed"

    async def test_for_a_cancelled_order_it_ends_the_payment_without_its_key(self, mall):
        payment = await mall.open()
        bogus, let_go = await held(mall, "confirm", mall.confirm(payment["id"], key=BOGUS))
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        let_go()
        await bogus
        await mall.run_later("settle-payments", seconds=31)
        known = await mall.payment(payment["id"])
        assert (known.status, known.key, known.closing) == ("cancelled", None, False)
        assert await mall.said() == []

    async def test_money_taken_by_a_key_let_go_meanwhile_is_found_at_once(self, mall):
        """A look-up that comes too early can say the provider knows no such key, while it is taking the money."""
        payment = await mall.open()
        true, let_go = await held(mall, "confirm", mall.confirm(payment["id"]))
        mall.toss.overrides["get"] = Missing()
        await mall.run_later("settle-payments", seconds=31)
        assert await mall.status(payment["id"]) == "open"
        let_go()
        assert (await true).json()["status"] == "confirmed"
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()


class TestUnknown:
    async def test_the_key_is_kept_while_nobody_knows_and_let_go_once_the_provider_does(self, mall, monkeypatch):
        monkeypatch.setattr(confirming, "_WAITS", ())
        payment = await mall.open()
        mall.toss.lose_before.extend(["confirm", "get"])
        assert (await mall.confirm(payment["id"], key=BOGUS)).status_code == 202
        await mall.run_later("settle-payments", seconds=3)
        assert (await mall.payment(payment["id"])).key == BOGUS
        assert (await mall.confirm(payment["id"])).json()["code"] == "payment.busy"
        await mall.run_later("settle-payments", minutes=1)
        assert await mall.get(payment["id"]) == payment
        assert await mall.said() == []
        assert (await mall.confirm(payment["id"])).json()["status"] == "confirmed"
        await mall.assert_balanced()

    async def test_another_payments_key_is_let_go_and_taken_by_its_own(self, mall):
        payment, other = await mall.open(), await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.lose_before.append("confirm")
        assert (await mall.confirm(other["id"], key=key)).status_code == 202
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.status(other["id"]) == "open"
        assert (await mall.confirm(payment["id"], key=key)).json()["status"] == "confirmed"
        await mall.assert_balanced()

    @pytest.mark.parametrize("mine", [False, True])
    async def test_a_crash_before_the_answer_is_settled_by_the_job(self, mall, monkeypatch, mine):
        payment, other = await mall.open(), await mall.open()
        key = mall.toss.agree(other["id"], AMOUNT) if mine else BOGUS
        with monkeypatch.context() as patched:
            patched.setattr(mall.toss, "confirm", died)
            assert (await mall.confirm(payment["id"], key=key)).status_code == 500
        assert await mall.status(payment["id"]) == "confirming"
        await mall.run_later("settle-payments", seconds=31)
        assert await mall.get(payment["id"]) == payment
        assert (await mall.confirm(payment["id"])).json()["status"] == "confirmed"
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()

    async def test_past_its_time_the_payment_expires(self, mall):
        payment = await mall.open()
        mall.toss.lose_before.append("confirm")
        await mall.confirm(payment["id"], key=BOGUS)
        mall.clock.advance(timedelta(minutes=31))
        for _ in range(2):
            await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "expired"
        assert await mall.said() == ["payment-expired"]

    async def test_a_callback_about_the_true_key_is_heard_while_a_bogus_one_is_bound(self, mall):
        payment = await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.lose_before.append("confirm")
        await mall.confirm(payment["id"], key=BOGUS)
        mall.toss.deposit(payment["id"])
        assert (await mall.callback(payment["id"], key=key, amount=AMOUNT)).status_code == 200
        await mall.run("callbacks")
        await mall.run_later("callbacks", seconds=5)
        assert await mall.status(payment["id"]) == "confirmed"
        assert await mall.rows("SELECT status FROM provider_callbacks") == [("done",)]
        await mall.assert_balanced()
