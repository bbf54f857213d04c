"""Toss's Idempotency-Key (korea.md 1.1): first response replayed, 15 days, body not included, 409 in progress."""

import asyncio

from sandbox_world import Running, settle


def confirming(key: str, order_id: str = "order-0001", amount: int = 33000) -> dict[str, object]:
    return {"paymentKey": key, "orderId": order_id, "amount": amount}


class TestReplay:
    async def test_the_first_answer_comes_again_without_a_second_effect(self, running: Running) -> None:
        payment = await running.paid()
        path, body = f"/payments/{payment['paymentKey']}/cancel", {"cancelReason": "변심", "cancelAmount": 1000}
        first = await running.toss("POST", path, body, idempotency_key="refund-1")
        await running.clock.advance(5)
        second = await running.toss("POST", path, body, idempotency_key="refund-1")
        assert second.json() == first.json()
        assert (await running.books("order-0001"))["refunded"] == 1000

    async def test_the_body_is_not_looked_at(self, running: Running) -> None:
        """A key reused on confirm for another payment replays the first one [TC 1186570706016809030]."""
        first, second = await running.pay("order-0001"), await running.pay("order-0002")
        one = await running.toss("POST", "/payments/confirm", confirming(first), idempotency_key="same")
        other = await running.toss(
            "POST", "/payments/confirm", confirming(second, "order-0002"), idempotency_key="same"
        )
        assert other.json()["orderId"] == "order-0001"
        assert other.json() == one.json()
        assert (await running.books("order-0002"))["taken"] == 0

    async def test_another_url_is_another_scope(self, running: Running) -> None:
        one, two = await running.paid("order-0001"), await running.paid("order-0002")
        for payment in (one, two):
            path = f"/payments/{payment['paymentKey']}/cancel"
            answer = await running.toss("POST", path, {"cancelReason": "변심"}, idempotency_key="same")
            assert answer.json()["orderId"] == payment["orderId"]

    async def test_a_refusal_is_replayed_too(self, running: Running) -> None:
        key = await running.pay()
        wrong = await running.toss("POST", "/payments/confirm", confirming(key, amount=1), idempotency_key="k")
        right = await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="k")
        assert right.json() == wrong.json()
        assert right.status_code == 400

    async def test_not_now_is_not_remembered(self, running: Running) -> None:
        payment = await running.paid()
        path = f"/payments/{payment['paymentKey']}/cancel"
        await running.toss("POST", path, {"cancelReason": "변심", "cancelAmount": 1000})
        early = await running.toss("POST", path, {"cancelReason": "변심", "cancelAmount": 1000}, idempotency_key="k")
        assert early.json()["code"] == "FORBIDDEN_CONSECUTIVE_REQUEST"
        await running.clock.advance(2)
        later = await running.toss("POST", path, {"cancelReason": "변심", "cancelAmount": 1000}, idempotency_key="k")
        assert later.status_code == 200

    async def test_a_key_is_good_for_fifteen_days(self, running: Running) -> None:
        payment = await running.paid()
        path, body = f"/payments/{payment['paymentKey']}/cancel", {"cancelReason": "변심", "cancelAmount": 1000}
        await running.toss("POST", path, body, idempotency_key="refund-1")
        running.world.settings.tick_seconds = 86400
        await running.clock.advance(15 * 86400 + 60)
        await running.toss("POST", path, body, idempotency_key="refund-1")
        assert (await running.books("order-0001"))["refunded"] == 2000

    async def test_a_get_ignores_the_key(self, running: Running) -> None:
        payment = await running.paid()
        path = f"/payments/{payment['paymentKey']}"
        await running.toss("GET", path, idempotency_key="k")
        await running.toss("POST", f"{path}/cancel", {"cancelReason": "변심"})
        assert (await running.toss("GET", path, idempotency_key="k")).json()["status"] == "CANCELED"

    async def test_a_key_over_300_characters_is_refused(self, running: Running) -> None:
        answer = await running.toss("POST", "/payments/confirm", {}, idempotency_key="x" * 301)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")


class TestInProgress:
    async def test_the_same_key_while_the_first_runs_is_409(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "delay", operation="confirm", seconds=5)
        first = asyncio.create_task(running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="k"))
        await settle()
        second = await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="k")
        assert (second.status_code, second.json()["code"]) == (409, "IDEMPOTENT_REQUEST_PROCESSING")
        await running.clock.advance(5)
        assert (await first).json()["status"] == "DONE"
        third = await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="k")
        assert third.json() == (await first).json()

    async def test_a_failure_of_the_company_leaves_the_key_free(self, running: Running) -> None:
        key = await running.pay()
        await running.fault("toss", "http_500", operation="confirm")
        assert (
            await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="k")
        ).status_code == 500
        again = await running.toss("POST", "/payments/confirm", confirming(key), idempotency_key="k")
        assert again.json()["status"] == "DONE"
