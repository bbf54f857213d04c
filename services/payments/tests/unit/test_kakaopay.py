"""From opening to money taken, against what korea.md 1.2 says goes over KakaoPay's wire."""

from __future__ import annotations

import json

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, NOW
from services.payments.tests.kakaopay import (
    ACCESS,
    API,
    BACK,
    GRANT,
    OPENED,
    TERMS,
    TID,
    approval,
    kakao,
    order,
    parts,
    sent,
)

from common.clock import FixedClock
from common.http_client import client
from payments.clients.gateway import Agreed, Terms
from payments.clients.kakaopay import KakaoPayAccess, KakaoPayGateway
from payments.commands.answers import Hint, Redirect, Refused, Seen, Standing, Unknown
from payments.domain.status import Status
from payments.errors import ReturnUnreadable


@pytest.fixture
def clock():
    return FixedClock(NOW)


@pytest.fixture
async def gateway(clock):
    async with client() as http:
        yield KakaoPayGateway(http, ACCESS, clock)


@pytest.fixture
def api():
    with respx.mock(base_url=API, assert_all_called=False) as mocked:
        yield mocked


class TestPrepare:
    async def test_opens_with_our_names_and_keeps_the_tid(self, gateway, api):
        payment = kakao(Status.CREATED, key=None, prepared_key=None, tax_free_amount=900)
        route = api.post("/payment/ready").respond(json=OPENED)
        assert await gateway.prepare(payment, TERMS) == Redirect("https://online-pay.example/info", key=TID)
        headers, body = sent(route)
        assert headers["authorization"] == "SECRET_KEY dev-key"
        assert headers["content-type"] == "application/json"
        assert body == {
            "cid": "TC0ONETIME", "partner_order_id": str(payment.id), "partner_user_id": str(payment.order_id),
            "item_name": payment.order_name, "quantity": 1, "total_amount": AMOUNT, "tax_free_amount": 900,
            "vat_amount": 1_445, "approval_url": BACK, "cancel_url": f"{BACK}/fail?code=QUIT_PAYMENT",
            "fail_url": f"{BACK}/fail?code=FAIL_PAYMENT",
        }  # fmt: skip
        assert "김서연" not in json.dumps(body, ensure_ascii=False)

    async def test_a_phone_is_sent_to_the_mobile_page(self, gateway, api):
        api.post("/payment/ready").respond(json=OPENED)
        terms = Terms("김서연", None, BACK, f"{BACK}/fail", "w", "n", device="mobile")
        answer = await gateway.prepare(kakao(Status.CREATED), terms)
        assert answer.url == "https://online-pay.example/mInfo"

    async def test_scheme_and_secret_of_the_merchant_code_are_settings(self, api):
        route = api.post("/payment/ready").respond(json=OPENED)
        async with client() as http:
            access = KakaoPayAccess("https://pay.example", "k", "CMALL", scheme="DEV_SECRET_KEY", cid_secret="s" * 24)
            await KakaoPayGateway(http, access).prepare(kakao(Status.CREATED), TERMS)
        headers, body = sent(route)
        assert headers["authorization"] == "DEV_SECRET_KEY k"
        assert (body["cid"], body["cid_secret"]) == ("CMALL", "s" * 24)

    async def test_a_long_name_is_cut_and_no_vat_of_ours_leaves_it_to_kakaopay(self, gateway, api):
        route = api.post("/payment/ready").respond(json=OPENED)
        await gateway.prepare(kakao(Status.CREATED, order_name="가" * 150, vat_amount=0), TERMS)
        _, body = sent(route)
        assert len(body["item_name"]) == 100
        assert "vat_amount" not in body

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"tid": TID},
            OPENED | {"tid": ""},
            OPENED | {"tid": 5},
            OPENED | {"next_redirect_pc_url": "javascript:1"},
        ],
    )
    async def test_an_opening_without_tid_or_address_is_none(self, gateway, api, answer):
        api.post("/payment/ready").respond(json=answer)
        assert isinstance(await gateway.prepare(kakao(Status.CREATED), TERMS), Unknown)

    async def test_a_refusal_is_told(self, gateway, api):
        api.post("/payment/ready").respond(400, json={"error_code": -725, "error_message": "invalid total"})
        assert await gateway.prepare(kakao(Status.CREATED), TERMS) == Refused("-725", "invalid total")

    async def test_no_page_of_ours_is_needed(self, gateway):
        assert gateway.window(kakao(), TERMS) is None


