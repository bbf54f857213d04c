"""Giving money back through INIAPI: v1 a form, v2 JSON, and a guard in place of an idempotency key."""

from __future__ import annotations

import hashlib
import json

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, a_payment
from services.payments.tests.inicis import ACCESS, API, API_KEY, MID, TID, access, an_inquiry, clock, form_of, vacct

from common.http_client import client
from payments.clients.gateway import Cancel, ReceiptOrder
from payments.clients.inicis import InicisGateway
from payments.commands.answers import Hint, RefundAccount, Refused, Return, Standing, Unknown
from payments.domain.status import Status
from payments.errors import NotOffered

V1, INQUIRY = f"{API}/api/v1/refund", f"{API}/v2/pg/inquiry"
NOTE = "refund 0199"
ACCOUNT = RefundAccount("88", "123456789", "김서연")
SEALED = "qwMHVJqsmXKoR+d8wQTS4g=="  # 123456789, as the provider's FAQ shows it
WHOLE = Cancel(NOTE, amount=AMOUNT, balance=AMOUNT)
PART = Cancel(NOTE, amount=5_000, balance=AMOUNT, tax_free_amount=900, vat_amount=373)
PART_TID = "StdpayPRTCINIpayTest20261122120000654321"
PART_DONE = {
    "resultCode": "00", "resultMsg": "정상", "tid": PART_TID, "prtcTid": TID, "prtcPrice": "5000",
    "prtcRemains": "10900", "prtcDate": "20261122", "prtcTime": "120000", "prtcCnt": "1", "prtcType": "1",
}  # fmt: skip
WHOLE_DONE = {"resultCode": "00", "resultMsg": "정상", "cancelDate": "20261122", "cancelTime": "120000"}


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


@pytest.fixture
def deposited():
    return a_payment(Status.CONFIRMED, method="virtual_account", key=TID, merchant=MID)


def sha512(*parts):
    """The parts one after another behind the INIAPI key, spelt out once more than in the package."""
    return hashlib.sha512((API_KEY + "".join(parts)).encode()).hexdigest()


COMMON = ("20261122120000", "123.123.123.123", MID, TID)


