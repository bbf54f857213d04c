"""POST /v1/payments."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from services.payments.tests.builders import AMOUNT, NOW, TOKEN, a_payable

from common import ids
from common.testing import published
from contracts.payments import PaymentPending
from payments.commands.answers import Refused
from payments.handlers import payment as handlers

pytestmark = pytest.mark.integration


class TestWindow:
    @pytest.mark.parametrize("method", ["card", "transfer", "easy_pay"])
    async def test_answers_with_the_way_to_the_window(self, mall, method):
        payment = await mall.open(method)
        assert payment["status"] == "open"
        assert payment["amount"] == {"amount": AMOUNT, "currency": "KRW"}
        assert payment["next_action"]["type"] == "redirect"
        assert f"orderId={payment['id']}" in payment["next_action"]["url"]
        assert mall.toss.seen_terms[0].return_url == f"https://edge.example/v1/payments/{payment['id']}/return"

    async def test_says_nothing_to_others_before_anybody_paid(self, mall):
        await mall.open()
        assert await mall.said() == []

    async def test_takes_the_amount_from_orders_and_from_nobody_else(self, mall):
        order = mall.orders.add(a_payable())
        response = await mall.post(order.order_id, amount=1)
        assert (response.status_code, response.json()["code"]) == (422, "request.invalid")


class TestAccount:
    async def test_answers_with_the_account_to_pay_into(self, mall):
        payment = await mall.open("virtual_account", bank="신한", depositor_name="박토스")
        assert payment["status"] == "waiting_for_deposit"
        assert payment["next_action"] == {
            "type": "deposit", "bank_code": "88", "bank_name": "신한은행", "account_number": "88012345678901",
            "holder": "토스페이먼츠", "amount": {"amount": AMOUNT, "currency": "KRW"},
            "due_at": "2026-11-23T03:00:00Z",
        }  # fmt: skip
        assert (mall.toss.seen_terms[0].bank, mall.toss.seen_terms[0].customer_name) == ("88", "박토스")

    async def test_tells_the_others_where_to_pay_and_until_when(self, mall):
        payment = await mall.open("virtual_account")
        (event,) = await published(mall.database)
        assert isinstance(event, PaymentPending)
        assert str(event.payment_id) == payment["id"]
        assert event.virtual_account.due_at == NOW + timedelta(hours=24)

    async def test_keeps_no_name_anywhere(self, mall):
        await mall.open("virtual_account", depositor_name="박토스")
        for table in ("payments", "outbox", "idempotency_keys", "payment_history"):
            kept = str(await mall.rows(f"SELECT to_jsonb(t)::text FROM {table} t"))
            for name in ("박토스", "김서연"):
                assert name not in kept
                assert name.encode().hex() not in kept

    async def test_a_lost_answer_leaves_the_customer_waiting_not_stranded(self, mall):
        mall.toss.lose_after.append("prepare")
        payment = await mall.open("virtual_account")
        assert (payment["status"], payment["next_action"]) == ("created", {"type": "wait"})
        await mall.run_later("settle-payments", seconds=3)
        found = await mall.get(payment["id"])
        assert found["status"] == "waiting_for_deposit"
        assert found["next_action"]["account_number"] == "88012345678901"
        assert await mall.said() == ["payment-pending"]

    async def test_a_request_that_never_arrived_frees_the_order(self, mall):
        mall.toss.lose_before.append("prepare")
        payment = await mall.open("virtual_account")
        await mall.run_later("settle-payments", seconds=3)
        assert await mall.status(payment["id"]) == "failed"
        assert await mall.said() == ["payment-failed"]
        assert (await mall.open("virtual_account", payment["order_id"]))["status"] == "waiting_for_deposit"


class TestRefusals:
    async def test_the_provider_says_no(self, mall):
        order = mall.orders.add(a_payable())
        mall.toss.refuse["prepare"] = Refused("INVALID_BANK", "은행")
        response = await mall.post(order.order_id, "virtual_account", key="k1")
        assert (response.status_code, response.json()["code"]) == (422, "payment.refused")
        assert response.json()["provider_code"] == "INVALID_BANK"
        assert await mall.said() == ["payment-failed"]
        again = await mall.post(order.order_id, "virtual_account", key="k1")
        assert again.status_code == 422
        assert again.headers["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"provider": "nobody"}, "payment.provider_unknown"),
            ({"method": "cheque"}, "request.invalid"),
            ({"bank": "외계은행", "method": "virtual_account"}, "payment.bank_unknown"),
            ({"return_url": "javascript:alert(1)"}, "request.invalid"),
            ({"return_url": "no url"}, "request.invalid"),
            ({"depositor_name": "박\x00토스", "method": "virtual_account"}, "request.invalid"),
            ({"depositor_name": "박토스\x85x", "method": "virtual_account"}, "request.invalid"),
            ({"bank": "신\x00한", "method": "virtual_account"}, "request.invalid"),
            ({"order_id": "1"}, "request.invalid"),
            ({"card_number": "5327502012344631"}, "request.invalid"),
        ],
    )
    async def test_bad_input_opens_nothing(self, mall, body, code):
        order = mall.orders.add(a_payable())
        headers = {"X-Order-Token": TOKEN, "Idempotency-Key": "k"}
        content = {"order_id": str(order.order_id), "provider": "toss", "method": "card"} | body
        response = await mall.http.post("/v1/payments", headers=headers, json=content)
        assert (response.status_code, response.json()["code"]) == (422, code)
        assert await mall.rows("SELECT id FROM payments") == []

    async def test_needs_the_orders_token(self, mall):
        order = mall.orders.add(a_payable())
        content = {"order_id": str(order.order_id), "provider": "toss", "method": "card"}
        bare = await mall.http.post("/v1/payments", headers={"Idempotency-Key": "k"}, json=content)
        assert (bare.status_code, bare.json()["code"]) == (401, "auth.required")
        headers = {"Idempotency-Key": "k", "X-Order-Token": "guess"}
        wrong = await mall.http.post("/v1/payments", headers=headers, json=content)
        assert (wrong.status_code, wrong.json()["code"]) == (404, "order.not_found")

    async def test_needs_an_idempotency_key(self, mall):
        response = await mall.http.post("/v1/payments", headers={"X-Order-Token": TOKEN}, json={})
        assert response.status_code == 422

    @pytest.mark.parametrize("status", ["paid", "cancelled", "preparing"])
    async def test_an_order_that_waits_for_no_payment(self, mall, status):
        order = mall.orders.add(a_payable(status=status))
        response = await mall.post(order.order_id)
        assert (response.status_code, response.json()["code"]) == (409, "payment.order_not_payable")

    @pytest.mark.parametrize("method", ["card", "virtual_account"])
    async def test_an_order_whose_time_is_over(self, mall, method):
        """Orders gives it up in a moment: an account issued now would be closed under the customer's hands."""
        order = mall.orders.add(a_payable(payment_due_at=NOW))
        response = await mall.post(order.order_id, method)
        assert (response.status_code, response.json()["code"]) == (409, "payment.order_not_payable")
        assert mall.toss.tills == {}

    async def test_a_currency_the_provider_does_not_take(self, mall):
        order = mall.orders.add(a_payable(currency="USD"))
        assert (await mall.post(order.order_id)).json()["code"] == "payment.currency_unsupported"

    async def test_returns_lead_only_where_the_settings_allow(self, other_origin):
        headers = {"X-Order-Token": TOKEN, "Idempotency-Key": "k"}
        content = {"order_id": str(ids.new_id()), "provider": "toss", "method": "card"}
        outside = await other_origin.post(
            "/v1/payments", headers=headers, json=content | {"return_url": "https://evil.example/"}
        )
        assert outside.json()["code"] == "payment.return_url_refused"
        headers["Idempotency-Key"] = "k2"
        inside = await other_origin.post(
            "/v1/payments", headers=headers, json=content | {"return_url": "https://shop.example/done"}
        )
        assert inside.json()["code"] == "order.not_found"


