"""PortOne V2's webhooks (2024-04-25): fields, signatures after Standard Webhooks, retries, forgeries on request."""

import base64
import hashlib
import hmac
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import Running, sandbox, settle

from sandbox.portone.notices import signature

HOOK = "http://mall.test/v1/callbacks/portone/intake"
SECRET = "whsec_c2FuZGJveC1wb3J0b25lLXdlYmhvb2s="
OTHER = "whsec_bmV4dC1wb3J0b25lLXdlYmhvb2s="
RETRY_MINUTES = (1, 4, 16, 64, 256)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Ticks seldom: hours and days pass in these tests."""
    async with sandbox(tmp_path, tick_seconds=60.0) as one:
        yield one


async def pay(running: Running, payment_id: str = "pay-0001", outcome: str = "pay", **more: Any) -> None:
    body = {
        "storeId": "store-sandbox", "channelKey": "c", "paymentId": payment_id, "orderName": "머그컵",
        "totalAmount": 33000, "currency": "KRW", "payMethod": "CARD", "redirectUrl": "http://shop.test/back",
        "noticeUrls": [HOOK], "outcome": outcome, **more,
    }  # fmt: skip
    assert (await running.client.post("/portone/_sandbox/pay", json=body)).status_code == 200
    await settle()


async def cancel(running: Running, **more: Any) -> None:
    headers = {"authorization": "PortOne sandbox-portone-secret"}
    body = {"reason": "r", **more}
    answer = await running.client.post("/portone/payments/pay-0001/cancel", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    await settle()


def holds(call: httpx.Request, secret: str) -> bool:
    """Reckoned here anew from the words of korea.md."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.content
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in call.headers["webhook-signature"].split(" ")


def test_the_public_vector_of_standard_webhooks() -> None:
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
        b'{"test": 2432232314}',
    )  # fmt: skip
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_say_what_and_where_and_no_more(running: Running) -> None:
    await pay(running)
    (call,) = running.mall.requests
    (body,) = running.mall.bodies(HOOK)
    assert set(body) == {"type", "timestamp", "data"}
    assert body["type"] == "Transaction.Paid"
    assert set(body["data"]) == {"storeId", "paymentId", "transactionId"}
    assert holds(call, SECRET)
    assert not holds(call, OTHER)
    assert call.headers["webhook-timestamp"] == "1795309200"


async def test_follow_a_payment_through_its_life(running: Running) -> None:
    expiry = {"accountExpiry": {"validHours": 24}}
    await pay(running, payMethod="VIRTUAL_ACCOUNT", virtualAccount=expiry)
    await running.client.post("/portone/_sandbox/deposit", json={"paymentId": "pay-0001"})
    account = {"bank": "SHINHAN", "number": "110123456789", "holderName": "김하늘"}
    await cancel(running, amount=10000, refundAccount=account)
    await running.clock.advance(200)
    await cancel(running, refundAccount=account, skipWebhook=True)
    await running.clock.advance(200)
    assert [body["type"].removeprefix("Transaction.") for body in running.mall.bodies(HOOK)] == [
        "VirtualAccountIssued", "Paid", "CancelPending", "PartialCancelled", "Cancelled",
    ]  # fmt: skip
    assert running.mall.bodies(HOOK)[2]["data"]["cancellationId"]


async def test_a_failure_is_told(running: Running) -> None:
    await pay(running, outcome="fail")
    assert running.mall.bodies(HOOK)[0]["type"] == "Transaction.Failed"


async def test_five_retries_signed_anew_under_the_same_id(running: Running) -> None:
    running.mall.answers = [500] * 9
    await pay(running)
    for minutes in RETRY_MINUTES:
        await running.clock.advance(minutes * 60)
    await running.clock.advance(86400.0)
    calls = running.mall.requests
    assert len(calls) == 6
    times = [int(call.headers["webhook-timestamp"]) for call in calls]
    assert [(after - before) // 60 for before, after in itertools.pairwise(times)] == list(RETRY_MINUTES)
    assert len({call.headers["webhook-id"] for call in calls}) == 1
    assert all(holds(call, SECRET) for call in calls)


async def test_both_live_secrets_sign_during_a_rotation(tmp_path: Path) -> None:
    async with sandbox(tmp_path, portone={"webhook_secrets": f"{SECRET},{OTHER}"}) as running:
        await pay(running)
        (call,) = running.mall.requests
        assert len(call.headers["webhook-signature"].split(" ")) == 2
        assert holds(call, SECRET)
        assert holds(call, OTHER)


@pytest.mark.parametrize("how", ["unsigned", "wrong", "old", "future", "tampered", "last"])
async def test_forgeries_on_request(running: Running, how: str) -> None:
    await pay(running)
    await running.client.post("/portone/_sandbox/forge", json={"how": how, "paymentId": "pay-0001"})
    await settle()
    call = running.mall.requests[-1]
    if how == "unsigned":
        assert "webhook-signature" not in call.headers
    else:
        assert holds(call, SECRET) == (how in ("old", "future", "last"))
    off = int(call.headers["webhook-timestamp"]) - 1795309200
    assert off == {"old": -301, "future": 301}.get(how, 0)


async def test_duplicates_and_silence(running: Running) -> None:
    await running.fault("portone", "duplicate_callbacks", operation="Transaction.Paid", seconds=0)
    await pay(running)
    assert len(running.mall.requests) == 2
    await running.fault("portone", "no_callbacks", operation="*")
    await pay(running, "pay-0002")
    assert len(running.mall.requests) == 2
