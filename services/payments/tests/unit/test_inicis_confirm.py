"""Approving what the window agreed, and undoing an approval nobody can rely on."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, a_payment
from services.payments.tests.inicis import (
    ACCESS,
    API,
    AUTH_URL,
    MID,
    NET_CANCEL_URL,
    STAMP,
    TID,
    a_return,
    access,
    an_approval,
    an_inquiry,
    clock,
    form_of,
    signed,
)

from common.clock import SEOUL
from common.http_client import client
from payments.clients.inicis import InicisGateway
from payments.commands.answers import Hint, Refused, Standing, Unknown
from payments.domain.status import Status


@pytest.fixture
async def inicis():
    async with client() as http:
        yield InicisGateway(http, ACCESS, clock())


@pytest.fixture
def outside():
    with respx.mock(assert_all_called=False) as mocked:
        mocked.post(NET_CANCEL_URL).respond(json={"resultCode": "0000", "resultMsg": "망취소 성공"})
        yield mocked


@pytest.fixture
def payment():
    return a_payment(Status.CONFIRMING, key=None, merchant=MID)


def approves(outside, answer):
    route = outside.post(AUTH_URL)
    return route.mock(side_effect=answer) if isinstance(answer, Exception) else route.respond(json=answer)


def net_cancels(outside):
    return [call.request for call in outside.calls if str(call.request.url) == NET_CANCEL_URL]


class TestApprove:
    async def test_takes_the_money_and_learns_the_name(self, inicis, outside, payment):
        route = approves(outside, an_approval(payment))
        answer = await inicis.confirm(payment, a_return(payment))
        assert (answer.standing, answer.key, answer.amount, answer.balance) == (Standing.PAID, TID, AMOUNT, AMOUNT)
        assert (answer.order_ref, answer.merchant, answer.currency) == (payment.order_ref, MID, "KRW")
        assert form_of(route.calls.last.request) == {
            "mid": MID, "authToken": "TOKEN+/=", "timestamp": STAMP,
            # By hand: the sha256 of "authToken=TOKEN+/=&timestamp=1795316400007"
            "signature": "efd7ada67c34f254ecfbda174c6b94f4b816fc438e48d394e29675164b1afb11",
            # By hand: the sha256 of "authToken=TOKEN+/=&signKey=<sign key>&timestamp=1795316400007"
            "verification": "caee4d710d7ab56fcd8b150d00cfc4c195055da1c672543cc12459f65f77e2b2",
            "charset": "UTF-8", "format": "JSON",
        }  # fmt: skip
        assert net_cancels(outside) == []

    async def test_the_older_approval_has_no_verification(self, outside, payment):
        route = approves(outside, an_approval(payment))
        async with client() as http:
            await InicisGateway(http, access(verification=False), clock()).confirm(payment, a_return(payment))
        assert "verification" not in form_of(route.calls.last.request)

    async def test_card_and_buyer_are_dropped(self, inicis, outside, payment):
        approves(outside, an_approval(payment))
        answer = await inicis.confirm(payment, a_return(payment))
        assert "532750" not in repr(answer)
        assert "김서연" not in repr(answer)

    async def test_an_account_to_pay_into(self, inicis, outside):
        payment = a_payment(Status.CONFIRMING, method="virtual_account", key=None, merchant=MID, account=None)
        approves(
            outside,
            an_approval(
                payment, payMethod="VBank", VACT_Num="56211234567890", VACT_BankCode="88", VACT_Name="（주）이니시스",
                VACT_InputName="김서연", VACT_Date="20261123", VACT_Time="235959",
            ),
        )  # fmt: skip
        answer = await inicis.confirm(payment, a_return(payment))
        assert answer.standing is Standing.WAITING
        assert (answer.account.bank_code, answer.account.bank_name) == ("88", "신한은행")
        assert (answer.account.number, answer.account.holder) == ("56211234567890", "（주）이니시스")
        assert answer.account.due_at == datetime(2026, 11, 23, 23, 59, 59, tzinfo=SEOUL)

    async def test_an_account_without_a_date_is_open_as_long_as_we_asked(self, inicis, outside):
        payment = a_payment(Status.CONFIRMING, method="virtual_account", key=None, merchant=MID, account=None)
        approves(outside, an_approval(payment, payMethod="VBank", VACT_Num="562", VACT_BankCode="88"))
        answer = await inicis.confirm(payment, a_return(payment))
        assert (answer.account.due_at, answer.account.holder) == (payment.due_at, "KG이니시스")


class TestRefused:
    async def test_a_decline_ends_the_try(self, inicis, outside, payment):
        approves(outside, {"resultCode": "01", "resultMsg": "한도초과", "tid": TID})
        assert await inicis.confirm(payment, a_return(payment)) == Refused("01", "한도초과", Hint.FINAL)
        assert net_cancels(outside) == []

    async def test_a_token_nobody_knows_leaves_the_payment_open(self, inicis, outside, payment):
        approves(outside, {"resultCode": "V999", "resultMsg": "유효하지 않은 토큰"})
        outside.post(f"{API}/v2/pg/inquiry").respond(json={"resultCode": "NODATA"})
        outside.post(f"{API}/api/v1/extra").respond(json={"resultCode": "00", "status": "9"})
        answer = await inicis.confirm(payment, a_return(payment))
        assert answer == Refused("V999", "유효하지 않은 토큰", Hint.KEY)

    async def test_a_token_used_before_shows_what_it_took(self, inicis, outside, payment):
        approves(outside, {"resultCode": "V013", "resultMsg": "이미 승인된 거래"})
        outside.post(f"{API}/v2/pg/inquiry").respond(json=an_inquiry(payment))
        assert (await inicis.confirm(payment, a_return(payment))).standing is Standing.PAID

    async def test_a_token_refused_while_look_ups_are_silent_is_unknown(self, inicis, outside, payment):
        approves(outside, {"resultCode": "V013", "resultMsg": ""})
        outside.post(f"{API}/v2/pg/inquiry").respond(502)
        assert isinstance(await inicis.confirm(payment, a_return(payment)), Unknown)

    async def test_a_grant_that_names_another_host_is_never_followed(self, inicis, outside, payment):
        answer = await inicis.confirm(payment, a_return(payment, authUrl="https://evil.example/api/payAuth"))
        assert (answer.code, answer.hint) == ("wrong_host", Hint.KEY)
        assert not outside.calls


class TestNetCancel:
    @pytest.mark.parametrize("lost", [httpx.ReadTimeout(""), httpx.RemoteProtocolError(""), httpx.WriteError("")])
    async def test_a_lost_answer_is_undone(self, inicis, outside, payment, lost):
        approves(outside, lost)
        answer = await inicis.confirm(payment, a_return(payment))
        assert (answer.code, answer.hint) == ("answer_lost", Hint.FINAL)
        (request,) = net_cancels(outside)
        # The same fields as the approval, to the other address.
        assert form_of(request) == form_of(outside.calls[0].request)

    @pytest.mark.parametrize("status", [500, 502, 504, 302])
    async def test_a_broken_answer_is_undone(self, inicis, outside, payment, status):
        outside.post(AUTH_URL).respond(status, json=an_approval(payment))
        assert (await inicis.confirm(payment, a_return(payment))).code == "answer_lost"
        assert len(net_cancels(outside)) == 1

    @pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"resultCode": "0000"'])
    async def test_an_unreadable_answer_is_undone(self, inicis, outside, payment, content):
        outside.post(AUTH_URL).respond(200, content=content)
        assert (await inicis.confirm(payment, a_return(payment))).code == "answer_lost"

    async def test_an_approval_without_a_name_is_undone(self, inicis, outside, payment):
        approves(outside, an_approval(payment, tid=""))
        assert (await inicis.confirm(payment, a_return(payment))).code == "answer_lost"
        assert len(net_cancels(outside)) == 1

    async def test_a_forged_signature_is_undone(self, inicis, outside, payment):
        approves(outside, an_approval(payment) | {"authSignature": "0" * 64})
        answer = await inicis.confirm(payment, a_return(payment))
        assert (answer.code, answer.hint) == ("forged_approval", Hint.FINAL)
        assert len(net_cancels(outside)) == 1

    async def test_a_signature_of_another_amount_is_forged(self, inicis, outside, payment):
        approves(outside, an_approval(payment, TotPrice="100") | {"TotPrice": str(AMOUNT)})
        assert (await inicis.confirm(payment, a_return(payment))).code == "forged_approval"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"TotPrice": "100"}, "another_amount"),
            ({"MOID": "another-order"}, "another_order"),
            ({"mid": "othermall0"}, "another_merchant"),
        ],
    )
    async def test_an_approval_of_something_else_is_undone(self, inicis, outside, payment, changes, code):
        """Signed well, and yet not what this payment is: somebody changed the form, or brought another's token."""
        approves(outside, signed(an_approval(payment) | changes))
        answer = await inicis.confirm(payment, a_return(payment))
        assert (answer.code, answer.hint) == (code, Hint.KEY)
        assert len(net_cancels(outside)) == 1

    @pytest.mark.parametrize("lost", [httpx.ReadTimeout(""), httpx.ConnectError("")])
    async def test_without_its_answer_nothing_is_known(self, inicis, outside, payment, lost):
        approves(outside, httpx.ReadTimeout(""))
        outside.post(NET_CANCEL_URL).mock(side_effect=lost)
        assert isinstance(await inicis.confirm(payment, a_return(payment)), Unknown)

    async def test_refused_itself_nothing_is_known(self, inicis, outside, payment):
        approves(outside, httpx.ReadTimeout(""))
        outside.post(NET_CANCEL_URL).respond(json={"resultCode": "9999", "resultMsg": "거래 없음"})
        assert isinstance(await inicis.confirm(payment, a_return(payment)), Unknown)

    @pytest.mark.parametrize("lost", [httpx.ConnectError(""), httpx.ConnectTimeout("")])
    async def test_what_was_never_sent_is_not_undone(self, inicis, outside, payment, lost):
        approves(outside, lost)
        assert isinstance(await inicis.confirm(payment, a_return(payment)), Unknown)
        assert net_cancels(outside) == []
