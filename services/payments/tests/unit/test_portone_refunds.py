"""The V2 adapter gives money back, lists a day and issues cash receipts."""

from __future__ import annotations

import json
import re
from datetime import date

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT
from services.payments.tests.portone import (
    API,
    NOTE,
    a_cancel,
    a_cancellation,
    body,
    made,
    mine,
    sent,
)

from common.http_client import client
from payments.clients.gateway import Cancel, ReceiptOrder, SettledRow
from payments.clients.portone import banks, wire
from payments.commands.answers import (
    Hint,
    Receipt,
    RefundAccount,
    Return,
    Standing,
    Unknown,
)
from payments.domain.status import Status


@pytest.fixture
async def http():
    async with client() as made_client:
        yield made_client


@pytest.fixture
def portone(http):
    return made(http)


@pytest.fixture
def api():
    with respx.mock(base_url=API) as mocked:
        yield mocked


class TestGivingBack:
    async def test_carries_the_guard_and_a_quoted_key(self, portone, api):
        payment = mine(Status.CONFIRMED)
        route = api.post(f"/payments/{payment.id}/cancel").respond(json={"cancellation": a_cancellation()})
        shown = body(payment, "PARTIAL_CANCELLED", cancelled=5_000, cancellations=[a_cancellation()])
        api.get(f"/payments/{payment.id}").respond(json=shown)
        seen = await portone.cancel(payment, a_cancel())
        assert seen.returns == (Return("cancellation-1", 5_000, NOTE, done=True),)
        headers, asked = sent(route)
        assert headers["idempotency-key"] == '"refund-0199-1234-1"'
        assert asked == {
            "storeId": "store-1", "reason": NOTE, "amount": 5_000, "currentCancellableAmount": AMOUNT,
        }  # fmt: skip

    async def test_to_an_account_in_v2_words(self, portone, api):
        payment = mine(Status.CONFIRMED, method="virtual_account")
        requested = a_cancellation("REQUESTED")
        route = api.post(f"/payments/{payment.id}/cancel").respond(json={"cancellation": requested})
        api.get(f"/payments/{payment.id}").respond(json=body(payment, cancellations=[requested]))
        seen = await portone.cancel(payment, a_cancel(account=RefundAccount("88", "110123456789", "김서연")))
        assert seen.returns == (Return("cancellation-1", 5_000, NOTE, done=False),)
        _, asked = sent(route)
        assert asked["refundAccount"] == {"bank": "SHINHAN", "number": "110123456789", "holderName": "김서연"}

    async def test_taxes_only_under_a_contract(self, http, api):
        payment = mine(Status.CONFIRMED)
        route = api.post(f"/payments/{payment.id}/cancel").respond(json={"cancellation": a_cancellation()})
        api.get(f"/payments/{payment.id}").respond(json=body(payment))
        cancel = a_cancel(tax_free_amount=900, vat_amount=373)
        await made(http).cancel(payment, cancel)
        assert "taxFreeAmount" not in sent(route)[1]
        await made(http, complex_tax=True).cancel(payment, cancel)
        assert (sent(route)[1]["taxFreeAmount"], sent(route)[1]["vatAmount"]) == (900, 373)

    @pytest.mark.parametrize("account", [None, RefundAccount("88", "1", "김")])
    async def test_one_that_failed_is_a_refusal(self, portone, api, account):
        payment = mine(Status.CONFIRMED)
        api.post(f"/payments/{payment.id}/cancel").respond(json={"cancellation": a_cancellation("FAILED")})
        answer = await portone.cancel(payment, a_cancel(account=account))
        assert (answer.code, answer.hint) == ("CANCELLATION_FAILED", Hint.ACCOUNT if account else Hint.FINAL)

    @pytest.mark.parametrize(
        ("status", "type_", "hint"),
        [
            (409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", Hint.ASK),
            (409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT", Hint.ASK),
            (409, "PAYMENT_ALREADY_CANCELLED", Hint.ASK),
            (409, "PAYMENT_NOT_PAID", Hint.ASK),
            (409, "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT", Hint.FINAL),
            (400, "INVALID_REQUEST", Hint.FINAL),
            (401, "UNAUTHORIZED", Hint.LATER),
            (403, "FORBIDDEN", Hint.LATER),
            (429, "TOO_MANY_REQUESTS", Hint.LATER),
        ],
    )
    async def test_refusals_and_what_they_ask_of_us(self, portone, api, status, type_, hint):
        payment = mine(Status.CONFIRMED)
        api.post(f"/payments/{payment.id}/cancel").respond(status, json={"type": type_, "message": "no"})
        answer = await portone.cancel(payment, a_cancel())
        assert (answer.code, answer.hint) == (type_, hint)

    async def test_a_wrong_account_is_asked_for_again(self, portone, api):
        payment = mine(Status.CONFIRMED)
        api.post(f"/payments/{payment.id}/cancel").respond(400, json={"type": "INVALID_REQUEST"})
        answer = await portone.cancel(payment, a_cancel(account=RefundAccount("88", "1", "김")))
        assert answer.hint is Hint.ACCOUNT

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(409, json={"type": "IDEMPOTENCY_OUTSTANDING_REQUEST"}),
            httpx.Response(502, json={"type": "PG_PROVIDER", "pgCode": "1", "pgMessage": "x"}),
            httpx.Response(500),
            httpx.Response(200, json={}),
            httpx.Response(200, json={"cancellation": None}),
            httpx.Response(200, text="cut"),
        ],
    )
    async def test_no_answer_is_unknown(self, portone, api, response):
        payment = mine(Status.CONFIRMED)
        api.post(f"/payments/{payment.id}/cancel").mock(return_value=response)
        assert isinstance(await portone.cancel(payment, a_cancel()), Unknown)

    @pytest.mark.parametrize("status", [404, 500])
    async def test_done_and_then_not_seen_is_unknown(self, portone, api, status):
        payment = mine(Status.CONFIRMED)
        api.post(f"/payments/{payment.id}/cancel").respond(json={"cancellation": a_cancellation()})
        api.get(f"/payments/{payment.id}").respond(status, json={"type": "PAYMENT_NOT_FOUND"})
        assert isinstance(await portone.cancel(payment, a_cancel()), Unknown)

    async def test_the_answer_is_waited_for_a_minute(self, portone, api):
        payment = mine(Status.CONFIRMED)
        cancel = api.post(f"/payments/{payment.id}/cancel").respond(json={"cancellation": a_cancellation()})
        look = api.get(f"/payments/{payment.id}").respond(json=body(payment))
        await portone.cancel(payment, a_cancel())
        assert cancel.calls.last.request.extensions["timeout"]["read"] >= 60
        assert look.calls.last.request.extensions["timeout"]["read"] == 10

    async def test_an_unpaid_account_is_closed(self, portone, api):
        payment = mine(Status.WAITING, method="virtual_account")
        route = api.post(f"/payments/{payment.id}/virtual-account/close").respond(json={"closedAt": "x"})
        api.get(f"/payments/{payment.id}").respond(json=body(payment, "CANCELLED"))
        assert (await portone.cancel(payment, Cancel(note="close"))).standing is Standing.RETURNED
        assert route.call_count == 1

    async def test_one_paid_meanwhile_is_shown_paid(self, portone, api):
        payment = mine(Status.WAITING, method="virtual_account")
        refusal = {"type": "PAYMENT_NOT_WAITING_FOR_DEPOSIT"}
        api.post(f"/payments/{payment.id}/virtual-account/close").respond(409, json=refusal)
        api.get(f"/payments/{payment.id}").respond(json=body(payment))
        assert (await portone.cancel(payment, Cancel(note="close"))).standing is Standing.PAID