class TestIdempotency:
    async def test_the_same_key_is_the_same_payment(self, mall):
        order = mall.orders.add(a_payable())
        first = await mall.post(order.order_id, "virtual_account", key="k1")
        again = await mall.post(order.order_id, "virtual_account", key="k1")
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(mall.toss.tills) == 1

    async def test_the_same_key_with_another_body_is_refused(self, mall):
        order = mall.orders.add(a_payable())
        await mall.post(order.order_id, "virtual_account", key="k1")
        response = await mall.post(order.order_id, "card", key="k1")
        assert (response.status_code, response.json()["code"]) == (422, "idempotency.key_reused")

    async def test_a_try_cut_off_after_the_provider_opened_it_goes_on_with_the_same_account(self, mall, monkeypatch):
        order = mall.orders.add(a_payable())
        with monkeypatch.context() as patched:
            patched.setattr(handlers, "record_answer", _dies)
            assert (await mall.post(order.order_id, "virtual_account", key="k1")).status_code == 500
        again = await mall.post(order.order_id, "virtual_account", key="k1")
        assert again.status_code == 201
        assert again.json()["status"] == "waiting_for_deposit"
        assert len(mall.toss.tills) == 1


async def _dies(*_, **__):
    raise RuntimeError("the process died here")


class TestOneOpenPayment:
    async def test_a_new_try_gives_up_the_older_window(self, mall):
        first = await mall.open()
        second = await mall.open("card", first["order_id"])
        older = await mall.get(first["id"])
        assert (older["status"], older["closed_reason"]) == ("cancelled", "replaced")
        assert await mall.status(second["id"]) == "open"

    async def test_the_given_up_window_cannot_be_confirmed_and_no_money_moves(self, mall):
        first = await mall.open()
        second = await mall.open("card", first["order_id"])
        assert (await mall.confirm(second["id"])).status_code == 200
        late = await mall.confirm(first["id"])
        assert (late.status_code, late.json()["code"]) == (409, "payment.not_open")
        assert ("confirm", first["id"]) not in mall.toss.calls
        assert mall.toss.money() == AMOUNT
        await mall.assert_balanced()

    async def test_an_account_waiting_for_its_deposit_blocks_another_try(self, mall):
        first = await mall.open("virtual_account")
        response = await mall.post(first["order_id"])
        assert (response.status_code, response.json()["code"]) == (409, "payment.already_open")
        assert response.json()["payment_id"] == first["id"]

    async def test_an_unknown_outcome_blocks_another_try(self, mall):
        first = await mall.open()
        mall.toss.lose_after.append("confirm")
        await mall.confirm(first["id"])
        assert (await mall.post(first["order_id"])).json()["code"] == "payment.already_open"

    async def test_a_paid_order_takes_no_other_payment(self, mall):
        first = await mall.paid()
        assert (await mall.post(first["order_id"])).json()["code"] == "payment.already_paid"

    async def test_twenty_tabs_at_once_leave_one_payment_open(self, mall):
        order = mall.orders.add(a_payable())
        responses = await asyncio.gather(*(mall.post(order.order_id) for _ in range(20)))
        assert {response.status_code for response in responses} <= {201, 409}
        live = await mall.rows("SELECT id FROM payments WHERE status IN ('created', 'open')")
        assert len(live) == 1
