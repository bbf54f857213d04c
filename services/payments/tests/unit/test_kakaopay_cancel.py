"""Money going back through KakaoPay: guarded, and found again when the answer got lost."""

from __future__ import annotations

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, NOW
from services.payments.tests.kakaopay import (
    ACCESS,
    API,
    CANCEL,
    TID,
    cancel_row,
    cancelled,
    kakao,
    order,
    sent,
)

from common.clock import FixedClock
from common.http_client import client
from payments.clients.gateway import Cancel
from payments.clients.kakaopay import KakaoPayGateway
from payments.commands.answers import Hint, Refused, Return, Standing, Unknown
from payments.domain.status import Status


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


class TestCancel:
    async def test_a_part_with_guard_and_payload(self, gateway, api):
        payment = kakao(Status.CONFIRMED, tax_free_amount=900)
        route = api.post("/payment/cancel").respond(json=cancelled(payment))
        cancel = Cancel("refund 1", amount=5_000, tax_free_amount=900, vat_amount=373, balance=AMOUNT)
        answer = await gateway.cancel(payment, cancel)
        assert sent(route)[1] == {
            "cid": "TC0ONETIME", "tid": TID, "cancel_amount": 5_000, "cancel_tax_free_amount": 900,
            "cancel_vat_amount": 373, "cancel_available_amount": AMOUNT, "payload": "refund 1 KRW5000",
        }  # fmt: skip
        assert (answer.standing, answer.balance) == (Standing.PARTLY_RETURNED, AMOUNT - 5_000)
        assert answer.returns == (Return("A2", 5_000, "refund 1", done=True),)

    async def test_the_rest(self, gateway, api):
        payment = kakao(Status.CONFIRMED)
        api.post("/payment/cancel").respond(json=cancelled(payment, AMOUNT, "CANCEL_PAYMENT", payload=None))
        answer = await gateway.cancel(payment, Cancel("refund 2", amount=AMOUNT, balance=AMOUNT))
        assert (answer.standing, answer.balance, answer.returns[0].note) == (Standing.RETURNED, 0, "refund 2")

    @pytest.mark.parametrize(("vat", "payments_vat"), [(None, 1_445), (454, 0)])
    async def test_vat_is_left_to_kakaopay_where_it_was_at_opening(self, gateway, api, vat, payments_vat):
        payment = kakao(Status.CONFIRMED, vat_amount=payments_vat)
        route = api.post("/payment/cancel").respond(json=cancelled(payment))
        await gateway.cancel(payment, Cancel("refund 1", amount=5_000, vat_amount=vat))
        _, body = sent(route)
        assert "cancel_vat_amount" not in body
        assert "cancel_available_amount" not in body

    @pytest.mark.parametrize("effect", [httpx.ReadTimeout("slow"), httpx.Response(500), httpx.Response(200, json={})])
    async def test_lost_after_the_effect_is_found_by_our_payload(self, gateway, api, effect):
        payment = kakao(Status.CONFIRMED)
        api.post("/payment/cancel").mock(side_effect=[effect])
        api.post("/payment/order").respond(json=order(payment, "PART_CANCEL_PAYMENT", cancel_row()))
        answer = await gateway.cancel(payment, CANCEL)
        assert answer.returns == (Return("A2", 5_000, "refund 1", done=True),)

    async def test_lost_before_the_effect_is_unknown_as_it_may_still_come(self, gateway, api):
        payment = kakao(Status.CONFIRMED)
        api.post("/payment/cancel").mock(side_effect=httpx.ReadTimeout("slow"))
        api.post("/payment/order").respond(json=order(payment))
        assert isinstance(await gateway.cancel(payment, CANCEL), Unknown)

    async def test_lost_and_not_looked_up(self, gateway, api):
        api.post("/payment/cancel").mock(side_effect=httpx.ReadTimeout("slow"))
        api.post("/payment/order").respond(500)
        assert isinstance(await gateway.cancel(kakao(Status.CONFIRMED), CANCEL), Unknown)

    @pytest.mark.parametrize("with_amounts", [True, False])
    async def test_lost_where_no_payloads_are_shown_is_found_by_amounts(self, gateway, api, with_amounts):
        payment = kakao(Status.CONFIRMED)
        row = cancel_row(payload=None)
        if not with_amounts:
            del row["amount"]
        shown = order(payment, "PART_CANCEL_PAYMENT", row, gone=5_000)
        del shown["payment_action_details"][0]["payload"]
        api.post("/payment/cancel").mock(side_effect=httpx.ReadTimeout("slow"))
        api.post("/payment/order").respond(json=shown)
        answer = await gateway.cancel(payment, CANCEL)
        assert answer.returns == (Return("A2", 5_000, "refund 1", done=True),)

    @pytest.mark.parametrize(
        ("row", "gone", "payload_of_approval"),
        [
            (cancel_row(payload=None), 5_000, "shown"),  # payloads are shown, so one without is somebody else's
            (cancel_row(payload="by hand"), 5_000, None),
            (cancel_row(4_000, payload=None), 4_000, None),
            (cancel_row(payload=None), 6_000, None),
        ],
    )
    async def test_lost_and_somebody_elses_is_not_taken_for_ours(self, gateway, api, row, gone, payload_of_approval):
        payment = kakao(Status.CONFIRMED)
        shown = order(payment, "PART_CANCEL_PAYMENT", row, gone=gone)
        shown["payment_action_details"][0]["payload"] = payload_of_approval
        api.post("/payment/cancel").mock(side_effect=httpx.ReadTimeout("slow"))
        api.post("/payment/order").respond(json=shown)
        assert isinstance(await gateway.cancel(payment, CANCEL), Unknown)

    @pytest.mark.parametrize("code", [-722, -710, -784, -785, -781, -99999])
    async def test_refused_because_an_earlier_sending_arrived(self, gateway, api, code):
        payment = kakao(Status.CONFIRMED)
        api.post("/payment/cancel").respond(400, json={"error_code": code, "error_message": "no"})
        api.post("/payment/order").respond(json=order(payment, "PART_CANCEL_PAYMENT", cancel_row()))
        answer = await gateway.cancel(payment, CANCEL)
        assert answer.returns[0].note == "refund 1"

    async def test_refused_where_the_balance_is_not_ours(self, gateway, api):
        payment = kakao(Status.CONFIRMED)
        api.post("/payment/cancel").respond(400, json={"error_code": -722, "error_message": "no"})
        by_hand = cancel_row(2_000, payload="by hand")
        api.post("/payment/order").respond(json=order(payment, "PART_CANCEL_PAYMENT", by_hand))
        assert await gateway.cancel(payment, CANCEL) == Refused("-722", "no", Hint.ASK)

    @pytest.mark.parametrize(
        ("code", "hint"), [(-722, Hint.FINAL), (-781, Hint.FINAL), (-99999, Hint.FINAL), (-785, Hint.ASK)]
    )
    async def test_refused_with_everything_in_place(self, gateway, api, code, hint):
        payment = kakao(Status.CONFIRMED)
        api.post("/payment/cancel").respond(400, json={"error_code": code, "error_message": "no"})
        api.post("/payment/order").respond(json=order(payment))
        assert await gateway.cancel(payment, CANCEL) == Refused(str(code), "no", hint)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (401, {"error_code": -401}), (403, {"error_code": -403}), (400, {"error_code": -731}),
            (429, {"error_code": -429}), (429, {"code": "whatever"}),
            (400, {"error_code": -781, "extras": {"method_result_code": "USER_LOCKED"}}),
        ],
    )  # fmt: skip
    async def test_money_that_is_owed_is_sent_later(self, gateway, api, status, body):
        api.post("/payment/cancel").respond(status, json=body)
        assert (await gateway.cancel(kakao(Status.CONFIRMED), CANCEL)).hint is Hint.LATER

    async def test_refused_and_not_looked_up_is_unknown(self, gateway, api):
        api.post("/payment/cancel").respond(400, json={"error_code": -722, "error_message": "no"})
        api.post("/payment/order").respond(400, json={"error_code": -401, "error_message": "no"})
        assert isinstance(await gateway.cancel(kakao(Status.CONFIRMED), CANCEL), Unknown)

    async def test_there_is_nothing_to_call_off(self, gateway, api):
        assert isinstance(await gateway.cancel(kakao(), Cancel("close")), Refused)