class TestIdempotencyKeys:
    @pytest.mark.parametrize("name", ["x" * 16, "refund-0199a1b2-c3d4-7000-8000-000000000000-12", "y" * 256])
    def test_ours_go_as_they_are(self, name):
        assert wire.idempotency_key(name) == f'"{name}"'

    @pytest.mark.parametrize(
        "name", ["short", "z" * 257, "환불-0199a1b2-c3d4-7000", 'has"quotes-0000000', "line\nbreak-000000"]
    )
    def test_others_as_their_hash(self, name):
        assert re.fullmatch(r'"[0-9a-f]{64}"', wire.idempotency_key(name))


class TestBanks:
    @pytest.mark.parametrize("bank", ["88", "088", "신한", "신한은행", "SHINHAN", " 88 "])
    def test_by_any_name(self, portone, bank):
        assert portone.bank_code(bank) == "88"

    @pytest.mark.parametrize("bank", ["", "99", "달은행", "8", "0"])
    def test_none(self, portone, bank):
        assert portone.bank_code(bank) is None

    def test_every_code_goes_out_and_comes_back(self):
        for code in banks.BANKS:
            assert banks.shown(banks.v2_name(code))[0] == code


class TestTheDay:
    async def test_all_pages_and_only_that_day(self, http, api):
        first, second, other = mine(), mine(), mine()
        rows = [a_cancellation(), a_cancellation("FAILED"), a_cancellation(cancelledAt="2026-11-21T14:59:59Z")]
        late = body(second, cancellations=rows, paidAt="2026-11-22T15:00:00Z")
        pages = [
            {"items": [body(first), late], "page": {"number": 0, "size": 100, "totalCount": 101}},
            {"items": [body(other, "READY", paidAt=None)], "page": {"number": 1, "size": 100, "totalCount": 101}},
        ]
        route = api.get("/payments").mock(side_effect=[httpx.Response(200, json=page) for page in pages])
        assert await made(http).settlements(date(2026, 11, 22)) == [
            SettledRow("payment", first.order_ref, first.order_ref, AMOUNT, 0, AMOUNT),
            SettledRow("cancel", second.order_ref, second.order_ref, 5_000, 0, -5_000, reference="cancellation-1"),
        ]
        asked = [json.loads(call.request.url.params["requestBody"]) for call in route.calls]
        assert [question["page"]["number"] for question in asked] == [0, 1]
        assert asked[0]["filter"] == {
            "storeId": "store-1", "timestampType": "STATUS_CHANGED_AT", "from": "2026-10-23T00:00:00+09:00",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(500),
            httpx.Response(401, json={"type": "UNAUTHORIZED"}),
            httpx.Response(200, json={"items": 5}),
        ],
    )
    async def test_no_list_is_unknown(self, portone, api, response):
        api.get("/payments").mock(return_value=response)
        assert isinstance(await portone.settlements(date(2026, 11, 22)), Unknown)


