"""POST /v1/payments/{id}/confirm, and the browser's way back."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from services.payments.tests.builders import AMOUNT, TOKEN, a_payable, a_refund_request, a_staff_header, shown

from common import ids
from common.testing import published
from contracts.payments import PaymentConfirmed
from payments.commands.answers import Hint, Refused, Standing

pytestmark = pytest.mark.integration


class TestConfirm:
    async def test_takes_the_money_and_tells_the_others(self, mall):
        payment = await mall.open()
        response = await mall.confirm(payment["id"])
        assert (response.status_code, response.json()["status"]) == (200, "confirmed")
        (event,) = await published(mall.database)
        assert isinstance(event, PaymentConfirmed)
        assert (str(event.payment_id), event.amount, event.receipt_url) == (
            payment["id"],
            AMOUNT,
            "https://receipt.example/1",
        )
        await mall.assert_balanced()

    async def test_takes_unknown_fields_and_the_amount_as_text(self, mall):
        payment = await mall.open()
        response = await mall.confirm(payment["id"], amount=str(AMOUNT), paymentType="NORMAL")
        assert response.json()["status"] == "confirmed"

    @pytest.mark.parametrize("amount", [AMOUNT - 1, AMOUNT + 1, 1, "100", 10**20])
    async def test_a_tampered_amount_changes_nothing(self, mall, amount):
        payment = await mall.open()
        response = await mall.confirm(payment["id"], amount=amount)
        assert (response.status_code, response.json()["code"]) == (422, "payment.amount_mismatch")
        assert await mall.status(payment["id"]) == "open"
        assert [name for name, _ in mall.toss.calls] == []
        assert (await mall.confirm(payment["id"])).json()["status"] == "confirmed"

    @pytest.mark.parametrize("amount", [15900.0, "15900.0", "15,900", 0, -15900, True, None, "", "١٥٩٠٠"])
    async def test_what_is_no_whole_amount_is_invalid(self, mall, amount):
        payment = await mall.open()
        response = await mall.confirm(payment["id"], amount=amount)
        assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
        assert await mall.status(payment["id"]) == "open"

    @pytest.mark.parametrize("key", ["", "a b", "\x00", "x" * 201, "열쇠"])
    async def test_what_is_no_key_is_invalid(self, mall, key):
        payment = await mall.open()
        content = {"paymentKey": key, "orderId": payment["id"], "amount": AMOUNT}
        response = await mall.http.post(f"/v1/payments/{payment['id']}/confirm", json=content)
        assert response.json()["code"] == "request.invalid"

    async def test_another_payments_order_id(self, mall):
        payment, other = await mall.open(), await mall.open()
        response = await mall.confirm(payment["id"], orderId=other["id"])
        assert (response.status_code, response.json()["code"]) == (422, "payment.order_mismatch")

    async def test_nobodys_payment(self, mall):
        response = await mall.confirm(str(ids.new_id()))
        assert (response.status_code, response.json()["code"]) == (404, "payment.not_found")

    async def test_another_payments_key_is_refused_before_money_moves(self, mall):
        paid, payment = await mall.paid(), await mall.open()
        key = (await mall.payment(paid["id"])).key
        response = await mall.confirm(payment["id"], key=key)
        assert (response.status_code, response.json()["code"]) == (409, "payment.key_taken")
        assert await mall.status(payment["id"]) == "open"

    async def test_the_provider_declines(self, mall):
        payment = await mall.open()
        mall.toss.refuse["confirm"] = Refused("REJECT_CARD_PAYMENT", "한도초과")
        response = await mall.confirm(payment["id"])
        assert (response.status_code, response.json()["code"]) == (422, "payment.refused")
        assert response.json()["provider_code"] == "REJECT_CARD_PAYMENT"
        assert (await mall.get(payment["id"]))["failure"] == {"code": "REJECT_CARD_PAYMENT", "reason": "한도초과"}
        assert await mall.said() == ["payment-failed"]
        assert (await mall.open("card", payment["order_id"]))["status"] == "open"
        await mall.assert_balanced()

    async def test_a_provider_that_confirms_another_amount_is_not_believed(self, mall):
        payment = await mall.open()
        known = await mall.payment(payment["id"])
        key = mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.overrides["confirm"] = shown(known, Standing.PAID, key=key, amount=100)
        response = await mall.confirm(payment["id"], key=key)
        assert response.status_code == 202
        assert await mall.said() == []
        found = await mall.http.get(f"/v1/payments/{payment['id']}", headers=a_staff_header("payments"))
        assert found.json()["attention"] == "amount_mismatch"


class TestRepeats:
    async def test_twice_takes_the_money_once(self, mall):
        payment = await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        first = await mall.confirm(payment["id"], key=key)
        again = await mall.confirm(payment["id"], key=key)
        assert (first.json()["status"], again.json()["status"]) == ("confirmed", "confirmed")
        assert [name for name, _ in mall.toss.calls] == ["confirm"]
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()

    async def test_twenty_at_once_ask_the_provider_once(self, mall):
        payment = await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        responses = await asyncio.gather(*(mall.confirm(payment["id"], key=key) for _ in range(20)))
        assert {response.status_code for response in responses} <= {200, 202}
        assert [name for name, _ in mall.toss.calls] == ["confirm"]
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()

    async def test_a_repeat_while_the_first_is_under_way_says_to_wait(self, mall):
        payment = await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.reached["confirm"], mall.toss.held["confirm"] = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(mall.confirm(payment["id"], key=key))
        await mall.toss.reached["confirm"].wait()
        during = await mall.confirm(payment["id"], key=key)
        assert (during.status_code, during.json()["status"]) == (202, "confirming")
        mall.toss.held["confirm"].set()
        assert (await first).json()["status"] == "confirmed"


class TestUnknown:
    @pytest.mark.parametrize("lost", ["lose_after", "lose_before"])
    async def test_a_lost_answer_is_asked_about_until_the_truth_is_known(self, mall, lost):
        payment = await mall.open()
        getattr(mall.toss, lost).append("confirm")
        response = await mall.confirm(payment["id"])
        assert (response.status_code, response.json()["status"]) == (202, "unknown")
        assert response.json()["next_action"] == {"type": "wait"}
        assert await mall.said() == []
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.status(payment["id"]) == "confirmed"
        assert mall.toss.money() == AMOUNT
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()

    async def test_asks_again_when_the_provider_stays_silent(self, mall):
        payment = await mall.open()
        mall.toss.lose_after.extend(["confirm", "get", "get"])
        await mall.confirm(payment["id"])
        for _ in range(2):
            await mall.run_later("settle-payments", minutes=1)
            assert await mall.status(payment["id"]) == "unknown"
        await mall.run_later("settle-payments", minutes=5)
        assert await mall.status(payment["id"]) == "confirmed"

    async def test_a_refusal_for_now_is_no_refusal(self, mall):
        payment = await mall.open()
        mall.toss.refuse["confirm"] = Refused("TOO_MANY_REQUESTS", "", Hint.LATER)
        assert (await mall.confirm(payment["id"])).status_code == 202
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.status(payment["id"]) == "confirmed"

    async def test_a_crash_between_asking_and_recording_is_found_by_the_job(self, mall, monkeypatch):
        payment = await mall.open()
        with monkeypatch.context() as patched:
            patched.setattr(mall.parts.state["confirming"]._settling, "record", _dies)
            assert (await mall.confirm(payment["id"])).status_code == 500
        assert await mall.status(payment["id"]) == "confirming"
        await mall.run_later("settle-payments", seconds=31)
        assert await mall.status(payment["id"]) == "confirmed"
        assert mall.toss.money() == AMOUNT
        await mall.assert_balanced()

    async def test_a_session_the_provider_forgot_leaves_the_payment_open_until_its_time_is_over(self, mall):
        payment = await mall.open()
        mall.toss.lose_before.append("confirm")
        await mall.confirm(payment["id"])
        del mall.toss.tills[payment["id"]]
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.get(payment["id"]) == payment
        assert await mall.said() == []
        await mall.run_later("settle-payments", minutes=30)
        assert await mall.status(payment["id"]) == "expired"
        assert await mall.said() == ["payment-expired"]

    async def test_an_old_look_up_never_overrules_a_newer_one(self, mall):
        """The look-up is made before the money comes and told after it was recorded."""
        payment = await mall.open("virtual_account")
        mall.toss.reached["get"], mall.toss.held["get"] = asyncio.Event(), asyncio.Event()
        known = await mall.payment(payment["id"])
        mall.toss.overrides["get"] = shown(known, Standing.WAITING)
        await mall.callback(payment["id"])
        slow = asyncio.create_task(mall.run("callbacks"))
        await mall.toss.reached["get"].wait()
        mall.toss.deposit(payment["id"])
        held = mall.toss.held.pop("get")
        mall.toss.reached.pop("get")
        override = mall.toss.overrides.pop("get")
        await mall.callback(payment["id"])
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"
        mall.toss.overrides["get"] = override
        held.set()
        await slow
        assert await mall.status(payment["id"]) == "confirmed"
        assert await mall.said() == ["payment-pending", "payment-confirmed"]
        await mall.assert_balanced()


async def _dies(*_):
    raise RuntimeError("the process died here")


class TestReturn:
    async def success(self, mall, payment, **changes):
        query = {"paymentKey": mall.toss.agree(payment["id"], AMOUNT), "orderId": payment["id"], "amount": AMOUNT}
        return await mall.http.get(f"/v1/payments/{payment['id']}/return/success", params=query | changes)

    def told(self, response):
        assert response.status_code == 303
        parts = urlsplit(response.headers["location"])
        return f"{parts.scheme}://{parts.netloc}{parts.path}", {k: v[0] for k, v in parse_qs(parts.query).items()}

    async def test_confirms_and_leads_back_to_the_shop(self, mall):
        payment = await mall.open(return_url="https://shop.example/done?from=pay")
        where, told = self.told(await self.success(mall, payment))
        assert where == "https://shop.example/done"
        assert told == {
            "from": "pay", "payment_id": payment["id"], "order_id": payment["order_id"], "status": "confirmed",
        }  # fmt: skip

    async def test_a_tampered_amount_leads_back_with_the_refusal(self, mall):
        payment = await mall.open(return_url="https://shop.example/done")
        _, told = self.told(await self.success(mall, payment, amount=100))
        assert (told["status"], told["code"]) == ("open", "payment.amount_mismatch")
        assert mall.toss.money() == 0

    async def test_without_a_return_url_the_answer_is_the_payment(self, mall):
        payment = await mall.open()
        assert (await self.success(mall, payment)).json()["status"] == "confirmed"

    async def test_a_failed_window_is_looked_up_and_not_believed(self, mall):
        payment = await mall.open(return_url="https://shop.example/done")
        url = f"/v1/payments/{payment['id']}/return/fail"
        _, told = self.told(await mall.http.get(url, params={"code": "PAY_PROCESS_CANCELED"}))
        assert (told["status"], told["code"]) == ("open", "PAY_PROCESS_CANCELED")
        mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.tills[payment["id"]].standing = Standing.FAILED
        _, told = self.told(await mall.http.get(url, params={"code": "<script>"}))
        assert told == {"payment_id": payment["id"], "order_id": payment["order_id"], "status": "failed"}


class TestGet:
    async def test_only_its_customer_and_staff_of_payments_see_it(self, mall):
        payment = await mall.open()
        url = f"/v1/payments/{payment['id']}"
        assert (await mall.http.get(url)).status_code == 404
        assert (await mall.http.get(url, headers={"X-Order-Token": "guess"})).status_code == 404
        assert (await mall.http.get(url, headers=a_staff_header("catalog"))).status_code == 403
        assert (await mall.http.get(url, headers=a_staff_header("payments"))).status_code == 200
        assert (await mall.http.get(url, headers={"Authorization": "Bearer x"})).status_code == 401
        assert (
            await mall.http.get(f"/v1/payments/{ids.new_id()}", headers={"X-Order-Token": TOKEN})
        ).status_code == 404

    async def test_lists_the_tries_of_an_order(self, mall):
        first = await mall.open()
        second = await mall.open("card", first["order_id"])
        query = {"order_id": first["order_id"]}
        response = await mall.http.get("/v1/payments", params=query, headers={"X-Order-Token": TOKEN})
        assert [item["id"] for item in response.json()["items"]] == [first["id"], second["id"]]

    async def test_a_stranger_does_not_learn_whether_an_order_has_payments(self, mall):
        with_payment = (await mall.open())["order_id"]
        without = str(mall.orders.add(a_payable()).order_id)
        for order_id in (with_payment, without):
            for headers in ({}, {"X-Order-Token": "guess"}):
                response = await mall.http.get("/v1/payments", params={"order_id": order_id}, headers=headers)
                assert (response.status_code, response.json()) == (200, {"items": [], "next_cursor": None})
            refused = await mall.http.get(
                "/v1/payments", params={"order_id": order_id}, headers=a_staff_header("catalog")
            )
            assert refused.status_code == 403

    async def test_a_late_repeat_of_the_confirmation_tells_what_went_back(self, mall):
        payment = await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        await mall.confirm(payment["id"], key=key)
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await mall.run("refunds")
        parameters = {"paymentKey": key, "orderId": payment["id"], "amount": AMOUNT}
        returned = await mall.http.get(f"/v1/payments/{payment['id']}/return/success", params=parameters)
        for again in (await mall.confirm(payment["id"], key=key), returned):
            found = again.json()
            assert (found["status"], found["refunded"]["amount"]) == ("partially_refunded", 5_000)
            assert [row["status"] for row in found["refunds"]] == ["done"]