class TestV1:
    async def test_all_of_it(self, inicis, api, paid):
        route = api.post(V1).respond(json=WHOLE_DONE)
        answer = await inicis.cancel(paid, WHOLE)
        assert (answer.standing, answer.balance, answer.amount) == (Standing.RETURNED, 0, AMOUNT)
        assert (answer.order_ref, answer.key, answer.merchant) == (paid.order_ref, TID, MID)
        assert answer.returns == (Return(f"{TID}:20261122120000", AMOUNT, NOTE, done=True),)
        request = route.calls.last.request
        assert request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
        assert form_of(request) == {
            "type": "Refund", "paymethod": "Card", "timestamp": "20261122120000", "clientIp": "123.123.123.123",
            "mid": MID, "tid": TID, "msg": NOTE, "hashData": sha512("Refund", "Card", *COMMON),
        }  # fmt: skip

    async def test_a_part_says_what_must_remain(self, inicis, api, paid):
        route = api.post(V1).respond(json=PART_DONE)
        answer = await inicis.cancel(paid, PART)
        assert (answer.standing, answer.balance) == (Standing.PARTLY_RETURNED, 10_900)
        assert answer.returns == (Return(PART_TID, 5_000, NOTE, done=True),)
        form = form_of(route.calls.last.request)
        assert (form["type"], form["price"], form["confirmPrice"]) == ("PartialRefund", "5000", "10900")
        assert form["hashData"] == sha512("PartialRefund", "Card", *COMMON, "5000", "10900")
        assert "tax" not in form
        assert "taxFree" not in form

    async def test_taxes_with_a_contract_for_them(self, http, api, paid):
        route = api.post(V1).respond(json=PART_DONE)
        await InicisGateway(http, access(tax_contract=True), clock()).cancel(paid, PART)
        form = form_of(route.calls.last.request)
        assert (form["tax"], form["taxFree"]) == ("373", "900")

    async def test_the_rest_leaves_nothing(self, inicis, api, paid):
        route = api.post(V1).respond(json=PART_DONE | {"prtcPrice": "10900", "prtcRemains": "0"})
        answer = await inicis.cancel(paid, Cancel(NOTE, amount=10_900, balance=10_900))
        assert (answer.standing, answer.balance) == (Standing.RETURNED, 0)
        form = form_of(route.calls.last.request)
        assert (form["type"], form["price"], form["confirmPrice"]) == ("PartialRefund", "10900", "0")

    @pytest.mark.parametrize(("method", "shown"), [("transfer", "Acct"), ("easy_pay", "Card"), ("card", "Card")])
    async def test_each_method_has_its_name(self, inicis, api, method, shown):
        route = api.post(V1).respond(json=WHOLE_DONE)
        await inicis.cancel(a_payment(Status.CONFIRMED, method=method, key=TID, merchant=MID), WHOLE)
        assert form_of(route.calls.last.request)["paymethod"] == shown

    async def test_a_deposit_goes_to_the_customers_account(self, inicis, api, deposited):
        route = api.post(V1).respond(json=WHOLE_DONE)
        await inicis.cancel(deposited, Cancel(NOTE, amount=AMOUNT, balance=AMOUNT, account=ACCOUNT))
        request = route.calls.last.request
        form = form_of(request)
        assert form["paymethod"] == "Vacct"
        assert (form["refundAcctNum"], form["refundBankCode"], form["refundAcctName"]) == (SEALED, "88", "김서연")
        # The account is hashed as it is sent, and its + travels as %2B.
        assert form["hashData"] == sha512("Refund", "Vacct", *COMMON, SEALED)
        assert b"R%2Bd8" in request.content
        assert b"123456789" not in request.content.replace(b"123.123.123.123", b"")

    async def test_a_deposit_in_part(self, inicis, api, deposited):
        route = api.post(V1).respond(json=PART_DONE)
        await inicis.cancel(deposited, Cancel(NOTE, amount=5_000, balance=AMOUNT, account=ACCOUNT))
        form = form_of(route.calls.last.request)
        assert form["hashData"] == sha512("PartialRefund", "Vacct", *COMMON, "5000", "10900", SEALED)

    async def test_an_account_nobody_paid_into_is_called_off(self, inicis, api):
        payment = a_payment(Status.WAITING, key=TID, merchant=MID)
        route = api.post(V1).respond(json=WHOLE_DONE)
        answer = await inicis.cancel(payment, Cancel("close it"))
        assert (answer.standing, answer.balance, answer.returns) == (Standing.RETURNED, 0, ())
        form = form_of(route.calls.last.request)
        assert (form["type"], form["paymethod"], form["msg"]) == ("Refund", "GVacct", "close it")
        assert form["hashData"] == sha512("Refund", "GVacct", *COMMON)
        assert "price" not in form


class TestV2:
    @pytest.fixture
    def inicis(self, http):
        return InicisGateway(http, access(refund_version="v2"), clock())

    async def test_all_of_it(self, inicis, api, paid):
        route = api.post(f"{API}/v2/pg/refund").respond(json=WHOLE_DONE)
        assert (await inicis.cancel(paid, WHOLE)).standing is Standing.RETURNED
        request = route.calls.last.request
        data = f'{{"tid":"{TID}","msg":"{NOTE}"}}'
        hashed = sha512(MID, "refund", "20261122120000", data)
        assert request.content.decode() == (
            f'{{"mid":"{MID}","type":"refund","timestamp":"20261122120000","clientIp":"123.123.123.123",'
            f'"data":{data},"hashData":"{hashed}"}}'
        )
        assert request.headers["content-type"] == "application/json; charset=utf-8"

    async def test_a_part_of_a_deposit(self, inicis, api, deposited):
        route = api.post(f"{API}/v2/pg/partialRefund").respond(json=PART_DONE)
        answer = await inicis.cancel(deposited, Cancel(NOTE, amount=5_000, balance=AMOUNT, account=ACCOUNT))
        assert answer.returns == (Return(PART_TID, 5_000, NOTE, done=True),)
        body = json.loads(route.calls.last.request.content)
        assert body["data"] == {
            "tid": TID, "msg": NOTE, "price": "5000", "confirmPrice": "10900", "currency": "WON",
            "refundAcctNum": SEALED, "refundBankCode": "88", "refundAcctName": "김서연",
        }  # fmt: skip

    async def test_whichever_field_holds_the_new_name_is_taken(self, inicis, api, paid):
        api.post(f"{API}/v2/pg/partialRefund").respond(json=PART_DONE | {"tid": TID, "prtcTid": PART_TID})
        assert (await inicis.cancel(paid, PART)).returns[0].reference == PART_TID