class TestReturn:
    def test_brings_a_token_for_the_tid_we_opened(self, gateway):
        back = gateway.read_return(kakao(), {"pg_token": "f00d", "tid": "T-of-somebody-else", "mall": "x"})
        assert back == Agreed(TID, grant={"pg_token": "f00d"})
        assert "f00d" not in repr(back)

    @pytest.mark.parametrize("code", ["QUIT_PAYMENT", "FAIL_PAYMENT", "ANYTHING"])
    def test_or_says_no(self, gateway, code):
        assert gateway.read_return(kakao(), {"code": code}).code == code

    @pytest.mark.parametrize(
        "fields", [{}, {"pg_token": ""}, {"pg_token": "x" * 201}, {"pg_token": "a b"}, {"code": "<b>"}]
    )
    def test_or_is_not_kakaopays(self, gateway, fields):
        with pytest.raises(ReturnUnreadable):
            gateway.read_return(kakao(), fields)

    def test_of_a_payment_never_opened(self, gateway):
        with pytest.raises(ReturnUnreadable):
            gateway.read_return(kakao(Status.CREATED, key=None, prepared_key=None), {"pg_token": "f00d"})


class TestConfirm:
    async def test_approves_with_the_names_of_ready(self, gateway, api):
        payment = kakao(Status.CONFIRMING)
        route = api.post("/payment/approve").respond(json=approval(payment))
        answer = await gateway.confirm(payment, GRANT)
        assert answer == Seen(payment.order_ref, TID, "TC0ONETIME", "KRW", AMOUNT, AMOUNT, Standing.PAID)
        assert sent(route)[1] == {
            "cid": "TC0ONETIME", "tid": TID, "partner_order_id": payment.order_ref,
            "partner_user_id": str(payment.order_id), "pg_token": "f00d", "total_amount": AMOUNT,
            "payload": payment.order_ref,
        }  # fmt: skip

    async def test_another_amount_or_order_is_shown_as_it_is(self, gateway, api):
        """The domain compares them; nothing is made to fit."""
        payment = kakao(Status.CONFIRMING)
        api.post("/payment/approve").respond(json=approval(payment, amount=parts(1_000), partner_order_id="other"))
        answer = await gateway.confirm(payment, GRANT)
        assert (answer.amount, answer.order_ref) == (1_000, "other")

    @pytest.mark.parametrize(
        "effect",
        [httpx.ReadTimeout("slow"), httpx.ConnectError("gone"), httpx.RemoteProtocolError("cut"), httpx.Response(500),
         httpx.Response(503, json={"error_code": -503}), httpx.Response(200, text="<html>"), httpx.Response(302),
         httpx.Response(200, json={}), httpx.Response(200, json=[]), httpx.Response(400, text="no")],
    )  # fmt: skip
    async def test_no_answer_is_unknown_and_nothing_is_guessed(self, gateway, api, effect):
        side = {"side_effect": effect} if isinstance(effect, Exception) else {"return_value": effect}
        api.post("/payment/approve").mock(**side)
        looked = api.post("/payment/order")
        assert isinstance(await gateway.confirm(kakao(Status.CONFIRMING), GRANT), Unknown)
        assert not looked.called

    @pytest.mark.parametrize("code", [-702, -785, -780, -708, -99999])
    async def test_refused_and_yet_paid_shows_it_paid(self, gateway, api, code):
        payment = kakao(Status.UNKNOWN)
        api.post("/payment/approve").respond(400, json={"error_code": code, "error_message": "no"})
        api.post("/payment/order").respond(json=order(payment))
        answer = await gateway.confirm(payment, GRANT)
        assert (answer.standing, answer.amount, answer.key) == (Standing.PAID, AMOUNT, TID)

    @pytest.mark.parametrize("code", [-701, -704, -706, -707, -708, -783, -2, -99999])
    @pytest.mark.parametrize("status", ["READY", "OPEN_PAYMENT", "AUTH_PASSWORD"])
    async def test_a_token_not_taken_leaves_the_payment_open(self, gateway, api, code, status):
        payment = kakao(Status.CONFIRMING)
        api.post("/payment/approve").respond(400, json={"error_code": code, "error_message": "no"})
        api.post("/payment/order").respond(json=order(payment, status))
        assert await gateway.confirm(payment, GRANT) == Refused(str(code), "no", Hint.KEY)

    @pytest.mark.parametrize(
        ("code", "method"),
        [(-702, None), (-785, None), (-780, "USER_LOCKED"), (-780, "BANK_FIRM_UNKNOWN"), (-780, "LIMIT"), (-429, None)],
    )
    async def test_what_may_still_go_on_is_unknown(self, gateway, api, code, method):
        payment = kakao(Status.CONFIRMING)
        body = {"error_code": code, "error_message": "no"} | (
            {"extras": {"method_result_code": method}} if method else {}
        )
        api.post("/payment/approve").respond(400, json=body)
        api.post("/payment/order").respond(json=order(payment, "AUTH_PASSWORD"))
        assert isinstance(await gateway.confirm(payment, GRANT), Unknown)

    async def test_a_decline_says_why(self, gateway, api):
        payment = kakao(Status.CONFIRMING)
        extras = {"method_result_code": "EXCEED_LIMIT", "method_result_message": "한도초과"}
        api.post("/payment/approve").respond(
            400, json={"error_code": -780, "error_message": "approval failure!", "extras": extras}
        )
        api.post("/payment/order").respond(json=order(payment, "FAIL_PAYMENT"))
        assert await gateway.confirm(payment, GRANT) == Refused("-780", "한도초과 (EXCEED_LIMIT)", Hint.FINAL)

    async def test_after_the_customer_quit(self, gateway, api):
        payment = kakao(Status.CONFIRMING)
        api.post("/payment/approve").respond(400, json={"error_code": -783, "error_message": "no"})
        api.post("/payment/order").respond(json=order(payment, "QUIT_PAYMENT"))
        answer = await gateway.confirm(payment, GRANT)
        assert (answer.standing, answer.failure_code) == (Standing.FAILED, "QUIT_PAYMENT")

    async def test_after_the_session_it_is_over(self, gateway, api):
        payment = kakao(Status.CONFIRMING)
        api.post("/payment/approve").respond(400, json={"error_code": -723, "error_message": "late"})
        api.post("/payment/order").respond(json=order(payment, "AUTH_PASSWORD"))
        assert await gateway.confirm(payment, GRANT) == Refused("-723", "late", Hint.FINAL)

    async def test_a_tid_nobody_knows(self, gateway, api):
        for verb in ("approve", "order"):
            api.post(f"/payment/{verb}").respond(400, json={"error_code": -721, "error_message": "no tid"})
        assert await gateway.confirm(kakao(Status.CONFIRMING), GRANT) == Refused("-721", "no tid", Hint.KEY)

    async def test_refused_and_not_looked_up_is_unknown(self, gateway, api):
        api.post("/payment/approve").respond(400, json={"error_code": -780, "error_message": "no"})
        api.post("/payment/order").respond(500)
        assert isinstance(await gateway.confirm(kakao(Status.CONFIRMING), GRANT), Unknown)

    @pytest.mark.parametrize(("status", "code"), [(401, -401), (400, -400), (403, -403), (400, -731), (400, -733)])
    async def test_our_own_key_is_not_taken(self, gateway, api, status, code):
        api.post("/payment/approve").respond(status, json={"error_code": code, "error_message": "no"})
        answer = await gateway.confirm(kakao(Status.CONFIRMING), GRANT)
        assert answer == Refused(str(code), "no", Hint.UNREAD)

    async def test_a_refusal_under_200_is_a_refusal(self, gateway, api):
        payment = kakao(Status.CONFIRMING)
        api.post("/payment/approve").respond(json={"code": -708, "msg": "no"})
        api.post("/payment/order").respond(json=order(payment, "AUTH_PASSWORD"))
        assert (await gateway.confirm(payment, GRANT)).hint is Hint.KEY
