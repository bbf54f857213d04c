"""The adapter against the sandbox's Toss: two readings of the same public documents have to agree."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request, an_order_cancelled
from services.payments.tests.integration.toss_street import Street, a_street

pytestmark = pytest.mark.integration

ACCOUNT = {"bank": "88", "account_number": "110123456789", "holder_name": "김서연"}


@pytest.fixture
async def street(database, clock, tmp_path) -> AsyncIterator[Street]:
    async with a_street(database, clock, tmp_path) as made:
        yield made


class TestCard:
    async def test_from_the_window_to_a_refund(self, street):
        mall = street.mall
        payment = await mall.open()
        response = await street.confirm(payment, await street.pay_at_window(payment))
        assert (response.status_code, response.json()["status"]) == (200, "confirmed"), response.text
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await mall.run("refunds")
        assert await mall.status(payment["id"]) == "partially_refunded"
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT - 5_000))
        for _ in range(3):
            await mall.run_later("refunds", seconds=3)
        assert await mall.status(payment["id"]) == "refunded"
        await street.assert_agreed()

    async def test_a_decline_at_confirm(self, street):
        payment = await street.mall.open()
        response = await street.confirm(payment, await street.pay_at_window(payment, outcome="decline"))
        assert (response.status_code, response.json()["provider_code"]) == (422, "REJECT_CARD_PAYMENT")
        assert await street.mall.status(payment["id"]) == "failed"
        await street.assert_agreed()

    async def test_bogus_keys_before_the_true_one(self, street):
        """One nobody has, and one of another order: the sandbox replays by idempotency key, as Toss does."""
        mall = street.mall
        payment, other = await mall.open(), await mall.open()
        back, others_back = await street.pay_at_window(payment), await street.pay_at_window(other)
        for key, code in (("nobodys", "NOT_FOUND_PAYMENT_SESSION"), (others_back["paymentKey"], "FORBIDDEN_REQUEST")):
            refused = await street.confirm(payment, back | {"paymentKey": key})
            assert (refused.status_code, refused.json()["code"]) == (422, "payment.key_refused"), refused.text
            assert refused.json()["provider_code"] == code
        for mine, brought in ((payment, back), (other, others_back)):
            assert (await street.confirm(mine, brought)).json()["status"] == "confirmed"
        await street.assert_agreed()

    @pytest.mark.parametrize("others", [False, True])
    async def test_a_bogus_key_whose_answer_was_lost(self, street, others):
        """The look-up finds no such key, or finds it under another order."""
        mall = street.mall
        payment, other = await mall.open(), await mall.open()
        back, others_back = await street.pay_at_window(payment), await street.pay_at_window(other)
        await street.fault("confirm", "http_500", mode="http_500")
        key = others_back["paymentKey"] if others else "nobodys"
        assert (await street.confirm(payment, back | {"paymentKey": key})).status_code == 202
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.get(payment["id"]) == payment
        for mine, brought in ((payment, back), (other, others_back)):
            assert (await street.confirm(mine, brought)).json()["status"] == "confirmed"
        await street.assert_agreed()

    @pytest.mark.parametrize("kind", ["http_500", "drop_after_effect"])
    async def test_a_lost_confirmation(self, street, kind):
        mall = street.mall
        payment = await mall.open()
        back = await street.pay_at_window(payment)
        await street.fault("confirm", kind, mode="http_500")
        assert (await street.confirm(payment, back)).status_code == 202
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.status(payment["id"]) == "confirmed"
        await street.assert_agreed()

    @pytest.mark.parametrize("kind", ["http_500", "drop_after_effect"])
    async def test_a_lost_refund(self, street, kind):
        mall = street.mall
        payment = await mall.open()
        await street.confirm(payment, await street.pay_at_window(payment))
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await street.fault("cancel", kind, mode="http_500")
        for _ in range(4):
            await mall.run_later("refunds", seconds=5)
        assert (await mall.get(payment["id"]))["refunds"][0]["status"] == "done"
        await street.assert_agreed()

    async def test_the_callback_alone_is_enough_to_learn_of_it(self, street):
        mall = street.mall
        payment = await mall.open()
        await street.fault("confirm", "drop_after_effect", mode="http_500")
        await street.confirm(payment, await street.pay_at_window(payment))
        await street.callbacks_heard(1)
        assert await mall.status(payment["id"]) == "confirmed"


class TestAccount:
    async def test_from_the_account_to_the_deposit_and_back(self, street):
        mall = street.mall
        payment = await mall.open("virtual_account", bank="20")
        assert payment["next_action"]["bank_name"] == "우리은행"
        assert payment["next_action"]["due_at"] == "2026-11-23T03:00:00Z"
        await street.sandbox("deposit", accountNumber=payment["next_action"]["account_number"])
        await street.callbacks_heard(2)
        assert await mall.status(payment["id"]) == "confirmed"
        await street.sandbox("reverse", orderId=payment["id"])
        await street.callbacks_heard(4)
        assert await mall.status(payment["id"]) == "reversed"
        assert await mall.said() == ["payment-pending", "payment-confirmed", "deposit-reversed"]
        await street.assert_agreed()

    async def test_a_refund_to_the_customers_account(self, street):
        mall = street.mall
        payment = await mall.open("virtual_account")
        await street.sandbox("deposit", orderId=payment["id"])
        await street.callbacks_heard(2)
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT))
        given = await mall.http.post(
            f"/v1/payments/{payment['id']}/refund-account", headers={"X-Order-Token": "order-token"}, json=ACCOUNT
        )
        assert given.status_code == 204
        await mall.run("refunds")
        assert await mall.status(payment["id"]) == "refunded"
        await street.assert_agreed()

    async def test_runs_out(self, street):
        payment = await street.mall.open("virtual_account")
        await street.sandbox("expire", orderId=payment["id"])
        await street.callbacks_heard(1)
        assert await street.mall.status(payment["id"]) == "expired"

    async def test_is_closed_for_a_cancelled_order_and_a_deposit_forced_into_it_is_recorded(self, street):
        mall = street.mall
        payment = await mall.open("virtual_account")
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "cancelled"
        await street.sandbox("deposit", orderId=payment["id"], force=True)
        await street.callbacks_heard(4)
        assert await mall.status(payment["id"]) == "confirmed"
        await street.assert_agreed()
