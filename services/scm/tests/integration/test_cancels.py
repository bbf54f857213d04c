"""Cancels at a centre that works through our API: who is quicker, and every fact twice."""

from __future__ import annotations

import asyncio

import pytest
from services.scm.tests.builders import CJ, a_cancel_request, a_cancelled_order, an_order_paid
from sqlalchemy import text

from contracts.shipments import ShipmentCancelDecided, ShipmentUpdated
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration


class TestRequested:
    async def test_an_unshipped_order_is_stopped_and_both_are_told_the_answer_first(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        asked = a_cancel_request(order)
        await scm.hear(asked)
        decided, updated = await scm.said()
        assert isinstance(decided, ShipmentCancelDecided)
        assert (decided.order_id, decided.cancel_id, decided.accepted, decided.reason) == (
            order.order_id, asked.cancel_id, True, None,
        )  # fmt: skip
        assert isinstance(updated, ShipmentUpdated)
        assert (updated.shipment_id, updated.status, updated.order_shipped) == (request_id, "cancelled", False)
        assert (await scm.centre("GET", status="open")).json()["items"] == []

    async def test_the_same_question_in_a_new_message_is_not_answered_twice(self, scm):
        order = an_order_paid()
        await scm.paid(order)
        asked = a_cancel_request(order, (order.lines[0], 1))
        await scm.hear(asked, asked)
        assert [decision.accepted for decision in await scm.decisions()] == [True]
        assert [line.left for line in (await scm.shipment(order.order_id)).lines] == [1, 1]

    async def test_goods_on_the_road_are_not_stopped(self, scm):
        order = an_order_paid()
        await scm.waybill(await scm.paid(order))
        await scm.said()
        await scm.hear(a_cancel_request(order))
        (decision,) = await scm.decisions()
        assert (decision.accepted, decision.reason) == (False, "already_shipped")
        assert (await scm.shipment(order.order_id)).status is Status.SHIPPED

    async def test_a_centre_that_has_begun_is_not_stopped(self, scm):
        order = an_order_paid()
        await scm.accept(await scm.paid(order))
        await scm.said()
        await scm.hear(a_cancel_request(order))
        (decision,) = await scm.decisions()
        assert (decision.accepted, decision.reason) == (False, "centre_accepted")

    @pytest.mark.parametrize("reason", ["deposit_reversed", "stock_unavailable"])
    async def test_unless_the_money_is_gone_or_the_units_are_owed_to_others(self, scm, reason):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.accept(request_id)
        await scm.said()
        await scm.hear(a_cancel_request(order, reason=reason))
        (decision,) = await scm.decisions()
        assert decision.accepted
        refused = await scm.waybill(request_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "shipment.cancelled")

    async def test_a_line_is_taken_off_and_the_rest_ships_the_order(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.hear(a_cancel_request(order, (order.lines[0], 2)))
        (decided,) = await scm.said()
        assert decided.accepted
        await scm.waybill(request_id)
        (said,) = await scm.updates()
        assert ([line.sku for line in said.lines], said.order_shipped) == ([order.lines[1].sku], True)

    async def test_the_rest_of_a_partly_shipped_order_is_cancelled_and_the_order_has_left(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.waybill(request_id, CJ, lines=[{"line_id": str(order.lines[0].line_id)}])
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "shortage"})
        await scm.said()
        await scm.hear(a_cancel_request(order, (order.lines[1], 1)))
        decided, updated = await scm.said()
        assert decided.accepted
        assert (updated.status, updated.order_shipped, updated.order_delivered) == ("cancelled", True, False)
        items = (await scm.customer(order.order_id)).json()["items"]
        assert [item["status"] for item in items] == ["shipped"]

    async def test_before_its_order_was_heard_of_is_accepted_and_kept(self, scm):
        order = an_order_paid()
        await scm.hear(a_cancel_request(order, (order.lines[0], 1)))
        (decision,) = await scm.decisions()
        assert decision.accepted
        await scm.hear(order)
        assert [line.left for line in (await scm.shipment(order.order_id)).lines] == [1, 1]

    async def test_whole_before_its_order_was_heard_of_never_reaches_a_centre(self, scm):
        order = an_order_paid()
        await scm.hear(a_cancel_request(order))
        await scm.said()
        await scm.paid(order)
        assert (await scm.shipment(order.order_id)).status is Status.CANCELLED
        assert (await scm.centre("GET", status="open")).json()["items"] == []

    @pytest.mark.parametrize("round_", range(3))
    async def test_against_a_waybill_one_of_them_wins_and_all_agree(self, scm, round_):
        orders = [an_order_paid() for _ in range(6)]
        requests = [await scm.paid(order) for order in orders]
        answers = await asyncio.gather(
            *(scm.waybill(request_id) for request_id in requests),
            *(scm.hear(a_cancel_request(order)) for order in orders),
        )
        said = await scm.said()
        accepted = {event.order_id for event in said if isinstance(event, ShipmentCancelDecided) and event.accepted}
        for order, answer in zip(orders, answers, strict=False):
            shipment = await scm.shipment(order.order_id)
            stopped = order.order_id in accepted
            assert shipment.status is (Status.CANCELLED if stopped else Status.SHIPPED)
            assert answer.status_code == (409 if stopped else 200)


class TestCancelled:
    async def test_stops_what_is_open_whatever_the_centre_said(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.accept(request_id)
        await scm.said()
        await scm.hear(a_cancelled_order(order))
        (updated,) = await scm.said()
        assert (updated.status, updated.reason) == ("cancelled", "stock_unavailable")
        assert (await scm.waybill(request_id)).json()["code"] == "shipment.cancelled"

    async def test_after_our_own_yes_takes_nothing_off_twice(self, scm):
        order = an_order_paid()
        await scm.paid(order)
        asked = a_cancel_request(order, (order.lines[0], 1))
        await scm.hear(asked)
        await scm.said()
        follows = a_cancelled_order(order, (order.lines[0], 1), cancel_id=asked.cancel_id)
        await scm.hear(follows, follows)
        assert await scm.said() == []
        assert [line.left for line in (await scm.shipment(order.order_id)).lines] == [1, 1]

    async def test_comes_before_the_payment_and_holds(self, scm):
        order = an_order_paid()
        await scm.hear(a_cancelled_order(order))
        await scm.paid(order)
        assert (await scm.shipment(order.order_id)).status is Status.CANCELLED

    async def test_of_an_unpaid_order_is_none_of_our_business(self, scm):
        order = an_order_paid()
        await scm.hear(a_cancelled_order(order, was_paid=False))
        async with scm.database.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM cancels")) == 0

    async def test_of_goods_on_the_road_asks_for_somebodys_attention(self, scm, staff):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.waybill(request_id, CJ, lines=[{"line_id": str(order.lines[0].line_id)}])
        await scm.said()
        await scm.hear(a_cancelled_order(order))
        (updated,) = await scm.said()
        assert (updated.status, [line.sku for line in updated.lines]) == ("cancelled", [order.lines[1].sku])
        found = await scm.http.get("/v1/logistics/shipment-requests", params={"attention": True}, headers=staff)
        (item,) = found.json()["items"]
        assert (item["id"], item["status"]) == (str(request_id), "shipped")
        assert "goods left" in item["attention"]

    async def test_after_our_no_stops_what_it_still_can(self, scm):
        order = an_order_paid()
        await scm.accept(await scm.paid(order))
        asked = a_cancel_request(order)
        await scm.hear(asked)
        await scm.said()
        await scm.hear(a_cancelled_order(order, cancel_id=asked.cancel_id))
        assert (await scm.shipment(order.order_id)).status is Status.CANCELLED
        assert [event.status for event in await scm.updates()] == ["cancelled"]
