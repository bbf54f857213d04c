"""The V1 adapter against what iamport's public documents say goes over the wire."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT
from services.payments.tests.portone_v1 import (
    ACCESS,
    API,
    NOT_FOUND,
    NOTE,
    TERMS,
    VBANK,
    a_cancel,
    a_return,
    a_token,
    body,
    mine,
    no,
    sent,
    yes,
)

from common.http_client import client
from payments.clients.gateway import Agreed, Cancel, ReceiptOrder
from payments.clients.portone_v1 import PortOneV1Gateway
from payments.commands.answers import (
    Hint,
    Missing,
    Redirect,
    RefundAccount,
    Refused,
    Return,
    Standing,
    Unknown,
)
from payments.domain.status import Status
from payments.errors import NotOffered, ReturnUnreadable


@pytest.fixture
async def http():
    async with client() as made_client:
        yield made_client


@pytest.fixture
def v1(http):
    return PortOneV1Gateway(http, ACCESS)


@pytest.fixture
def api():
    with respx.mock(base_url=API, assert_all_called=False) as mocked:
        mocked.post("/users/getToken", name="token").mock(return_value=a_token())
        yield mocked


class TestOpening:
    async def test_locks_the_amount(self, v1, api):
        payment = mine(Status.CREATED)
        route = api.post("/payments/prepare").mock(return_value=yes({"merchant_uid": "x", "amount": AMOUNT}))
        assert await v1.prepare(payment, TERMS) == Redirect(TERMS.window_url)
        assert sent(route)[1] == {"merchant_uid": payment.order_ref, "amount": AMOUNT}

    @pytest.mark.parametrize(("locked", "opens"), [(AMOUNT, True), (AMOUNT - 1, False)])
    async def test_again_for_one_locked_already(self, v1, api, locked, opens):
        payment = mine(Status.CREATED)
        api.post("/payments/prepare").mock(return_value=no("이미 등록된 merchant_uid 입니다."))
        api.get(f"/payments/prepare/{payment.id}").mock(return_value=yes({"merchant_uid": "x", "amount": locked}))
        answer = await v1.prepare(payment, TERMS)
        assert isinstance(answer, Redirect if opens else Refused)

    async def test_no_answer_is_unknown(self, v1, api):
        payment = mine(Status.CREATED)
        api.post("/payments/prepare").mock(return_value=no())
        api.get(f"/payments/prepare/{payment.id}").mock(side_effect=httpx.ReadTimeout)
        assert isinstance(await v1.prepare(payment, TERMS), Unknown)


class TestTheWindow:
    @pytest.mark.parametrize(
        ("method", "called", "channel"),
        [("card", "card", "ch-card"), ("transfer", "trans", "ch-transfer"), ("easy_pay", "card", "ch-easy")],
    )
    def test_calls_the_script(self, v1, method, called, channel):
        payment = mine(method=method)
        page = v1.window(payment, TERMS)
        found = dict(re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', page.html))
        assert '<script src="https://cdn.iamport.kr/v1/iamport.js">' in page.html
        assert json.loads(found["code"]) == "imp00000000"
        assert json.loads(found["request"]) == {
            "channelKey": channel, "pay_method": called, "merchant_uid": payment.order_ref,
            "name": payment.order_name, "amount": AMOUNT, "currency": "KRW", "buyer_name": "김서연",
            "m_redirect_url": TERMS.return_url, "notice_url": TERMS.notice_url,
        }  # fmt: skip
        assert "secret-1" not in page.html
        assert "secret-1" not in repr(ACCESS)

    def test_an_account_ends_when_the_payment_does(self, v1):
        payment = mine(method="virtual_account", due_at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
        assert '"vbank_due": "202611231200"' in v1.window(payment, TERMS).html


class TestTheReturn:
    def test_names_both(self, v1):
        fields = {"imp_uid": "imp_1", "merchant_uid": "order-1", "imp_success": "true"}
        assert v1.read_return(mine(), fields) == Agreed("imp_1", order_ref="order-1")

    @pytest.mark.parametrize(
        "fields",
        [
            {"imp_uid": "imp_1", "imp_success": "false", "error_msg": "취소"},
            {"imp_uid": "imp_1", "success": "false"},
            {"error_code": "F400", "error_msg": "취소"},
        ],
    )
    def test_a_no(self, v1, fields):
        assert isinstance(v1.read_return(mine(), fields), Refused)

    @pytest.mark.parametrize("fields", [{}, {"imp_uid": ""}, {"imp_uid": "../users"}, {"imp_uid": "x" * 65}])
    def test_anything_else_is_not_read(self, v1, fields):
        with pytest.raises(ReturnUnreadable):
            v1.read_return(mine(), fields)


class TestOthersKey:
    @pytest.mark.parametrize("status", ["paid", "ready", "cancelled", "failed"])
    async def test_what_was_paid_for_another_order_is_no_key_of_this_one(self, v1, api, status):
        payment = mine(Status.CONFIRMING)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment, status, merchant_uid="another")))
        answer = await v1.confirm(payment, {})
        assert isinstance(answer, Refused)
        assert answer.hint is Hint.KEY

    async def test_what_was_paid_is_shown_as_it_is(self, v1, api):
        payment = mine(Status.CONFIRMING)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment)))
        assert (await v1.confirm(payment, {})).standing is Standing.PAID


class TestLookingUp:
    @pytest.mark.parametrize(
        ("status", "changes", "standing", "balance"),
        [
            ("ready", {}, Standing.NOT_STARTED, AMOUNT),
            ("ready", VBANK, Standing.WAITING, AMOUNT),
            ("paid", {}, Standing.PAID, AMOUNT),
            ("paid", VBANK, Standing.PAID, AMOUNT),
            ("paid", {"cancel_amount": 5_000}, Standing.PARTLY_RETURNED, AMOUNT - 5_000),
            ("cancelled", {"cancel_amount": AMOUNT}, Standing.RETURNED, 0),
            ("cancelled", VBANK, Standing.RETURNED, AMOUNT),
            ("failed", {"fail_reason": "한도 초과"}, Standing.FAILED, AMOUNT),
        ],
    )
    async def test_every_status_has_a_standing(self, v1, api, status, changes, standing, balance):
        payment = mine(Status.CONFIRMED)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment, status, **changes)))
        seen = await v1.get(payment)
        assert (seen.standing, seen.balance, seen.amount) == (standing, balance, AMOUNT)
        assert (seen.order_ref, seen.key, seen.merchant) == (payment.order_ref, "imp_1", "imp00000000")

    async def test_by_our_name_until_we_know_theirs(self, v1, api):
        payment = mine()
        api.get(f"/payments/find/{payment.id}").mock(return_value=yes(body(payment)))
        assert (await v1.get(payment)).key == "imp_1"

    async def test_an_account_in_our_words(self, v1, api):
        payment = mine(Status.WAITING)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment, "ready", **VBANK)))
        account = (await v1.get(payment)).account
        assert (account.bank_code, account.bank_name, account.holder) == ("88", "신한은행", "테스트몰")
        assert account.due_at == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

    async def test_returns(self, v1, api):
        payment = mine(Status.CONFIRMED)
        rows = [a_return(), a_return(300, "b", cancellation_id=None)]
        api.get("/payments/imp_1").mock(return_value=yes(body(payment, cancel_amount=5_300, cancel_history=rows)))
        assert (await v1.get(payment)).returns == (
            Return("cancel-1", 5_000, NOTE, done=True), Return("pg_c1", 300, "b", done=True),
        )  # fmt: skip

    async def test_none_is_missing(self, v1, api):
        api.get("/payments/imp_1").mock(return_value=NOT_FOUND)
        assert await v1.get(mine(Status.CONFIRMED)) == Missing()

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(500), httpx.Response(502, text="x"), httpx.Response(429), httpx.Response(200, text="x"),
            httpx.Response(200, json=[]), httpx.Response(200, json={"code": "0"}), no(), yes(None), yes({"amount": 1}),
            yes({"status": "tomorrow", "amount": 1, "imp_uid": "i", "merchant_uid": "m"}),
        ],
    )  # fmt: skip
    async def test_anything_else_is_unknown(self, v1, api, response):
        api.get("/payments/imp_1").mock(return_value=response)
        assert isinstance(await v1.get(mine(Status.CONFIRMED)), Unknown)


class TestConfirming:
    async def test_looks_up(self, v1, api):
        payment = mine(Status.CONFIRMING)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment)))
        assert (await v1.confirm(payment, {})).standing is Standing.PAID

    @pytest.mark.parametrize("there", [True, False])
    async def test_what_nobody_paid_is_let_go(self, v1, api, there):
        payment = mine(Status.CONFIRMING)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment, "ready")) if there else NOT_FOUND)
        assert (await v1.confirm(payment, {})).hint is Hint.KEY


class TestGivingBack:
    async def test_carries_the_checksum(self, v1, api):
        payment = mine(Status.CONFIRMED)
        done = body(payment, cancel_amount=5_000, cancel_history=[a_return()])
        route = api.post("/payments/cancel").mock(return_value=yes(done))
        seen = await v1.cancel(payment, a_cancel())
        assert seen.returns == (Return("cancel-1", 5_000, NOTE, done=True),)
        assert sent(route)[1] == {
            "imp_uid": "imp_1", "merchant_uid": payment.order_ref, "amount": 5_000, "reason": NOTE, "checksum": AMOUNT,
        }  # fmt: skip
        assert route.calls.last.request.extensions["timeout"]["read"] >= 60

    async def test_to_an_account_in_the_pgs_code(self, v1, api):
        payment = mine(Status.CONFIRMED)
        route = api.post("/payments/cancel").mock(return_value=yes(body(payment)))
        for bank, told in (("88", "26"), ("20", "20")):
            await v1.cancel(payment, a_cancel(account=RefundAccount(bank, "110123456789", "김서연")))
            asked = sent(route)[1]
            assert (asked["refund_bank"], asked["refund_account"]) == (told, "110123456789")
            assert asked["refund_holder"] == "김서연"

    async def test_a_no_to_what_has_happened_is_a_yes(self, v1, api):
        payment = mine(Status.CONFIRMED)
        api.post("/payments/cancel").mock(return_value=no("취소 가능 잔액이 일치하지 않습니다."))
        done = body(payment, cancel_amount=5_000, cancel_history=[a_return()])
        api.get("/payments/imp_1").mock(return_value=yes(done))
        assert (await v1.cancel(payment, a_cancel())).returns[0].note == NOTE

    async def test_a_no_for_another_balance_makes_us_ask(self, v1, api):
        payment = mine(Status.CONFIRMED)
        api.post("/payments/cancel").mock(return_value=no("취소 가능 잔액이 일치하지 않습니다."))
        other = body(payment, cancel_amount=100, cancel_history=[a_return(100, "console")])
        api.get("/payments/imp_1").mock(return_value=yes(other))
        answer = await v1.cancel(payment, a_cancel())
        assert (answer.hint, answer.reason) == (Hint.ASK, "취소 가능 잔액이 일치하지 않습니다.")

    @pytest.mark.parametrize(
        ("account", "hint"), [(None, Hint.FINAL), (RefundAccount("88", "1", "김서연"), Hint.ACCOUNT)]
    )
    async def test_a_no_and_nothing_happened(self, v1, api, account, hint):
        payment = mine(Status.CONFIRMED)
        api.post("/payments/cancel").mock(return_value=no("계좌 오류"))
        api.get("/payments/imp_1").mock(return_value=yes(body(payment)))
        assert (await v1.cancel(payment, a_cancel(account=account))).hint is hint

    async def test_a_no_and_then_nothing_seen_is_unknown(self, v1, api):
        api.post("/payments/cancel").mock(return_value=no())
        api.get("/payments/imp_1").mock(return_value=httpx.Response(500))
        assert isinstance(await v1.cancel(mine(Status.CONFIRMED), a_cancel()), Unknown)

    @pytest.mark.parametrize("outcome", [httpx.Response(500), httpx.ReadTimeout, httpx.Response(200, text="x")])
    async def test_no_answer_is_unknown(self, v1, api, outcome):
        api.post("/payments/cancel").mock(side_effect=[outcome])
        assert isinstance(await v1.cancel(mine(Status.CONFIRMED), a_cancel()), Unknown)

    async def test_an_unpaid_account_is_closed(self, v1, api):
        payment = mine(Status.WAITING)
        api.delete("/vbanks/imp_1").mock(return_value=yes(body(payment, "cancelled", **VBANK)))
        assert (await v1.cancel(payment, Cancel(note="close"))).standing is Standing.RETURNED

    async def test_one_paid_meanwhile_is_shown_paid(self, v1, api):
        payment = mine(Status.WAITING)
        api.delete("/vbanks/imp_1").mock(return_value=no("입금 대기 상태가 아닙니다."))
        api.get("/payments/imp_1").mock(return_value=yes(body(payment, **VBANK)))
        assert (await v1.cancel(payment, Cancel(note="close"))).standing is Standing.PAID


async def test_cash_receipts_are_not_offered(v1):
    order = ReceiptOrder("income_deduction", "01012345678", AMOUNT, 0, 1445, "k")
    with pytest.raises(NotOffered):
        await v1.issue_cash_receipt(mine(Status.CONFIRMED), order)
    with pytest.raises(NotOffered):
        await v1.cancel_cash_receipt(mine(Status.CONFIRMED), "k", AMOUNT, "k")
