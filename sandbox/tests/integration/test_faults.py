"""Misbehaviour on request: for each kind, what the caller sees and what the books say."""

import asyncio
from typing import Any

import pytest
from sandbox_world import Running, settle


def confirming(key: str) -> dict[str, object]:
    return {"paymentKey": key, "orderId": "order-0001", "amount": 33000}


async def statuses(running: Running) -> list[str]:
    return [f"{event['event']} {event['status']}" for event in running.mall.events()]


class TestCalls:
    async def test_error_answers_the_partys_own_refusal_and_does_nothing(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "error", operation="confirm", code="FAILED_INTERNAL_SYSTEM_PROCESSING")
        answer = await running.toss("POST", "/payments/confirm", confirming(key))
        assert (answer.status_code, answer.json()["code"]) == (500, "FAILED_INTERNAL_SYSTEM_PROCESSING")
        assert (await running.books("order-0001"))["taken"] == 0
        assert (await running.toss("POST", "/payments/confirm", confirming(key))).status_code == 200

    async def test_an_unnamed_error_is_the_temporary_kind(self, running: Running) -> None:
        await running.fault("toss", "error")
        answer = await running.toss("GET", "/payments/orders/order-0001")
        assert (answer.status_code, answer.json()["code"]) == (400, "PROVIDER_ERROR")

    async def test_http_500_is_no_json_and_does_nothing(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "http_500", operation="confirm")
        answer = await running.toss("POST", "/payments/confirm", confirming(key))
        assert answer.status_code == 500
        assert not answer.headers["content-type"].startswith("application/json")
        assert (await running.books("order-0001"))["taken"] == 0

    async def test_drop_after_effect_takes_the_money_and_loses_the_answer(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "drop_after_effect", operation="confirm", mode="http_500")
        answer = await running.toss("POST", "/payments/confirm", confirming(key))
        assert answer.status_code == 500
        assert (await running.books("order-0001"))["taken"] == 33000
        found = await running.toss("GET", "/payments/orders/order-0001")
        assert found.json()["status"] == "DONE"

    async def test_after_a_dropped_answer_the_same_key_replays_it(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "drop_after_effect", operation="confirm", mode="http_500")
        await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="attempt-1")
        again = await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="attempt-1")
        assert again.json()["status"] == "DONE"
        assert (await running.books("order-0001"))["taken"] == 33000

    async def test_a_dropped_refund_is_in_the_books_once(self, running: Running) -> None:
        payment = await running.paid()
        path = f"/payments/{payment['paymentKey']}/cancel"
        await running.fault("toss", "drop_after_effect", operation="cancel", mode="http_500")
        for _ in range(2):
            await running.toss("POST", path, {"cancelReason": "변심", "cancelAmount": 1000}, idempotency_key="refund-1")
        assert (await running.books("order-0001"))["refunded"] == 1000

    async def test_delay_answers_late_but_rightly(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "delay", operation="confirm", seconds=7)
        waiting = asyncio.create_task(running.toss("POST", "/payments/confirm", confirming(key)))
        await running.clock.advance(6.9)
        assert not waiting.done()
        await running.clock.advance(0.2)
        assert (await waiting).json()["status"] == "DONE"

    async def test_count_says_how_many_calls_and_other_operations_are_left_alone(self, running: Running) -> None:
        await running.fault("toss", "error", operation="get_order", count=2)
        assert (await running.toss("GET", "/payments/nothing")).json()["code"] == "NOT_FOUND_PAYMENT"
        codes = [(await running.toss("GET", "/payments/orders/order-0001")).json()["code"] for _ in range(3)]
        assert codes == ["PROVIDER_ERROR", "PROVIDER_ERROR", "NOT_FOUND_PAYMENT"]


class TestCallbacks:
    async def test_none(self, running: Running) -> None:
        await running.fault("toss", "no_callbacks", operation="DEPOSIT_CALLBACK")
        await running.account()
        await running.bank("deposit", orderId="order-0001")
        await running.clock.advance(3600)
        assert "DEPOSIT_CALLBACK DONE" not in await statuses(running)
        assert (await running.books("order-0001"))["taken"] == 33000

    async def test_twice_under_the_same_transmission_id(self, running: Running) -> None:
        await running.fault("toss", "duplicate_callbacks", operation="PAYMENT_STATUS_CHANGED", seconds=3)
        await running.paid()
        await running.clock.advance(3)
        assert await statuses(running) == ["PAYMENT_STATUS_CHANGED DONE"] * 2
        ids = {one.headers["tosspayments-webhook-transmission-id"] for one in running.mall.requests}
        assert len(ids) == 1

    async def test_late(self, running: Running) -> None:
        await running.fault("toss", "late_callbacks", operation="PAYMENT_STATUS_CHANGED", seconds=90)
        await running.paid()
        await running.clock.advance(89)
        assert await statuses(running) == []
        await running.clock.advance(2)
        assert await statuses(running) == ["PAYMENT_STATUS_CHANGED DONE"]

    async def test_reordered_last_first(self, running: Running) -> None:
        await running.fault("toss", "reorder_callbacks", operation="DEPOSIT_CALLBACK", count=2, seconds=5)
        await running.account()
        await running.bank("deposit", orderId="order-0001")
        await running.bank("reverse", orderId="order-0001")
        await running.clock.advance(6)
        flat = [text for text in await statuses(running) if text.startswith("DEPOSIT")]
        assert flat == ["DEPOSIT_CALLBACK WAITING_FOR_DEPOSIT", "DEPOSIT_CALLBACK DONE"]


class TestControl:
    async def test_lists_what_is_left_and_clears(self, running: Running) -> None:
        await running.fault("toss", "error", operation="get_order", count=3)
        await running.toss("GET", "/payments/orders/order-0001")
        (listed,) = (await running.client.get("/_sandbox/faults")).json()
        assert (listed["party"], listed["kind"], listed["total"], listed["remaining"]) == ("toss", "error", 3, 2)
        assert (await running.client.delete("/_sandbox/faults")).json() == {"cleared": 1}
        answer = await running.toss("GET", "/payments/orders/order-0001")
        assert answer.json()["code"] == "NOT_FOUND_PAYMENT"

    async def test_clears_one_by_its_id(self, running: Running) -> None:
        await running.fault("toss", "error")
        await running.fault("solapi", "error")
        first = (await running.client.get("/_sandbox/faults")).json()[0]
        await running.client.delete(f"/_sandbox/faults/{first['id']}")
        (left,) = (await running.client.get("/_sandbox/faults")).json()
        assert left["party"] == "solapi"

    @pytest.mark.parametrize(
        "wrong",
        [{"party": "bank"}, {"kind": "explode"}, {"count": 0}, {"seconds": -1}, {"mode": "shout"}],
    )
    async def test_refuses_an_order_it_does_not_understand(self, running: Running, wrong: dict[str, Any]) -> None:
        order = {"party": "toss", "kind": "error"} | wrong
        assert (await running.client.post("/_sandbox/faults", json=order)).status_code == 422

    async def test_survives_a_restart(self, running: Running) -> None:
        await running.fault("toss", "error", operation="confirm", count=5)
        await settle()
        row = running.world.store.row("SELECT remaining FROM faults")
        assert row is not None
        assert row["remaining"] == 5
