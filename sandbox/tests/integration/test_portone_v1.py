"""PortOne V1 (korea.md 1.4): tokens that end, amounts that are locked, look-ups, cancel with its checksum."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sandbox_world import Running, sandbox, settle

HOOK = "http://mall.test/v1/callbacks/portone_v1/intake"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Ticks seldom: hours and days pass in these tests."""
    async with sandbox(tmp_path, tick_seconds=60.0) as one:
        yield one


def request(merchant_uid: str = "order-1", amount: int = 33000, **more: Any) -> dict[str, Any]:
    """The argument of IMP.request_pay, with the code of IMP.init."""
    return {
        "imp_code": "imp00000000", "pay_method": "card", "merchant_uid": merchant_uid, "name": "머그컵",
        "amount": amount, "m_redirect_url": "http://shop.test/back", "notice_url": HOOK, **more,
    }  # fmt: skip


async def token(running: Running) -> str:
    body = {"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"}
    answer = (await running.client.post("/portone_v1/users/getToken", json=body)).json()
    assert answer["code"] == 0
    assert answer["response"]["expired_at"] > answer["response"]["now"]
    return str(answer["response"]["access_token"])


async def api(running: Running, method: str, path: str, body: Any = None) -> httpx.Response:
    sent = {"authorization": await token(running)}
    return await running.client.request(method, f"/portone_v1{path}", json=body, headers=sent)


async def pay(running: Running, asked: dict[str, Any], outcome: str = "pay") -> dict[str, str]:
    answer = await running.client.post("/portone_v1/_sandbox/pay", json={**asked, "outcome": outcome})
    assert answer.status_code == 200, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.json()["redirect_url"]).query).items()}


class TestTokens:
    async def test_a_wrong_secret_gets_none(self, running: Running) -> None:
        answer = await running.client.post("/portone_v1/users/getToken", json={"imp_key": "k", "imp_secret": "s"})
        assert (answer.status_code, answer.json()["code"], answer.json()["response"]) == (401, -1, None)

    async def test_the_same_one_while_it_lives_and_another_after(self, running: Running) -> None:
        first = await token(running)
        assert await token(running) == first
        await running.clock.advance(1801)
        assert await token(running) != first
        old = await running.client.get("/portone_v1/payments/imp_1", headers={"authorization": first})
        assert (old.status_code, old.json()["code"]) == (401, -1)


class TestPreparing:
    async def test_locks_the_amount(self, running: Running) -> None:
        body = {"merchant_uid": "order-1", "amount": 33000}
        assert (await api(running, "POST", "/payments/prepare", body)).json()["response"] == body
        again = await api(running, "POST", "/payments/prepare", body)
        assert (again.status_code, again.json()["code"]) == (200, 1)
        assert (await api(running, "GET", "/payments/prepare/order-1")).json()["response"] == body
        assert (await pay(running, request(amount=100)))["imp_success"] == "false"
        assert (await pay(running, request()))["imp_success"] == "true"


class TestLookingUp:
    async def test_by_either_name(self, running: Running) -> None:
        back = await pay(running, request())
        by_imp = (await api(running, "GET", f"/payments/{back['imp_uid']}")).json()["response"]
        assert by_imp == (await api(running, "GET", "/payments/find/order-1")).json()["response"]
        assert (by_imp["status"], by_imp["amount"], by_imp["merchant_uid"]) == ("paid", 33000, "order-1")
        assert by_imp["imp_uid"].startswith("imp_")
        assert by_imp["paid_at"] == 1795309200

    async def test_nothing_is_404(self, running: Running) -> None:
        answer = await api(running, "GET", "/payments/imp_nobody")
        assert (answer.status_code, answer.json()["code"]) == (404, -1)

    @pytest.mark.parametrize(("outcome", "status"), [("fail", "failed"), ("cancel", "failed")])
    async def test_a_window_left(self, running: Running, outcome: str, status: str) -> None:
        back = await pay(running, request(), outcome)
        assert (back["imp_success"], back["merchant_uid"]) == ("false", "order-1")
        shown = (await api(running, "GET", f"/payments/{back['imp_uid']}")).json()["response"]
        assert shown["status"] == status

    async def test_an_account_is_ready_until_it_is_paid(self, running: Running) -> None:
        back = await pay(running, request(pay_method="vbank", vbank_due="202611231000"))
        shown = (await api(running, "GET", f"/payments/{back['imp_uid']}")).json()["response"]
        assert (shown["status"], shown["vbank_date"], shown["vbank_name"]) == ("ready", 1795395600, "신한은행")
        paid = await running.client.post("/portone_v1/_sandbox/deposit", json={"paymentId": "order-1"})
        assert paid.json()["status"] == "paid"


