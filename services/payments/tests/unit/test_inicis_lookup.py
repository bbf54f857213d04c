"""Where a payment stands, by INIAPI v2 or v1."""

from __future__ import annotations

import json
from datetime import date, datetime

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, a_payment
from services.payments.tests.inicis import ACCESS, API, MID, TID, access, an_inquiry, clock, form_of, vacct

from common.clock import SEOUL
from common.http_client import client
from payments.clients.inicis import InicisGateway
from payments.commands.answers import Missing, Return, Standing, Unknown
from payments.domain.status import Status
from payments.errors import NotOffered

V2, V1 = f"{API}/v2/pg/inquiry", f"{API}/api/v1/extra"


@pytest.fixture
async def http():
    async with client() as made:
        yield made


@pytest.fixture
def inicis(http):
    return InicisGateway(http, ACCESS, clock())


@pytest.fixture
def api():
    with respx.mock(assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
def paid():
    return a_payment(Status.CONFIRMED, key=TID, merchant=MID)


class TestV2:
    async def test_asks_by_the_providers_name(self, inicis, api, paid):
        route = api.post(V2).respond(json=an_inquiry(paid))
        answer = await inicis.get(paid)
        assert (answer.standing, answer.key, answer.order_ref) == (Standing.PAID, TID, paid.order_ref)
        assert (answer.merchant, answer.amount, answer.balance, answer.returns) == (MID, AMOUNT, AMOUNT, ())
        body = route.calls.last.request.content
        # NOW is noon of the 22nd in Seoul.
        assert body.startswith(
            f'{{"mid":"{MID}","type":"inquiry","timestamp":"20261122120000","clientIp":"123.123.123.123",'
            f'"data":{{"tid":"{TID}"}},"hashData":"'.encode()
        )

    async def test_asks_by_ours_while_there_is_no_other(self, inicis, api):
        payment = a_payment(Status.OPEN)
        route = api.post(V2).respond(json=an_inquiry(payment))
        assert (await inicis.get(payment)).key == TID
        assert json.loads(route.calls.last.request.content)["data"] == {"oid": payment.order_ref}

    async def test_given_back_in_part(self, inicis, api, paid):
        parts = [{"tid": "P" * 40, "requestDate": "20261122", "requestTime": "130000", "requestPrice": "5000"}]
        api.post(V2).respond(
            json=an_inquiry(paid, "PART_CANCEL", availablePartCancelPrice="10900", partCancelTransInfo=parts)
        )
        answer = await inicis.get(paid)
        assert (answer.standing, answer.balance) == (Standing.PARTLY_RETURNED, 10_900)
        assert answer.returns == (Return("P" * 40, 5_000, "", done=True),)

    async def test_given_back_at_once(self, inicis, api, paid):
        api.post(V2).respond(json=an_inquiry(paid, "CANCEL", cancelDate="20261122", cancelTime="130000"))
        answer = await inicis.get(paid)
        assert (answer.standing, answer.balance) == (Standing.RETURNED, 0)
        assert answer.returns == (Return(f"{TID}:20261122130000", AMOUNT, "", done=True),)

    @pytest.mark.parametrize(
        ("deposit", "standing"), [("N", Standing.WAITING), ("Y", Standing.PAID), ("C", Standing.RETURNED)]
    )
    async def test_an_account_stands_as_its_deposit(self, inicis, api, deposit, standing):
        payment = a_payment(Status.WAITING, key=TID, merchant=MID)
        api.post(V2).respond(json=an_inquiry(payment, paymethod="VBank", vacctInfo=vacct(deposit)))
        answer = await inicis.get(payment)
        assert answer.standing is standing
        assert answer.returns == ()

    @pytest.mark.parametrize(
        ("shown", "deposited"),
        [
            ({"depositAmount": "15000"}, 15_000),
            ({"depositAmount": "0"}, None),
            ({"depositAmount": ""}, None),
            ({}, None),
        ],
    )
    async def test_what_was_paid_in_is_told_where_it_is_shown(self, inicis, api, shown, deposited):
        payment = a_payment(Status.WAITING, key=TID, merchant=MID)
        api.post(V2).respond(json=an_inquiry(payment, paymethod="VBank", vacctInfo=vacct("Y", **shown)))
        assert (await inicis.get(payment)).deposited == deposited

    async def test_an_account_first_heard_of_by_looking(self, inicis, api):
        payment = a_payment(Status.UNKNOWN, method="virtual_account", key=None, account=None)
        api.post(V2).respond(json=an_inquiry(payment, paymethod="VBank", vacctInfo=vacct()))
        account = (await inicis.get(payment)).account
        assert (account.bank_name, account.number) == ("신한은행", "08812345678901")
        assert account.due_at == datetime(2026, 11, 23, 23, 59, 59, tzinfo=SEOUL)

    async def test_no_such_payment_is_v1s_word(self, inicis, api, paid):
        api.post(V2).respond(json={"resultCode": "FAIL", "resultMsg": "거래내역이 없습니다"})
        api.post(V1).respond(json={"resultCode": "00", "status": "9", "tid": None, "price": None})
        assert await inicis.get(paid) == Missing()

    @pytest.mark.parametrize("v1", [{"resultCode": "00", "status": "0"}, {"resultCode": "01"}, {"resultCode": "99"}])
    async def test_refused_without_that_word_is_unknown(self, inicis, api, paid, v1):
        api.post(V2).respond(json={"resultCode": "FAIL", "resultMsg": "hash"})
        api.post(V1).respond(json=v1)
        assert isinstance(await inicis.get(paid), Unknown)

    @pytest.mark.parametrize(
        "changes",
        [
            {"transactionStatus": "SOMETHING_NEW"}, {"price": "15,900"}, {"price": None}, {"tid": None}, {"oid": 7},
            {"vacctInfo": {"depositStatus": "?"}}, {"transactionStatus": "PART_CANCEL"}, {"vacctInfo": "text"},
            {"transactionStatus": "PART_CANCEL", "availablePartCancelPrice": "1", "partCancelTransInfo": [{}]},
        ],
    )  # fmt: skip
    async def test_what_it_cannot_be_is_unknown(self, inicis, api, paid, changes):
        api.post(V2).respond(json=an_inquiry(paid) | changes)
        assert isinstance(await inicis.get(paid), Unknown)

    @pytest.mark.parametrize("lost", [httpx.ReadTimeout(""), httpx.ConnectError("")])
    async def test_no_answer_is_unknown(self, inicis, api, paid, lost):
        api.post(V2).mock(side_effect=lost)
        assert isinstance(await inicis.get(paid), Unknown)

    @pytest.mark.parametrize("status", [500, 404, 301])
    async def test_no_200_is_no_answer(self, inicis, api, paid, status):
        api.post(V2).respond(status, json=an_inquiry(paid))
        assert isinstance(await inicis.get(paid), Unknown)


class TestV1:
    """Asked when v2's answer says nothing: only for whether there is such a payment."""

    async def test_the_form(self, inicis, api, paid):
        api.post(V2).respond(json={"resultCode": "01"})
        route = api.post(V1).respond(json={"resultCode": "00", "status": "9"})
        assert await inicis.get(paid) == Missing()
        form = form_of(route.calls.last.request)
        assert form.pop("hashData") == INQUIRY_HASH
        assert form == {
            "type": "Extra", "paymethod": "Inquiry", "timestamp": "20261122120000", "clientIp": "123.123.123.123",
            "mid": MID, "originalTid": TID, "oid": paid.order_ref,
        }  # fmt: skip

    @pytest.mark.parametrize("status", ["0", "1", "N", "Y", "C", "7"])
    async def test_its_word_for_money_is_not_taken(self, inicis, api, paid, status):
        """`Y` is said of a short deposit too, and of a payment given back in part."""
        api.post(V2).respond(json={"resultCode": "01"})
        api.post(V1).respond(json={"resultCode": "00", "tid": TID, "price": str(AMOUNT), "status": status})
        assert isinstance(await inicis.get(paid), Unknown)


# By hand: the sha512 of "<api key>" + "Extra" + "Inquiry" + "20261122120000" + "123.123.123.123" + "INIpayTest"
INQUIRY_HASH = (
    "191fe2575b521a28cc2ae8ac21461c57faa7494672d06f0b8dff31651e186535"
    "e0c3844fc9163ea1e5b6f8e870cfee9c5df81e5dc1407b396ae74457931fc7b3"
)


class TestSettlements:
    @pytest.fixture
    def inicis(self, http):
        return InicisGateway(http, access(settlement_path="/v2/pg/settlement"), clock())

    async def test_what_was_taken_and_given_back(self, inicis, api):
        rows = [
            {"kind": "APPROVAL", "tid": TID, "oid": "o-1", "price": "15900", "fee": "350", "settleDate": "20261125"},
            {
                "kind": "CANCEL", "tid": TID, "oid": "o-1", "cancelTid": "P" * 40, "price": "5000", "fee": "110",
                "settleDate": "20261125",
            },
        ]  # fmt: skip
        route = api.post(f"{API}/v2/pg/settlement").respond(json={"resultCode": "00", "settlementList": rows})
        taken, back = await inicis.settlements(date(2026, 11, 22))
        assert json.loads(route.calls.last.request.content)["data"] == {"date": "20261122"}
        assert (taken.kind, taken.key, taken.order_ref, taken.amount) == ("payment", TID, "o-1", 15_900)
        assert (taken.fee, taken.payout, taken.pays_out_on) == (350, 15_550, date(2026, 11, 25))
        # The fee of what went back comes back.
        assert (back.kind, back.reference, back.amount, back.fee, back.payout) == (
            "cancel", "P" * 40, 5_000, -110, -4_890,
        )  # fmt: skip
        assert back.payout == -back.amount - back.fee

    @pytest.mark.parametrize(
        "body", [{"resultCode": "01"}, {"resultCode": "00"}, {"resultCode": "00", "settlementList": [{}]}]
    )
    async def test_an_unreadable_list_is_unknown(self, inicis, api, body):
        api.post(f"{API}/v2/pg/settlement").respond(json=body)
        assert isinstance(await inicis.settlements(date(2026, 11, 22)), Unknown)

    async def test_a_lost_list_is_unknown(self, inicis, api):
        api.post(f"{API}/v2/pg/settlement").mock(side_effect=httpx.ReadTimeout(""))
        assert isinstance(await inicis.settlements(date(2026, 11, 22)), Unknown)

    async def test_without_an_address_there_is_none(self, http):
        with pytest.raises(NotOffered):
            await InicisGateway(http, ACCESS, clock()).settlements(date(2026, 11, 22))
