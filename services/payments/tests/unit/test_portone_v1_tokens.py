"""V1's tokens, which end; its webhooks, which nobody signs; its list of a day."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, NOW
from services.payments.tests.portone_v1 import (
    ACCESS,
    API,
    LIVES,
    TERMS,
    UNAUTHORIZED,
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
from payments.clients.gateway import SettledRow
from payments.clients.portone_v1 import PortOneV1Gateway
from payments.clients.portone_v1.tokens import Tokens
from payments.commands.answers import (
    Hint,
    Seen,
    Unknown,
)
from payments.domain.status import Status
from payments.errors import CallbackUnreadable


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


class TestTokens:
    async def test_one_serves_many_requests(self, v1, api):
        payment = mine(Status.CONFIRMED)
        look = api.get("/payments/imp_1").mock(return_value=yes(body(payment)))
        for _ in range(3):
            await v1.get(payment)
        assert api["token"].call_count == 1
        assert sent(api["token"])[1] == {"imp_key": "key-1", "imp_secret": "secret-1"}
        assert look.calls.last.request.headers["authorization"] == "token-1"

    async def test_many_at_once_wait_for_one(self, v1, api):
        payment = mine(Status.CONFIRMED)
        api.get("/payments/imp_1").mock(return_value=yes(body(payment)))
        await asyncio.gather(*(v1.get(payment) for _ in range(8)))
        assert api["token"].call_count == 1

    async def test_another_before_it_ends(self, http, api):
        api["token"].mock(side_effect=[a_token("first"), a_token("second")])
        passed = [0.0]
        tokens = Tokens(http, ACCESS, clock=lambda: passed[0])
        assert await tokens.get() == "first"
        passed[0] = LIVES - 31.0
        assert await tokens.get() == "first"
        passed[0] = LIVES - 29.0
        assert await tokens.get() == "second"

    async def test_one_turned_away_is_replaced_once(self, v1, api):
        payment = mine(Status.CONFIRMED)
        api["token"].mock(side_effect=[a_token("dead"), a_token("alive")])
        look = api.get("/payments/imp_1").mock(side_effect=[UNAUTHORIZED, yes(body(payment))])
        assert isinstance(await v1.get(payment), Seen)
        assert [call.request.headers["authorization"] for call in look.calls] == ["dead", "alive"]

    async def test_and_not_twice(self, v1, api):
        look = api.get("/payments/imp_1").mock(return_value=UNAUTHORIZED)
        assert isinstance(await v1.get(mine(Status.CONFIRMED)), Unknown)
        assert (look.call_count, api["token"].call_count) == (2, 2)

    async def test_many_turned_away_fetch_one_together(self, v1, api):
        payment = mine(Status.CONFIRMED)
        api["token"].mock(side_effect=[a_token("dead"), a_token("alive")])

        def answer(request):
            return yes(body(payment)) if request.headers["authorization"] == "alive" else UNAUTHORIZED

        api.get("/payments/imp_1").mock(side_effect=answer)
        seen = await asyncio.gather(*(v1.get(payment) for _ in range(5)))
        assert all(isinstance(one, Seen) for one in seen)
        assert api["token"].call_count == 2

    async def test_a_wrong_key_is_not_an_answer_about_money(self, v1, api):
        api["token"].mock(return_value=UNAUTHORIZED)
        assert isinstance(await v1.get(mine(Status.CONFIRMED)), Unknown)
        assert (await v1.cancel(mine(Status.CONFIRMED), a_cancel())).hint is Hint.LATER
        assert (await v1.prepare(mine(Status.CREATED), TERMS)).hint is Hint.UNREAD

    @pytest.mark.parametrize(
        "response", [httpx.Response(500), httpx.Response(200, text="x"), httpx.Response(200, json=[]), yes({"now": 1})]
    )
    async def test_no_token_no_request(self, v1, api, response):
        api["token"].mock(return_value=response)
        cancel = api.post("/payments/cancel").mock(return_value=yes({}))
        assert isinstance(await v1.cancel(mine(Status.CONFIRMED), a_cancel()), Unknown)
        assert cancel.call_count == 0

    async def test_none_on_the_way_is_unknown(self, v1, api):
        api["token"].mock(side_effect=httpx.ConnectTimeout)
        assert isinstance(await v1.get(mine(Status.CONFIRMED)), Unknown)


class TestTheNotice:
    BODY = b'{"imp_uid":"imp_1","merchant_uid":"order-1","status":"paid"}'

    def test_is_unsigned_and_names_both(self, v1):
        notice = v1.parse_callback("intake", {"content-type": "application/json"}, self.BODY, NOW)
        assert (notice.kind, notice.order_ref, notice.key) == ("paid", "order-1", "imp_1")
        assert (notice.amount, notice.secret, notice.about_payment) == (None, None, True)
        assert notice.document == {"imp_uid": "imp_1", "merchant_uid": "order-1", "status": "paid"}

    def test_or_a_form(self, v1):
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        form = b"imp_uid=imp_1&merchant_uid=order-1&status=cancelled&cancellation_id=c-1"
        notice = v1.parse_callback("", headers, form, NOW)
        assert (notice.order_ref, notice.document["cancellation_id"]) == ("order-1", "c-1")

    def test_is_known_by_what_it_says_and_not_by_when_or_how(self, v1):
        form = b"status=paid&imp_uid=imp_1&merchant_uid=order-1"
        json_again = b'{"status": "paid", "merchant_uid": "order-1", "imp_uid": "imp_1", "custom_data": null}'
        typed = {"content-type": "application/x-www-form-urlencoded"}
        notices = [
            v1.parse_callback("", headers, body, NOW + timedelta(seconds=seconds))
            for headers, body, seconds in (({}, self.BODY, 0), ({}, json_again, 1), (typed, form, 3600))
        ]
        assert len({notice.dedup_key for notice in notices}) == 1
        assert all(notice.may_recur for notice in notices)

    def test_two_that_say_different_things_in_one_second_are_two(self, v1):
        said = {"imp_uid": "imp_1", "merchant_uid": "order-1", "status": "cancelled", "cancellation_id": "c-1"}
        others = (
            {"imp_uid": "imp_2"}, {"merchant_uid": "order-2"}, {"status": "paid"}, {"cancellation_id": "c-2"},
            {"cancellation_id": None}, {},
        )  # fmt: skip
        notices = [v1.parse_callback("", {}, json.dumps(said | other).encode(), NOW) for other in others]
        assert len({notice.dedup_key for notice in notices}) == len(others)

    @pytest.mark.parametrize(
        "wrong",
        [
            b"", b"[]", b"x", b'{"imp_uid":"i","merchant_uid":"m"}',
            b'{"imp_uid":1,"merchant_uid":"m","status":"paid"}',
            b'{"imp_uid":"i","merchant_uid":"m","status":"tomorrow"}',
            b'{"imp_uid":"i","merchant_uid":"m","status":[]}',
        ],
    )  # fmt: skip
    def test_what_cannot_be_read(self, v1, wrong):
        with pytest.raises(CallbackUnreadable):
            v1.parse_callback("", {}, wrong, NOW)


class TestTheDay:
    async def test_all_pages_and_only_that_day(self, v1, api):
        one, two = mine(Status.CONFIRMED), mine(Status.CONFIRMED)
        rows = [a_return(), a_return(cancelled_at=1795320000 + 86400)]
        pages = [
            {"list": [body(one)], "next": 2},
            {"list": [body(two, paid_at=1795230000, cancel_history=rows), body(two, "failed", paid_at=0)], "next": 0},
        ]
        api.get("/payments/status/all").mock(side_effect=[yes(page) for page in pages])
        assert await v1.settlements(date(2026, 11, 22)) == [
            SettledRow("payment", "imp_1", one.order_ref, AMOUNT, 0, AMOUNT),
            SettledRow("cancel", "imp_1", two.order_ref, 5_000, 0, -5_000, reference="cancel-1"),
        ]

    @pytest.mark.parametrize("response", [httpx.Response(500), no(), yes({"list": 5})])
    async def test_no_list_is_unknown(self, v1, api, response):
        api.get("/payments/status/all").mock(return_value=response)
        assert isinstance(await v1.settlements(date(2026, 11, 22)), Unknown)
