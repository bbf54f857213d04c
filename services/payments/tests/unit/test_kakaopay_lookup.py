"""What `order` shows, every spelling of a refusal, and the day's settlement list."""

from __future__ import annotations

from datetime import date, timedelta

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, NOW
from services.payments.tests.kakaopay import (
    ACCESS,
    API,
    DAY,
    SETTLED,
    TERMS,
    TID,
    WITH_LIST,
    cancel_row,
    kakao,
    order,
    sent,
)

from common.clock import FixedClock
from common.http_client import client
from payments.clients.gateway import ReceiptOrder, SettledRow
from payments.clients.kakaopay import KakaoPayGateway
from payments.clients.kakaopay.unproven import STANDINGS
from payments.commands.answers import Missing, Return, Standing, Unknown
from payments.domain.status import Status
from payments.errors import CallbackUnreadable, NotOffered


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


class TestGet:
    @pytest.mark.parametrize(("status", "standing"), STANDINGS.items())
    async def test_every_status(self, gateway, api, status, standing):
        payment = kakao()
        api.post("/payment/order").respond(json=order(payment, status))
        answer = await gateway.get(payment)
        assert answer.standing is standing
        assert (answer.failure_code == status) is (standing is Standing.FAILED)

    def test_no_status_of_the_facts_is_missing(self):
        assert set(STANDINGS) == {
            "READY", "SEND_TMS", "OPEN_PAYMENT", "SELECT_METHOD", "ARS_WAITING", "AUTH_PASSWORD", "ISSUED_SID",
            "SUCCESS_PAYMENT", "PART_CANCEL_PAYMENT", "CANCEL_PAYMENT", "FAIL_AUTH_PASSWORD", "QUIT_PAYMENT",
            "FAIL_PAYMENT",
        }  # fmt: skip

    async def test_asks_by_tid(self, gateway, api):
        route = api.post("/payment/order").respond(json=order(kakao()))
        await gateway.get(kakao())
        assert sent(route)[1] == {"cid": "TC0ONETIME", "tid": TID}

    async def test_without_a_tid_there_is_nothing_to_ask(self, gateway, api):
        route = api.post("/payment/order")
        assert await gateway.get(kakao(Status.CREATED, key=None, prepared_key=None)) == Missing()
        assert not route.called

    async def test_unknown_there(self, gateway, api):
        api.post("/payment/order").respond(400, json={"error_code": -721, "error_message": "no"})
        assert await gateway.get(kakao()) == Missing()

    @pytest.mark.parametrize(
        "answer",
        [httpx.Response(500), httpx.Response(401, json={"code": -401, "msg": "no"}), httpx.Response(200, json=[]),
         httpx.Response(200, json={"tid": TID}), httpx.Response(429, json={"code": -429, "msg": "no"})],
    )  # fmt: skip
    async def test_no_answer(self, gateway, api, answer):
        api.post("/payment/order").mock(return_value=answer)
        assert isinstance(await gateway.get(kakao()), Unknown)

    @pytest.mark.parametrize(
        "changes",
        [{"status": "SOMETHING_NEW"}, {"amount": {}}, {"amount": {"total": "15900"}}, {"amount": {"total": 1.5}},
         {"amount": {"total": True}}, {"amount": {"total": -1}}, {"partner_order_id": None}, {"tid": "a\x00b"},
         {"cancel_available_amount": {"total": 0.5}}, {"payment_action_details": ["x"]}],
    )  # fmt: skip
    async def test_what_is_not_kakaopays_is_unknown(self, gateway, api, changes):
        api.post("/payment/order").respond(json=order(kakao()) | changes)
        assert isinstance(await gateway.get(kakao()), Unknown)

    async def test_a_whole_amount_with_a_point_is_whole(self, gateway, api):
        payment = kakao()
        api.post("/payment/order").respond(json=order(payment, amount={"total": 15900.0}))
        assert (await gateway.get(payment)).amount == AMOUNT

    async def test_untouched_for_too_long_is_expired_and_money_never_is(self, gateway, api, clock):
        payment = kakao()
        clock.advance(timedelta(seconds=1800))
        for status, standing in (("AUTH_PASSWORD", Standing.EXPIRED), ("SUCCESS_PAYMENT", Standing.PAID)):
            api.post("/payment/order").respond(json=order(payment, status))
            assert (await gateway.get(payment)).standing is standing

    async def test_what_was_given_back(self, gateway, api):
        payment = kakao(Status.PARTLY_REFUNDED)
        rows = (cancel_row(), cancel_row(3_000, payload=None, aid="A3"), cancel_row(900, payload="by hand", aid="A4"))
        api.post("/payment/order").respond(json=order(payment, "PART_CANCEL_PAYMENT", *rows))
        answer = await gateway.get(payment)
        assert answer.balance == AMOUNT - 8_900
        assert answer.returns == (
            Return("A2", 5_000, "refund 1", done=True), Return("A3", 3_000, "", done=True),
            Return("A4", 900, "by hand", done=True),
        )  # fmt: skip

    async def test_amounts_left_out_are_read_from_our_payload_or_reckoned(self, gateway, api):
        """An answer of the live API captured by others has action rows without `amount`."""
        payment = kakao(Status.PARTLY_REFUNDED)
        rows = [cancel_row(), cancel_row(payload=None, aid="A3")]
        for row in rows:
            del row["amount"]
        api.post("/payment/order").respond(json=order(payment, "PART_CANCEL_PAYMENT", *rows, gone=7_000))
        assert [(given.amount, given.note) for given in (await gateway.get(payment)).returns] == [
            (5_000, "refund 1"), (2_000, "")
        ]  # fmt: skip

    async def test_rows_that_cannot_be_told_apart_still_count_in_the_balance(self, gateway, api):
        payment = kakao(Status.PARTLY_REFUNDED)
        rows = [cancel_row(payload=None, aid=aid) for aid in ("A2", "A3")]
        for row in rows:
            del row["amount"]
        api.post("/payment/order").respond(json=order(payment, "PART_CANCEL_PAYMENT", *rows, gone=7_000))
        answer = await gateway.get(payment)
        assert (answer.returns, answer.balance) == ((), AMOUNT - 7_000)

    async def test_the_balance_without_cancel_available_amount(self, gateway, api):
        payment = kakao()
        api.post("/payment/order").respond(
            json=order(payment, "PART_CANCEL_PAYMENT", cancel_row()) | {"cancel_available_amount": None}
        )
        assert (await gateway.get(payment)).balance == AMOUNT - 5_000