class TestRefused:
    @pytest.mark.parametrize(
        ("code", "hint"),
        [
            ("500626", Hint.ASK), ("500629", Hint.ASK), ("500630", Hint.ACCOUNT), ("500631", Hint.LATER),
            ("400101", Hint.LATER), ("123456", Hint.FINAL),
        ],
    )  # fmt: skip
    async def test_the_detail_tells_what_to_do(self, inicis, api, paid, code, hint):
        api.post(V1).respond(json={"resultCode": "01", "resultMsg": "거절", "detailResultCode": code})
        assert await inicis.cancel(paid, PART) == Refused(code, "거절", hint)

    async def test_without_a_detail_the_result_is_the_code(self, inicis, api, paid):
        api.post(V1).respond(json={"resultCode": "01", "resultMsg": "거절"})
        assert await inicis.cancel(paid, PART) == Refused("01", "거절", Hint.FINAL)


class TestLost:
    async def test_one_that_arrived_is_found(self, inicis, api, paid):
        api.post(V1).mock(side_effect=httpx.ReadTimeout(""))
        parts = [{"tid": PART_TID, "requestDate": "20261122", "requestTime": "120000", "requestPrice": "5000"}]
        api.post(INQUIRY).respond(
            json=an_inquiry(paid, "PART_CANCEL", availablePartCancelPrice="10900", partCancelTransInfo=parts)
        )
        answer = await inicis.cancel(paid, PART)
        assert answer.returns == (Return(PART_TID, 5_000, NOTE, done=True),)
        assert answer.balance == 10_900

    async def test_a_whole_one_that_arrived_is_found(self, inicis, api, paid):
        api.post(V1).respond(502)
        api.post(INQUIRY).respond(json=an_inquiry(paid, "CANCEL", cancelDate="20261122", cancelTime="120000"))
        answer = await inicis.cancel(paid, WHOLE)
        assert answer.returns == (Return(f"{TID}:20261122120000", AMOUNT, NOTE, done=True),)

    async def test_one_that_did_not_arrive_is_unknown(self, inicis, api, paid):
        """It may still be on its way."""
        api.post(V1).mock(side_effect=httpx.ReadTimeout(""))
        api.post(INQUIRY).respond(json=an_inquiry(paid))
        assert isinstance(await inicis.cancel(paid, PART), Unknown)

    async def test_without_a_look_it_is_unknown(self, inicis, api, paid):
        api.post(V1).mock(side_effect=httpx.ReadTimeout(""))
        api.post(INQUIRY).mock(side_effect=httpx.ReadTimeout(""))
        assert isinstance(await inicis.cancel(paid, PART), Unknown)

    async def test_one_of_another_amount_is_unknown(self, inicis, api, paid):
        api.post(V1).respond(json=PART_DONE | {"prtcPrice": "500"})
        assert isinstance(await inicis.cancel(paid, PART), Unknown)


class TestWithoutAName:
    async def test_it_is_looked_up_first(self, inicis, api):
        payment = a_payment(Status.WAITING, key=None, merchant=MID)
        api.post(INQUIRY).respond(json=an_inquiry(payment, paymethod="VBank", vacctInfo=vacct()))
        route = api.post(V1).respond(json=WHOLE_DONE)
        await inicis.cancel(payment, Cancel("close it"))
        assert form_of(route.calls.last.request)["tid"] == TID

    async def test_one_not_found_is_not_refunded(self, inicis, api):
        api.post(INQUIRY).respond(500)
        route = api.post(V1)
        assert isinstance(await inicis.cancel(a_payment(Status.WAITING, key=None), Cancel("close it")), Unknown)
        assert not route.called

    async def test_a_balance_nobody_named_is_looked_up(self, inicis, api, paid):
        api.post(INQUIRY).respond(json=an_inquiry(paid))
        route = api.post(V1).respond(json=PART_DONE)
        await inicis.cancel(paid, Cancel(NOTE, amount=5_000))
        assert form_of(route.calls.last.request)["confirmPrice"] == "10900"


class TestCashReceipts:
    async def test_are_the_windows_affair(self, inicis, paid):
        order = ReceiptOrder("income_deduction", "01012345678", AMOUNT, 0, 1_445, "key")
        with pytest.raises(NotOffered):
            await inicis.issue_cash_receipt(paid, order)
        with pytest.raises(NotOffered):
            await inicis.cancel_cash_receipt(paid, "1", AMOUNT, "key")
