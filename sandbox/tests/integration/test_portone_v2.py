"""PortOne V2 (korea.md 1.4): auth, look-up, cancel with its guard, idempotency, accounts, the window."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from sandbox_world import Running, sandbox, settle

SECRET = "sandbox-portone-secret"
ACCOUNT = {"bank": "SHINHAN", "number": "110123456789", "holderName": "김하늘"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Ticks seldom: hours and days pass in these tests."""
    async with sandbox(tmp_path, tick_seconds=60.0) as one:
        yield one


def request(payment_id: str = "pay-0001", amount: int = 33000, **more: Any) -> dict[str, Any]:
    """The argument of PortOne.requestPayment."""
    return {
        "storeId": "store-sandbox", "channelKey": "channel-key-card", "paymentId": payment_id, "orderName": "머그컵",
        "totalAmount": amount, "currency": "KRW", "payMethod": "CARD", "redirectUrl": "http://shop.test/back?a=1",
        **more,
    }  # fmt: skip


def account_request(payment_id: str = "pay-0001", **more: Any) -> dict[str, Any]:
    expiry = {"accountExpiry": {"validHours": 24}}
    return request(payment_id, payMethod="VIRTUAL_ACCOUNT", virtualAccount=expiry, **more)


async def api(running: Running, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"authorization": f"PortOne {SECRET}", **named}
    return await running.client.request(method, f"/portone{path}", json=body, headers=sent)


async def pay(running: Running, asked: dict[str, Any], outcome: str = "pay") -> dict[str, str]:
    """What the browser brings back."""
    answer = await running.client.post("/portone/_sandbox/pay", json={**asked, "outcome": outcome})
    assert answer.status_code == 200, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.json()["redirect_url"]).query).items()}


