"""The centre's interface, field by field, against an answering machine written from its documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from services.scm.tests.builders import NOW

from common.errors import UpstreamUnavailable
from scm.clients.fassto import Account, Fassto
from scm.commands import ShipTo
from scm.domain.release import Draft, Refused, Registered, Slip, SlipStatus, Unknown

DAY = NOW.date()
DRAFT = Draft(
    "order-1", DAY, ShipTo("김민지", "010-1234-5678", "06236", "서울 강남구 테헤란로 1", None, "101호", "문 앞"),
    (("GRANOLA-500", 2),),
)  # fmt: skip
ROW = {"slipNo": "S1", "ordNo": "order-1", "status": "DONE", "invoiceNo": "680412345673", "parcelCd": "CJ"}


def data(value: Any) -> httpx.Response:
    return httpx.Response(200, json={"header": {"code": "SUCCESS"}, "data": value, "errorInfo": None})


def refusal(code: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"data": None, "errorInfo": {"errorCode": code, "errorMessage": "안 됩니다"}})


class Machine:
    """Answers `answer` to everything but the connect call; keeps what it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/auth/connect"):
            self.tokens += 1
            return data({"accessToken": f"token-{self.tokens}", "expreDatetime": "20261120130000"})
        return self.answer(request)

    def client(self) -> Fassto:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self))
        account = Account("https://wms.test/fassto/", SecretStr("cd"), SecretStr("key"), "94001")
        return Fassto(http, account)


class TestRelease:
    async def test_asks_as_documented(self):
        machine = Machine(lambda _: data([{"slipNo": "S1", "ordNo": "order-1", "code": "200", "msg": "등록 성공"}]))
        assert await machine.client().release(DRAFT) == Registered("S1")
        connect, release = machine.asked
        assert (connect.method, str(connect.url)) == (
            "POST", "https://wms.test/fassto/api/v1/auth/connect?apiCd=cd&apiKey=key",
        )  # fmt: skip
        assert (release.method, release.url.path) == ("POST", "/fassto/api/v1/delivery/parcel/94001")
        assert release.headers["accessToken"] == "token-1"
        assert json.loads(release.content) == [
            {
                "ordDt": "20261120",
                "ordNo": "order-1",
                "custNm": "김민지",
                "custTelNo": "01012345678",
                "custAddr": "(06236) 서울 강남구 테헤란로 1 101호",
                "shipReqTerm": "문 앞",
                "outWay": "1",
                "godCds": [{"cstGodCd": "GRANOLA-500", "ordQty": 2}],
            }
        ]

    async def test_a_business_error_on_http_200_is_a_refusal(self):
        machine = Machine(lambda _: refusal("NOT_FOUND_GOODS"))
        assert await machine.client().release(DRAFT) == Refused("NOT_FOUND_GOODS")

    async def test_a_refused_row_is_a_refusal(self):
        machine = Machine(lambda _: data([{"slipNo": None, "ordNo": "order-1", "code": "400", "msg": "실패"}]))
        assert await machine.client().release(DRAFT) == Refused("400")

    @pytest.mark.parametrize(
        "answer",
        [httpx.Response(500), httpx.Response(502, text="<html>"), httpx.Response(200, text="no json"),
         httpx.Response(429, json={}), data([]), data([{"slipNo": "S9", "ordNo": "another"}])],
    )  # fmt: skip
    async def test_no_usable_answer_is_unknown_and_never_a_refusal(self, answer):
        assert isinstance(await Machine(lambda _: answer).client().release(DRAFT), Unknown)

    async def test_a_timeout_is_unknown(self):
        def late(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("late", request=request)

        assert await Machine(late).client().release(DRAFT) == Unknown("ReadTimeout")

    async def test_wrong_keys_of_ours_refuse_no_release(self):
        http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: refusal("INVALID_ACCESS", 401)))
        client = Fassto(http, Account("https://wms.test", SecretStr("x"), SecretStr("y"), "94001"))
        assert isinstance(await client.release(DRAFT), Unknown)


class TestToken:
    async def test_is_asked_for_once_and_kept(self):
        machine = Machine(lambda _: data([]))
        client = machine.client()
        await client.slips(SlipStatus.DONE, DAY, DAY)
        await client.slips(SlipStatus.DONE, DAY, DAY)
        assert machine.tokens == 1

    @pytest.mark.parametrize("over", [refusal("INVALID_ACCESS", 401), refusal("INVALID_ACCESS"), httpx.Response(401)])
    async def test_a_token_that_is_over_is_renewed_and_the_call_made_again(self, over):
        machine = Machine(lambda request: over if request.headers["accessToken"] == "token-1" else data([ROW]))
        client = machine.client()
        machine.answer, renew = (lambda _: data([])), machine.answer
        await client.slips(SlipStatus.DONE, DAY, DAY)
        machine.answer = renew
        assert len(await client.slips(SlipStatus.DONE, DAY, DAY)) == 1
        assert machine.tokens == 2

    async def test_a_fresh_token_that_is_refused_is_not_tried_for_ever(self):
        machine = Machine(lambda _: refusal("INVALID_ACCESS", 401))
        with pytest.raises(UpstreamUnavailable):
            await machine.client().slip("S1")
        assert machine.tokens == 1