class TestReceipts:
    ORDER = ReceiptOrder("income_deduction", "01012345678", AMOUNT, 0, 1445, "receipt-0199-0001")

    async def test_issued(self, portone, api):
        payment = mine(Status.CONFIRMED, method="transfer")
        given = {"cashReceipt": {"issueNumber": "100", "url": "https://r.example", "pgReceiptId": "pg"}}
        route = api.post("/cash-receipts").respond(json=given)
        answer = await portone.issue_cash_receipt(payment, self.ORDER)
        assert answer == Receipt(payment.order_ref, "100", "https://r.example", AMOUNT)
        headers, asked = sent(route)
        assert headers["idempotency-key"] == '"receipt-0199-0001"'
        assert (asked["type"], asked["customer"]) == ("PERSONAL", {"identityNumber": "01012345678"})
        assert asked["amount"] == {"total": AMOUNT, "taxFree": 0, "vat": 1445}

    async def test_cancelled_whole(self, portone, api):
        payment = mine(Status.CONFIRMED, method="transfer")
        shown = {"status": "ISSUED", "totalAmount": AMOUNT, "issueNumber": "100"}
        api.get(f"/payments/{payment.id}/cash-receipt").respond(json=shown)
        route = api.post(f"/payments/{payment.id}/cash-receipt/cancel").respond(json={"cancelledAmount": AMOUNT})
        answer = await portone.cancel_cash_receipt(payment, payment.order_ref, AMOUNT, "receipt-0199-0002")
        assert (answer.amount, route.call_count) == (AMOUNT, 1)

    async def test_never_in_part(self, portone, api):
        payment = mine(Status.CONFIRMED, method="transfer")
        api.get(f"/payments/{payment.id}/cash-receipt").respond(json={"status": "ISSUED", "totalAmount": AMOUNT})
        answer = await portone.cancel_cash_receipt(payment, payment.order_ref, 1_000, "receipt-0199-0002")
        assert answer.code == "PART_NOT_OFFERED"

    async def test_no_answer_is_unknown(self, portone, api):
        api.post("/cash-receipts").respond(500)
        assert isinstance(await portone.issue_cash_receipt(mine(), self.ORDER), Unknown)


def test_what_it_says_of_itself(portone):
    assert (portone.name, portone.merchant) == ("portone", "store-1")
    assert portone.methods == {"card", "transfer", "virtual_account", "easy_pay"}
    assert portone.callback_answer(accepted=True)[0] == 200
    assert portone.callback_answer(accepted=False)[0] == 403


def test_only_methods_with_a_channel_are_offered(http):
    assert made(http, channels={"card": "c", "moon": "m"}).methods == {"card"}