class TestErrorSpellings:
    @pytest.mark.parametrize(
        ("body", "code", "reason"),
        [
            ({"error_code": -780, "error_message": "approval failure!"}, "-780", "approval failure!"),
            ({"code": -780, "msg": "approval failure!"}, "-780", "approval failure!"),
            ({"code": "-780", "message": "approval failure!"}, "-780", "approval failure!"),
            ({"error_code": "SOME_WORD", "message": "m"}, "SOME_WORD", "m"),
            ({"code": -780}, "-780", ""),
            (
                {"error_code": -780, "error_message": "approval failure!",
                 "extras": {"method_result_code": "LIMIT", "method_result_message": "한도초과"}},
                "-780", "한도초과 (LIMIT)",
            ),
            ({"code": -780, "msg": "m", "extras": {"method_result_code": "LIMIT"}}, "-780", "m (LIMIT)"),
            ({"code": -780, "msg": "m", "extras": {"method_result_message": "why"}}, "-780", "why"),
            ({"code": -780, "msg": "m", "extras": "nothing"}, "-780", "m"),
            ({"code": -780, "msg": "x" * 500}, "-780", "x" * 300),
        ],
    )  # fmt: skip
    async def test_all_are_read(self, gateway, api, body, code, reason):
        api.post("/payment/ready").respond(400, json=body)
        answer = await gateway.prepare(kakao(Status.CREATED), TERMS)
        assert (answer.code, answer.reason) == (code, reason)

    @pytest.mark.parametrize("body", [{}, {"message": "no"}, {"error_code": None}, {"error_code": True}, [], "no"])
    async def test_none_without_a_code(self, gateway, api, body):
        api.post("/payment/ready").respond(400, json=body)
        assert isinstance(await gateway.prepare(kakao(Status.CREATED), TERMS), Unknown)


class TestWhatThereIsNot:
    def test_callbacks(self, gateway):
        with pytest.raises(CallbackUnreadable):
            gateway.parse_callback("", {}, b"{}", NOW)
        assert gateway.callback_answer(accepted=False)[0] == 403

    async def test_cash_receipts(self, gateway):
        with pytest.raises(NotOffered):
            await gateway.issue_cash_receipt(kakao(), ReceiptOrder("income_deduction", "01012345678", 1, 0, 0, "k"))
        with pytest.raises(NotOffered):
            await gateway.cancel_cash_receipt(kakao(), "key", 1, "k")

    def test_card_transfer_and_account(self, gateway):
        assert gateway.methods == {"easy_pay"}
        assert gateway.bank_code("88") is None
        assert (gateway.merchant, gateway.sources) == ("TC0ONETIME", ())


class TestSettlements:
    async def test_none_are_read_unless_set_up(self, gateway):
        with pytest.raises(NotOffered):
            await gateway.settlements(DAY)

    async def test_a_day(self, api):
        back = SETTLED | {"type": "CANCEL", "aid": "A2", "amount": -2_000, "fee": -66, "payout_amount": -1_934}
        route = api.get("/settlements").respond(json={"rows": [SETTLED, back]})
        async with client() as http:
            rows = await KakaoPayGateway(http, WITH_LIST).settlements(DAY)
        assert dict(route.calls.last.request.url.params) == {"cid": "TC0ONETIME", "date": "2026-11-22"}
        out = date(2026, 11, 24)
        assert rows == [
            SettledRow("payment", TID, "order-1", 10_000, 330, 9_670, pays_out_on=out),
            SettledRow("cancel", TID, "order-1", 2_000, -66, -1_934, reference="A2", pays_out_on=out),
        ]

    @pytest.mark.parametrize(
        "answer",
        [httpx.Response(500), httpx.Response(200, json={}), httpx.Response(200, json={"rows": [{}]}),
         httpx.Response(200, json={"rows": [SETTLED | {"fee": 0.5}]}),
         httpx.Response(401, json={"code": -401, "msg": "no"})],
    )  # fmt: skip
    async def test_no_list_is_unknown(self, api, answer):
        api.get("/settlements").mock(return_value=answer)
        async with client() as http:
            assert isinstance(await KakaoPayGateway(http, WITH_LIST).settlements(DAY), Unknown)