class TestReading:
    async def test_lists_by_day_status_and_way_out(self):
        machine = Machine(lambda _: data([ROW]))
        assert await machine.client().slips(SlipStatus.DONE, DAY, DAY) == [
            Slip("S1", "order-1", SlipStatus.DONE, "CJ", "680412345673")
        ]
        assert machine.asked[-1].url.path == "/fassto/api/v1/delivery/94001/20261120/20261120/DONE/1"

    async def test_reads_production_rows_with_wrkstat_and_empty_texts(self):
        row = {"slipNo": "S1", "ordNo": "order-1", "wrkStat": "ORDER", "invoiceNo": "", "parcelCd": ""}
        machine = Machine(lambda _: data([row]))
        assert await machine.client().slips(SlipStatus.ORDER, DAY, DAY) == [Slip("S1", "order-1", SlipStatus.ORDER)]

    async def test_rows_without_a_status_are_of_the_status_asked_for(self):
        machine = Machine(lambda _: data([{"slipNo": "S1", "ordNo": "order-1"}, {"slipNo": ""}, "junk"]))
        assert await machine.client().slips(SlipStatus.CANCEL, DAY, DAY) == [Slip("S1", "order-1", SlipStatus.CANCEL)]

    async def test_one_slip_may_come_as_an_object_or_a_list(self):
        for answer in (ROW, [ROW]):
            machine = Machine(lambda _, answer=answer: data(answer))
            found = await machine.client().slip("S1")
            assert found is not None
            assert found.waybill == "680412345673"
            assert machine.asked[-1].url.path == "/fassto/api/v1/delivery/detail/94001/S1"

    async def test_finds_by_our_number_in_the_order_in_which_releases_move_on(self):
        machine = Machine(lambda request: data([ROW] if "/DONE/" in request.url.path else []))
        found = await machine.client().find("order-1", DAY)
        assert found is not None
        asked = [request.url.path.split("/")[-2] for request in machine.asked[1:]]
        assert asked == ["ORDER", "WORKING", "PARTDONE", "DONE"]

    async def test_what_the_centre_does_not_have_is_none(self):
        assert await Machine(lambda _: data([])).client().find("order-1", DAY) is None

    @pytest.mark.parametrize("answer", [httpx.Response(503), refusal("INTERNAL_ERROR")])
    async def test_no_answer_is_not_nothing(self, answer):
        with pytest.raises(UpstreamUnavailable):
            await Machine(lambda _: answer).client().find("order-1", DAY)


class TestCancel:
    async def test_asks_as_documented(self):
        machine = Machine(lambda _: data([{"slipNo": "S1", "ordNo": "order-1", "code": "200"}]))
        await machine.client().cancel("S1", "order-1")
        request = machine.asked[-1]
        assert (request.method, request.url.path) == ("PATCH", "/fassto/api/v1/delivery/cancel/94001")
        assert json.loads(request.content) == [{"slipNo": "S1", "ordNo": "order-1"}]

    @pytest.mark.parametrize("answer", [httpx.Response(500), refusal("NOT_CANCELABLE")])
    async def test_leaves_the_outcome_to_the_slip(self, answer):
        assert await Machine(lambda _: answer).client().cancel("S1", "order-1") is None


class TestShelves:
    async def test_tells_what_could_be_sent(self):
        rows = [
            {"cstGodCd": "A", "stockQty": 5, "canStockQty": 3, "badStockQty": 0},
            {"cstGodCd": "B", "stockQty": 5, "canStockQty": "-2", "badStockQty": 0},
            {"stockQty": 1},
        ]
        machine = Machine(lambda _: data(rows))
        assert await machine.client().shelves() == {"A": 3, "B": -2}
        assert machine.asked[-1].url.path == "/fassto/api/v1/stock/list/94001"

    @pytest.mark.parametrize("answer", [data([{"cstGodCd": "A"}]), data([{"cstGodCd": "A", "canStockQty": "?"}]),
                                        refusal("BAD_REQUEST"), httpx.Response(502)])  # fmt: skip
    async def test_no_number_is_no_answer(self, answer):
        with pytest.raises(UpstreamUnavailable):
            await Machine(lambda _: answer).client().shelves()
