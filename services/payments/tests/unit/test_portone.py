"""The V2 adapter against what PortOne's public documents say goes over the wire: opening, returning, looking up."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT
from services.payments.tests.portone import (
    ACCESS,
    API,
    NOTE,
    STANDINGS,
    TERMS,
    a_cancellation,
    an_account,
    blocks,
    body,
    made,
    mine,
    sent,
)

from common.http_client import client
from payments.clients.gateway import Agreed
from payments.commands.answers import (
    Hint,
    Missing,
    Redirect,
    Refused,
    Return,
    Seen,
    Standing,
    Unknown,
)
from payments.domain.status import Status
from payments.errors import ReturnUnreadable


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


class TestOpening:
    async def test_the_amount_is_locked_first(self, portone, api):
        payment = mine(Status.CREATED)
        route = api.post(f"/payments/{payment.id}/pre-register").respond(json={})
        assert await portone.prepare(payment, TERMS) == Redirect(TERMS.window_url, key=payment.order_ref)
        headers, asked = sent(route)
        assert headers["authorization"] == "PortOne portone-secret"
        assert asked == {"storeId": "store-1", "totalAmount": AMOUNT, "currency": "KRW"}

    async def test_unless_it_is_not_wanted(self, http):
        payment = mine(Status.CREATED)
        assert isinstance(await made(http, pre_register=False).prepare(payment, TERMS), Redirect)

    async def test_one_paid_already_is_shown(self, portone, api):
        payment = mine(Status.CREATED)
        api.post(f"/payments/{payment.id}/pre-register").respond(409, json={"type": "ALREADY_PAID"})
        api.get(f"/payments/{payment.id}").respond(json=body(payment))
        assert (await portone.prepare(payment, TERMS)).standing is Standing.PAID

    @pytest.mark.parametrize(("status", "type_"), [(400, "INVALID_REQUEST"), (401, "UNAUTHORIZED")])
    async def test_a_refusal_is_one(self, portone, api, status, type_):
        payment = mine(Status.CREATED)
        api.post(f"/payments/{payment.id}/pre-register").respond(status, json={"type": type_, "message": "no"})
        assert (await portone.prepare(payment, TERMS)).code == type_

    async def test_no_answer_is_unknown(self, portone, api):
        payment = mine(Status.CREATED)
        api.post(f"/payments/{payment.id}/pre-register").mock(side_effect=httpx.ConnectError)
        assert isinstance(await portone.prepare(payment, TERMS), Unknown)


class TestTheWindow:
    @pytest.mark.parametrize(
        ("method", "called", "channel"),
        [("card", "CARD", "ch-card"), ("transfer", "TRANSFER", "ch-transfer"), ("easy_pay", "EASY_PAY", "ch-easy")],
    )
    def test_calls_the_script_with_the_methods_channel(self, portone, method, called, channel):
        payment = mine(method=method)
        page = portone.window(payment, TERMS)
        assert '<script src="https://cdn.portone.io/v2/browser-sdk.js">' in page.html
        assert blocks(page) == {
            "request": {
                "storeId": "store-1", "channelKey": channel, "paymentId": payment.order_ref,
                "orderName": payment.order_name, "totalAmount": AMOUNT, "currency": "KRW", "payMethod": called,
                "customer": {"fullName": "김서연"}, "redirectUrl": TERMS.return_url, "forceRedirect": True,
                "noticeUrls": [TERMS.notice_url],
            },
            "back": TERMS.return_url,
        }  # fmt: skip

    def test_an_account_ends_when_the_payment_does(self, portone):
        due = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
        asked = blocks(portone.window(mine(method="virtual_account", due_at=due), TERMS))["request"]
        assert asked["virtualAccount"] == {"accountExpiry": {"dueDate": "2026-11-23T12:00:00+09:00"}}

    def test_taxes_are_sent_only_under_a_contract(self, http):
        payment = mine(tax_free_amount=900, vat_amount=1364)
        plain = blocks(made(http).window(payment, TERMS))["request"]
        assert "taxFreeAmount" not in plain
        assert "vatAmount" not in plain
        told = blocks(made(http, complex_tax=True).window(payment, TERMS))["request"]
        assert (told["taxFreeAmount"], told["vatAmount"]) == (900, 1364)

    def test_a_wallet_can_be_named(self, http):
        page = made(http, easy_pay_provider="KAKAOPAY").window(mine(method="easy_pay"), TERMS)
        assert blocks(page)["request"]["easyPay"] == {"easyPayProvider": "KAKAOPAY"}

    @pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "a & b <b>", '"quoted"', "<!--"])
    def test_nothing_in_it_can_leave_its_place(self, portone, name):
        page = portone.window(mine(order_name=name), TERMS)
        assert blocks(page)["request"]["orderName"] == name
        assert page.html.count("<script") == 4
        assert "<!--" not in page.html
        assert "alert(1)</script>" not in page.html

    def test_the_secret_is_not_in_it(self, portone):
        assert "portone-secret" not in portone.window(mine(), TERMS).html
        assert "portone-secret" not in repr(ACCESS)


class TestTheReturn:
    def test_names_the_payment(self, portone):
        fields = {"paymentId": "pay-1", "txId": "tx-1", "transactionType": "PAYMENT"}
        assert portone.read_return(mine(), fields) == Agreed("pay-1", order_ref="pay-1")

    def test_a_code_is_a_no(self, portone):
        answer = portone.read_return(mine(), {"paymentId": "pay-1", "code": "FAILURE_TYPE_PG", "message": "거절"})
        assert answer == Refused("FAILURE_TYPE_PG", "거절")

    @pytest.mark.parametrize("fields", [{}, {"txId": "tx-1"}, {"paymentId": ""}, {"paymentId": "x" * 65}])
    def test_anything_else_is_not_read(self, portone, fields):
        with pytest.raises(ReturnUnreadable):
            portone.read_return(mine(), fields)


class TestLookingUp:
    @pytest.mark.parametrize(("status", "standing"), STANDINGS.items())
    async def test_every_status_has_a_standing(self, portone, api, status, standing):
        payment = mine()
        api.get(f"/payments/{payment.id}").respond(json=body(payment, status))
        assert await portone.get(payment) == Seen(
            order_ref=payment.order_ref, key=payment.order_ref, merchant="store-1", currency="KRW", amount=AMOUNT,
            balance=AMOUNT, standing=standing, receipt_url="https://receipt.example/1",
        )  # fmt: skip

    async def test_pending_is_not_decided(self, portone, api):
        payment = mine()
        api.get(f"/payments/{payment.id}").respond(json=body(payment, "PENDING"))
        assert isinstance(await portone.get(payment), Unknown)

    async def test_an_account_in_our_words(self, portone, api):
        payment = mine(method="virtual_account")
        shown = body(payment, "VIRTUAL_ACCOUNT_ISSUED", method=an_account())
        api.get(f"/payments/{payment.id}").respond(json=shown)
        account = (await portone.get(payment)).account
        assert (account.bank_code, account.bank_name, account.number) == ("88", "신한은행", "110000000001")
        assert (account.holder, account.due_at) == ("테스트몰", datetime(2026, 11, 23, 3, 0, tzinfo=UTC))

    async def test_what_an_account_does_not_say_is_filled_in(self, portone, api):
        payment = mine(method="virtual_account")
        method = an_account(bank="MOON_BANK", remitteeName=None, expiredAt=None)
        api.get(f"/payments/{payment.id}").respond(json=body(payment, "VIRTUAL_ACCOUNT_ISSUED", method=method))
        account = (await portone.get(payment)).account
        assert (account.bank_code, account.bank_name) == ("MOON_BANK", "MOON_BANK")
        assert (account.holder, account.due_at) == ("포트원", payment.due_at)

    async def test_cancellations_are_returns_and_failed_ones_are_none(self, portone, api):
        payment = mine()
        rows = [a_cancellation(), a_cancellation("REQUESTED", 300, "b"), a_cancellation("FAILED", 200, "c")]
        shown = body(payment, "PARTIAL_CANCELLED", cancelled=5_000, cancellations=rows)
        api.get(f"/payments/{payment.id}").respond(json=shown)
        seen = await portone.get(payment)
        assert seen.balance == AMOUNT - 5_000
        assert seen.returns == (
            Return("cancellation-1", 5_000, NOTE, done=True), Return("cancellation-1", 300, "b", done=False),
        )  # fmt: skip

    async def test_a_failure_has_its_reason(self, portone, api):
        payment = mine()
        failure = {"reason": "한도 초과", "pgCode": "8037", "pgMessage": "한도 초과"}
        api.get(f"/payments/{payment.id}").respond(json=body(payment, "FAILED", failure=failure))
        seen = await portone.get(payment)
        assert (seen.failure_code, seen.failure_reason) == ("8037", "한도 초과")

    async def test_none_is_missing(self, portone, api):
        payment = mine()
        api.get(f"/payments/{payment.id}").respond(404, json={"type": "PAYMENT_NOT_FOUND"})
        assert await portone.get(payment) == Missing()

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(401, json={"type": "UNAUTHORIZED"}),
            httpx.Response(403, json={"type": "FORBIDDEN"}),
            httpx.Response(429, text="slow down"),
            httpx.Response(500, text="oops"),
            httpx.Response(502, json={"type": "PG_PROVIDER"}),
            httpx.Response(404, text="<html>no route</html>"),
            httpx.Response(404, json={"message": "no type"}),
            httpx.Response(200, text="not json"),
            httpx.Response(200, json=[]),
            httpx.Response(200, json={"status": "PAID"}),
            httpx.Response(200, json={"status": "TOMORROW", "id": "x", "amount": {"total": 1}}),
        ],
    )
    async def test_anything_else_is_unknown(self, portone, api, response):
        payment = mine()
        api.get(f"/payments/{payment.id}").mock(return_value=response)
        assert isinstance(await portone.get(payment), Unknown)

    @pytest.mark.parametrize("error", [httpx.ReadTimeout, httpx.ConnectTimeout, httpx.RemoteProtocolError])
    async def test_trouble_on_the_way_is_unknown(self, portone, api, error):
        payment = mine()
        api.get(f"/payments/{payment.id}").mock(side_effect=error)
        assert isinstance(await portone.get(payment), Unknown)

    @pytest.mark.parametrize("total", [15_900.5, True, "15900", None])
    async def test_only_whole_won_are_read(self, portone, api, total):
        payment = mine()
        shown = body(payment)
        shown["amount"]["total"] = total
        api.get(f"/payments/{payment.id}").respond(json=shown)
        assert isinstance(await portone.get(payment), Unknown)


class TestConfirming:
    async def test_looks_up_and_changes_nothing(self, portone, api):
        payment = mine(Status.CONFIRMING)
        route = api.get(f"/payments/{payment.id}").respond(json=body(payment))
        assert (await portone.confirm(payment, {})).standing is Standing.PAID
        assert [call.request.method for call in route.calls] == ["GET"]

    async def test_an_issued_account_waits(self, portone, api):
        payment = mine(Status.CONFIRMING, method="virtual_account")
        shown = body(payment, "VIRTUAL_ACCOUNT_ISSUED", method=an_account())
        api.get(f"/payments/{payment.id}").respond(json=shown)
        assert (await portone.confirm(payment, {})).standing is Standing.WAITING

    async def test_before_the_customer_paid_the_try_is_let_go(self, portone, api):
        payment = mine(Status.CONFIRMING)
        api.get(f"/payments/{payment.id}").respond(json=body(payment, "READY"))
        answer = await portone.confirm(payment, {})
        assert (answer.code, answer.hint) == ("PAYMENT_NOT_PAID", Hint.KEY)

    async def test_before_the_window_opened_too(self, portone, api):
        payment = mine(Status.CONFIRMING)
        api.get(f"/payments/{payment.id}").respond(404, json={"type": "PAYMENT_NOT_FOUND"})
        assert (await portone.confirm(payment, {})).hint is Hint.KEY

    async def test_no_answer_is_unknown(self, portone, api):
        payment = mine(Status.CONFIRMING)
        api.get(f"/payments/{payment.id}").respond(503)
        assert isinstance(await portone.confirm(payment, {}), Unknown)
