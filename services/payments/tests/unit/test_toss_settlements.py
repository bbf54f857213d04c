"""Toss's list of settlements, with the fields its public guide shows."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
import respx

from common.http_client import client
from payments.clients.gateway import SettledRow
from payments.clients.toss import TossAccess, TossGateway, settled
from payments.clients.toss.wire import NotToss, whole
from payments.commands.answers import Unknown

API = "https://toss.example/v1"
DAY = date(2026, 11, 22)
ACCESS = TossAccess("https://toss.example", "test_sk_1", "test_ck_1", "https://x.example", "shopmid", "h", "88", 5)
SALE = {
    "mId": "shopmid", "paymentKey": "tkey_1", "transactionKey": "TX1", "orderId": "order-1", "currency": "KRW",
    "method": "카드", "amount": 15000, "interestFee": 0,
    "fees": [{"type": "BASE", "fee": 400}, {"type": "ETC", "fee": 30}], "supplyAmount": 391, "vat": 39, "fee": 430,
    "payOutAmount": 14570, "approvedAt": "2026-11-22T12:00:05+09:00", "soldDate": "2026-11-22",
    "paidOutDate": "2026-11-24", "card": {"number": "53275020****463*"}, "cancel": None,
}  # fmt: skip
BACK = SALE | {"transactionKey": "TX2", "amount": -5000, "fee": -143, "payOutAmount": -4857, "cancel": {"x": 1}}


@pytest.fixture
async def toss():
    async with client() as http:
        yield TossGateway(http, ACCESS)


@pytest.fixture
def api():
    with respx.mock(base_url=API) as mocked:
        yield mocked


class TestRows:
    def test_a_sale_and_what_was_given_back_of_it(self):
        paid_out = date(2026, 11, 24)
        assert settled.rows_of([SALE, BACK]) == [
            SettledRow("payment", "tkey_1", "order-1", 15_000, 430, 14_570, pays_out_on=paid_out),
            SettledRow("cancel", "tkey_1", "order-1", 5_000, -143, -4_857, "TX2", pays_out_on=paid_out),
        ]

    def test_fees_without_their_sum(self):
        row = {name: value for name, value in SALE.items() if name != "fee"}
        assert settled.rows_of([row])[0].fee == 430

    @pytest.mark.parametrize(
        "wrong",
        [
            {"code": "NO"}, [1], [{}], [SALE | {"amount": "15000"}], [SALE | {"amount": True}], [SALE | {"fee": 0.5}],
            [SALE | {"paymentKey": None}], [SALE | {"paidOutDate": "soon"}], [SALE | {"fees": None, "fee": None}],
        ],
    )  # fmt: skip
    def test_refuses_what_is_none(self, wrong):
        with pytest.raises(NotToss):
            settled.rows_of(wrong)

    @pytest.mark.parametrize("wrong", [float("inf"), float("nan"), 0.5, "1", None])
    def test_amounts_are_whole(self, wrong):
        with pytest.raises(TypeError):
            whole(wrong)


class TestSettlements:
    async def test_are_read_page_by_page(self, toss, api, monkeypatch):
        monkeypatch.setattr(settled, "PAGE_SIZE", 2)
        route = api.get("/settlements").mock(
            side_effect=[httpx.Response(200, json=[SALE, BACK]), httpx.Response(200, json=[SALE])]
        )
        assert [row.kind for row in await toss.settlements(DAY)] == ["payment", "cancel", "payment"]
        assert [dict(call.request.url.params) for call in route.calls] == [
            {"startDate": "2026-11-22", "endDate": "2026-11-22", "dateType": "soldDate", "page": page, "size": "2"}
            for page in ("1", "2")
        ]
        assert route.calls[0].request.headers["authorization"].startswith("Basic ")

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(500, json=[]), httpx.Response(200, json={}), httpx.Response(200, content=b"<html>"),
            httpx.Response(400, json={"code": "INVALID_DATE", "message": "?"}), httpx.ReadTimeout("slow"),
        ],
    )  # fmt: skip
    async def test_half_a_list_is_none(self, toss, api, monkeypatch, answer):
        monkeypatch.setattr(settled, "PAGE_SIZE", 1)
        api.get("/settlements").mock(side_effect=[httpx.Response(200, json=[SALE]), answer])
        assert isinstance(await toss.settlements(DAY), Unknown)