class TestCancelling:
    async def test_parts_keep_the_status_paid_until_nothing_is_left(self, running: Running) -> None:
        uid = (await pay(running, request()))["imp_uid"]
        body = {"imp_uid": uid, "amount": 10000, "checksum": 33000, "reason": "변심"}
        shown = (await api(running, "POST", "/payments/cancel", body)).json()["response"]
        assert (shown["status"], shown["cancel_amount"]) == ("paid", 10000)
        assert [(row["amount"], row["reason"]) for row in shown["cancel_history"]] == [(10000, "변심")]
        stale = await api(running, "POST", "/payments/cancel", body)
        assert (stale.status_code, stale.json()["code"], stale.json()["response"]) == (200, 1, None)
        rest = {"imp_uid": uid, "checksum": 23000, "reason": "나머지"}
        assert (await api(running, "POST", "/payments/cancel", rest)).json()["response"]["status"] == "cancelled"

    async def test_a_paid_account_wants_one_to_give_back_to(self, running: Running) -> None:
        uid = (await pay(running, request(pay_method="vbank")))["imp_uid"]
        await running.client.post("/portone_v1/_sandbox/deposit", json={"paymentId": "order-1"})
        body = {"imp_uid": uid, "amount": 10000, "checksum": 33000, "reason": "r"}
        assert (await api(running, "POST", "/payments/cancel", body)).json()["code"] == 1
        body |= {"refund_holder": "김하늘", "refund_bank": "88", "refund_account": "110123456789"}
        assert (await api(running, "POST", "/payments/cancel", body)).json()["response"]["cancel_amount"] == 10000

    async def test_an_unpaid_account_is_closed(self, running: Running) -> None:
        uid = (await pay(running, request(pay_method="vbank")))["imp_uid"]
        assert (await api(running, "DELETE", f"/vbanks/{uid}")).json()["response"]["status"] == "cancelled"


class TestWebhooks:
    async def test_three_fields_unsigned(self, running: Running) -> None:
        uid = (await pay(running, request()))["imp_uid"]
        await settle()
        (call,) = running.mall.requests
        assert running.mall.bodies(HOOK) == [{"imp_uid": uid, "merchant_uid": "order-1", "status": "paid"}]
        assert not [name for name in call.headers if "signature" in name]

    async def test_none_of_a_failure(self, running: Running) -> None:
        await pay(running, request(), "fail")
        await settle()
        assert running.mall.requests == []

    async def test_none_of_a_cancel_by_api_unless_asked_for(self, running: Running) -> None:
        uid = (await pay(running, request()))["imp_uid"]
        body = {"imp_uid": uid, "amount": 1000, "reason": "r"}
        await api(running, "POST", "/payments/cancel", body)
        await settle()
        assert len(running.mall.bodies(HOOK)) == 1
        await api(running, "POST", "/payments/cancel", {**body, "enable_webhook": True})
        await settle()
        last = running.mall.bodies(HOOK)[-1]
        assert (last["status"], bool(last["cancellation_id"])) == ("cancelled", True)

    async def test_ready_then_paid_for_an_account(self, running: Running) -> None:
        await pay(running, request(pay_method="vbank"))
        await running.client.post("/portone_v1/_sandbox/deposit", json={"paymentId": "order-1"})
        await settle()
        assert [body["status"] for body in running.mall.bodies(HOOK)] == ["ready", "paid"]