async def shown(running: Running, payment_id: str = "pay-0001") -> dict[str, Any]:
    answer = await api(running, "GET", f"/payments/{payment_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def bank(running: Running, verb: str, **body: Any) -> httpx.Response:
    return await running.client.post(f"/portone/_sandbox/{verb}", json=body)


class TestAuth:
    @pytest.mark.parametrize("header", ["", "Bearer sandbox-portone-secret", "PortOne wrong", "sandbox-portone-secret"])
    async def test_the_secret_goes_with_its_own_scheme(self, running: Running, header: str) -> None:
        answer = await running.client.get("/portone/payments/pay-0001", headers={"authorization": header})
        assert (answer.status_code, answer.json()["type"]) == (401, "UNAUTHORIZED")

    async def test_an_unknown_payment_is_not_found(self, running: Running) -> None:
        answer = await api(running, "GET", "/payments/nobody")
        assert (answer.status_code, answer.json()["type"]) == (404, "PAYMENT_NOT_FOUND")


class TestPaying:
    @pytest.mark.parametrize(
        ("method", "type_"),
        [("CARD", "PaymentMethodCard"), ("TRANSFER", "PaymentMethodTransfer"), ("EASY_PAY", "PaymentMethodEasyPay")],
    )
    async def test_a_paid_payment_shows_its_amounts(self, running: Running, method: str, type_: str) -> None:
        back = await pay(running, request(payMethod=method, taxFreeAmount=3000))
        assert back["paymentId"] == "pay-0001"
        assert back["a"] == "1"
        assert "code" not in back
        payment = await shown(running)
        assert (payment["status"], payment["id"], payment["method"]["type"]) == ("PAID", "pay-0001", type_)
        assert payment["transactionId"] == back["txId"]
        assert payment["amount"] == {
            "total": 33000, "taxFree": 3000, "vat": 2727, "supply": 27273, "discount": 0, "paid": 33000,
            "cancelled": 0, "cancelledTaxFree": 0,
        }  # fmt: skip

    @pytest.mark.parametrize("outcome", ["fail", "cancel"])
    async def test_a_window_left_brings_a_code_and_a_failed_payment(self, running: Running, outcome: str) -> None:
        back = await pay(running, request(), outcome)
        assert back["code"]
        assert back["message"]
        assert (await shown(running))["status"] == "FAILED"

    async def test_the_same_payment_id_pays_after_a_failure_and_only_once(self, running: Running) -> None:
        await pay(running, request(), "fail")
        await pay(running, request())
        assert (await shown(running))["status"] == "PAID"
        assert (await pay(running, request()))["code"] == "ALREADY_PAID"
        assert (await running.client.get("/portone/_sandbox/books")).json()["totals"]["taken"] == 33000

    async def test_a_registered_amount_cannot_be_changed_in_the_browser(self, running: Running) -> None:
        body = {"storeId": "store-sandbox", "totalAmount": 33000, "currency": "KRW"}
        assert (await api(running, "POST", "/payments/pay-0001/pre-register", body)).status_code == 200
        assert (await pay(running, request(amount=100)))["code"] == "FORGERY"
        await pay(running, request())
        again = await api(running, "POST", "/payments/pay-0001/pre-register", body)
        assert again.json()["type"] == "ALREADY_PAID"

    async def test_the_scripts_and_the_window_work_in_a_browser(self, running: Running) -> None:
        for path, name in (("portone/v2/browser-sdk.js", "PortOne"), ("portone_v1/iamport.js", "IMP")):
            script = await running.client.get(f"/{path}")
            assert f"window.{name}" in script.text

        raw = json.dumps(request(orderName="<b>머그컵</b>"))
        page = await running.client.get("/portone/pay", params={"request": raw})
        assert "&lt;b&gt;머그컵" in page.text
        done = await running.client.post("/portone/pay", data={"request": raw, "choice": "pay"})
        assert done.status_code == 303
        assert done.headers["location"].startswith("http://shop.test/back?a=1&")
        assert "포트원" in (await running.client.get("/portone")).text


class TestCancel:
    async def test_a_part_and_then_the_rest(self, running: Running) -> None:
        await pay(running, request())
        body = {"reason": "변심", "amount": 10000, "currentCancellableAmount": 33000}
        done = (await api(running, "POST", "/payments/pay-0001/cancel", body)).json()["cancellation"]
        assert (done["status"], done["totalAmount"], done["reason"]) == ("SUCCEEDED", 10000, "변심")
        payment = await shown(running)
        assert (payment["status"], payment["amount"]["cancelled"]) == ("PARTIAL_CANCELLED", 10000)
        rest = {"reason": "나머지", "currentCancellableAmount": 23000}
        assert (await api(running, "POST", "/payments/pay-0001/cancel", rest)).status_code == 200
        payment = await shown(running)
        assert (payment["status"], payment["amount"]["cancelled"]) == ("CANCELLED", 33000)
        again = await api(running, "POST", "/payments/pay-0001/cancel", rest)
        assert (again.status_code, again.json()["type"]) == (409, "PAYMENT_ALREADY_CANCELLED")

    @pytest.mark.parametrize(
        ("body", "type_"),
        [
            ({"currentCancellableAmount": 32000, "amount": 1}, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"),
            ({"amount": 33001}, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT"),
            ({"amount": 10, "taxFreeAmount": 5}, "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT"),
            ({"amount": 0}, "INVALID_REQUEST"),
        ],
    )
    async def test_refusals_change_nothing(self, running: Running, body: dict[str, Any], type_: str) -> None:
        await pay(running, request())
        answer = await api(running, "POST", "/payments/pay-0001/cancel", {"reason": "r", **body})
        assert answer.json()["type"] == type_
        assert (await shown(running))["amount"]["cancelled"] == 0

    async def test_what_is_not_paid_cannot_be_cancelled(self, running: Running) -> None:
        await pay(running, account_request())
        answer = await api(running, "POST", "/payments/pay-0001/cancel", {"reason": "r"})
        assert answer.json()["type"] == "PAYMENT_NOT_PAID"


class TestIdempotency:
    PATH = "/payments/pay-0001/cancel"

    async def test_the_same_key_answers_the_first_time_again_for_three_hours(self, running: Running) -> None:
        await pay(running, request())
        body = {"reason": "r", "amount": 1000}
        first = await api(running, "POST", self.PATH, body, idempotency_key='"refund-0000000001"')
        second = await api(running, "POST", self.PATH, body, idempotency_key='"refund-0000000001"')
        assert first.json() == second.json()
        assert (await shown(running))["amount"]["cancelled"] == 1000
        await running.clock.advance(3 * 3600 + 1)
        await api(running, "POST", self.PATH, body, idempotency_key='"refund-0000000001"')
        assert (await shown(running))["amount"]["cancelled"] == 2000

    @pytest.mark.parametrize("key", ["refund-0000000001", '"short"', '"' + "x" * 257 + '"', '"has"quotes-0000000"'])
    async def test_a_key_is_16_to_256_ascii_inside_double_quotes(self, running: Running, key: str) -> None:
        await pay(running, request())
        answer = await api(running, "POST", self.PATH, {"reason": "r"}, idempotency_key=key)
        assert (answer.status_code, answer.json()["type"]) == (400, "INVALID_REQUEST")

    async def test_one_under_way_is_outstanding(self, running: Running) -> None:
        await pay(running, request())
        await running.fault("portone", "delay", operation="cancel", seconds=3)
        key = '"refund-0000000001"'
        slow = asyncio.create_task(api(running, "POST", self.PATH, {"reason": "r"}, idempotency_key=key))
        await settle()
        meanwhile = await api(running, "POST", self.PATH, {"reason": "r"}, idempotency_key=key)
        assert (meanwhile.status_code, meanwhile.json()["type"]) == (409, "IDEMPOTENCY_OUTSTANDING_REQUEST")
        await running.clock.advance(4)
        assert (await slow).status_code == 200


class TestAccounts:
    async def test_issued_then_paid(self, running: Running) -> None:
        await pay(running, account_request())
        payment = await shown(running)
        assert payment["status"] == "VIRTUAL_ACCOUNT_ISSUED"
        assert (payment["method"]["bank"], payment["method"]["expiredAt"]) == ("SHINHAN", "2026-11-23T10:00:00+09:00")
        short = await bank(running, "deposit", paymentId="pay-0001", amount=100)
        assert (short.status_code, short.json()["code"]) == (409, "WRONG_AMOUNT")
        number = payment["method"]["accountNumber"]
        assert (await bank(running, "deposit", accountNumber=number)).json()["status"] == "PAID"
        assert (await bank(running, "deposit", paymentId="pay-0001")).json()["code"] == "ALREADY_PAID"

    async def test_an_account_that_ran_out_takes_nothing_and_stays_as_it_is(self, running: Running) -> None:
        await pay(running, account_request())
        await running.clock.advance(25 * 3600)
        assert (await bank(running, "deposit", paymentId="pay-0001")).json()["code"] == "ACCOUNT_CLOSED"
        assert (await shown(running))["status"] == "VIRTUAL_ACCOUNT_ISSUED"

    async def test_or_is_called_off_by_itself(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, tick_seconds=60.0, portone={"expired_status": "CANCELLED"}) as running:
            await pay(running, account_request())
            await running.clock.advance(25 * 3600)
            assert (await shown(running))["status"] == "CANCELLED"

    async def test_closed_before_the_deposit_and_deposited_late(self, running: Running) -> None:
        await pay(running, account_request())
        assert "closedAt" in (await api(running, "POST", "/payments/pay-0001/virtual-account/close")).json()
        again = await api(running, "POST", "/payments/pay-0001/virtual-account/close")
        assert again.json()["type"] == "PAYMENT_NOT_WAITING_FOR_DEPOSIT"
        assert (await bank(running, "deposit", paymentId="pay-0001")).status_code == 409
        assert (await bank(running, "deposit", paymentId="pay-0001", force=True)).json()["status"] == "PAID"

    async def test_a_refund_to_an_account_is_requested_first(self, running: Running) -> None:
        await pay(running, account_request())
        await bank(running, "deposit", paymentId="pay-0001")
        path = "/payments/pay-0001/cancel"
        assert (await api(running, "POST", path, {"reason": "r"})).json()["type"] == "INVALID_REQUEST"
        body = {"reason": "r", "amount": 10000, "refundAccount": ACCOUNT}
        row = (await api(running, "POST", path, body)).json()["cancellation"]
        assert row["status"] == "REQUESTED"
        payment = await shown(running)
        assert (payment["status"], payment["amount"]["cancelled"]) == ("PAID", 0)
        late = await api(running, "POST", path, {**body, "currentCancellableAmount": 33000})
        assert late.json()["type"] == "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"
        await running.clock.advance(121)
        payment = await shown(running)
        assert (payment["status"], payment["cancellations"][0]["status"]) == ("PARTIAL_CANCELLED", "SUCCEEDED")

    async def test_or_fails_later(self, running: Running) -> None:
        await pay(running, account_request())
        await bank(running, "deposit", paymentId="pay-0001")
        await api(running, "POST", "/payments/pay-0001/cancel", {"reason": "r", "refundAccount": ACCOUNT})
        done = await running.client.post(
            "/portone/_sandbox/finish-refunds", params={"failed": "true"}, json={"paymentId": "pay-0001"}
        )
        assert done.json() == {"finished": 1}
        payment = await shown(running)
        assert (payment["status"], payment["cancellations"][0]["status"]) == ("PAID", "FAILED")
        assert (await running.client.get("/portone/_sandbox/books")).json()["totals"]["refunded"] == 0


class TestLists:
    async def test_payments_come_by_pages(self, running: Running) -> None:
        for number in range(3):
            await pay(running, request(f"pay-{number}"))

        body = {"page": {"number": 1, "size": 2}, "filter": {"from": "2026-11-22T00:00:00+09:00"}}
        answer = (await api(running, "GET", f"/payments?requestBody={quote(json.dumps(body))}")).json()
        assert [item["id"] for item in answer["items"]] == ["pay-2"]
        assert answer["page"] == {"number": 1, "size": 2, "totalCount": 3}

    async def test_the_pg_settles_with_a_fee(self, running: Running) -> None:
        await pay(running, request())
        await api(running, "POST", "/payments/pay-0001/cancel", {"reason": "r", "amount": 10000})
        rows = (await running.client.get("/portone/_sandbox/settlements/2026-11-22")).json()
        assert [(row["kind"], row["amount"], row["fee"], row["payout"]) for row in rows] == [
            ("payment", 33000, 990, 32010), ("cancel", -10000, -300, -9700),
        ]  # fmt: skip
        assert (await running.client.get("/portone/_sandbox/settlements/2026-11-23")).json() == []

    async def test_a_cash_receipt_is_issued_and_cancelled(self, running: Running) -> None:
        await pay(running, request(payMethod="TRANSFER"))
        body = {
            "paymentId": "pay-0001", "channelKey": "c", "type": "PERSONAL", "orderName": "머그컵", "currency": "KRW",
            "amount": {"total": 33000}, "customer": {"identityNumber": "01012345678"},
        }  # fmt: skip
        issued = (await api(running, "POST", "/cash-receipts", body)).json()["cashReceipt"]
        assert issued["issueNumber"]
        assert (await api(running, "POST", "/cash-receipts", body)).json()["type"] == "CASH_RECEIPT_ALREADY_ISSUED"
        gone = await api(running, "POST", "/payments/pay-0001/cash-receipt/cancel")
        assert gone.json()["cancelledAmount"] == 33000


class TestMisbehaviour:
    async def test_a_dropped_answer_has_its_effect(self, running: Running) -> None:
        await pay(running, request())
        await running.fault("portone", "drop_after_effect", operation="cancel", mode="http_500")
        answer = await api(running, "POST", "/payments/pay-0001/cancel", {"reason": "r", "amount": 1000})
        assert answer.status_code == 500
        assert (await shown(running))["amount"]["cancelled"] == 1000

    async def test_an_error_of_the_pg_is_a_502(self, running: Running) -> None:
        await pay(running, request())
        await running.fault("portone", "error", operation="cancel")
        answer = await api(running, "POST", "/payments/pay-0001/cancel", {"reason": "r"})
        assert (answer.status_code, answer.json()["type"]) == (502, "PG_PROVIDER")
