"""Cancels of what a centre that only answers has been asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import (
    CJ,
    a_cancel_request,
    a_cancelled_order,
    a_line,
)
from services.scm.tests.polled import WAIT

from scm.domain.release import SlipStatus
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration


class TestCancel:
    async def test_before_the_release_nobody_needs_to_be_asked(self, polled):
        order = await polled.order()
        await polled.scm.hear(a_cancel_request(order))
        assert [decision.accepted for decision in await polled.scm.decisions()] == [True]
        assert await polled.round() == []

    async def test_after_it_the_centre_is_asked_and_then_answers(self, polled):
        order = await polled.order()
        await polled.round()
        await polled.scm.said()
        await polled.scm.hear(a_cancel_request(order))
        assert await polled.scm.said() == []
        assert await polled.round() == ["cancel S1"]
        decided, updated = await polled.scm.said()
        assert (decided.accepted, updated.status) == (True, "cancelled")
        assert await polled.round(WAIT) == []

    @pytest.mark.parametrize("status", [SlipStatus.WORKING, SlipStatus.PARTDONE])
    async def test_a_centre_at_work_refuses_and_goes_on(self, polled, status):
        order = await polled.order()
        await polled.round()
        await polled.scm.said()
        polled.centre.becomes("S1", status)
        await polled.scm.hear(a_cancel_request(order))
        await polled.round()
        (decision,) = await polled.scm.decisions()
        assert (decision.accepted, decision.reason) == (False, "centre_refused")
        polled.centre.becomes("S1", SlipStatus.DONE, CJ)
        await polled.round(timedelta(minutes=1))
        assert (await polled.scm.shipment(order.order_id)).status is Status.SHIPPED

    async def test_a_lost_answer_to_the_cancel_is_read_from_the_slip(self, polled):
        order = await polled.order()
        await polled.round()
        await polled.scm.said()
        await polled.scm.hear(a_cancel_request(order))
        polled.centre.away = True
        await polled.round()
        assert await polled.scm.said() == []
        polled.centre.away = False
        await polled.round(WAIT)
        assert [decision.accepted for decision in await polled.scm.decisions()] == [True]

    async def test_a_line_cancel_stops_the_release_and_sends_the_rest_anew(self, polled):
        order = await polled.order(a_line("A", 2), a_line("B", 1))
        shipment = await polled.scm.shipment(order.order_id)
        await polled.round()
        await polled.scm.said()
        await polled.scm.hear(a_cancel_request(order, (order.lines[0], 1)))
        assert await polled.round() == ["cancel S1", f"release {shipment.id}-2"]
        assert polled.centre.drafts[f"{shipment.id}-2"].units == (("A", 1), ("B", 1))
        decided, accepted = await polled.scm.said()
        assert (decided.accepted, accepted.status) == (True, "accepted")

    async def test_of_an_unheard_release_waits_until_its_fate_is_known(self, polled):
        order = await polled.order()
        polled.centre.lose = True
        await polled.round()
        await polled.scm.hear(a_cancel_request(order))
        await polled.round(WAIT / 2)
        assert await polled.scm.decisions() == []
        calls = await polled.round(WAIT)
        assert calls[-1] == "cancel S1"
        assert [decision.accepted for decision in await polled.scm.decisions()] == [True]

    async def test_of_a_release_that_never_arrived_is_accepted_and_nothing_is_sent(self, polled):
        order = await polled.order()
        polled.centre.deaf = True
        await polled.round()
        await polled.scm.hear(a_cancel_request(order))
        polled.centre.deaf = False
        number = str((await polled.scm.shipment(order.order_id)).id)
        assert await polled.round(WAIT) == [f"find {number}"]
        decided, updated = await polled.scm.said()
        assert (decided.accepted, updated.status) == (True, "cancelled")
        assert polled.centre.drafts == {}

    async def test_a_waybill_that_comes_first_refuses_it(self, polled, staff):
        order = await polled.order()
        await polled.round()
        await polled.scm.hear(a_cancel_request(order))
        await polled.scm.said()
        path = f"/v1/logistics/shipment-requests/{(await polled.scm.shipment(order.order_id)).id}/waybill"
        await polled.scm.http.post(path, json={"carrier": "cj", "waybill": CJ}, headers=staff)
        (decision,) = await polled.scm.decisions()
        assert (decision.accepted, decision.reason) == (False, "already_shipped")

    async def test_a_cancelled_order_is_stopped_at_the_centre_and_nobody_is_answered(self, polled):
        order = await polled.order()
        await polled.round()
        await polled.scm.said()
        await polled.scm.hear(a_cancelled_order(order))
        await polled.round()
        (said,) = await polled.scm.said()
        assert said.status == "cancelled"

    async def test_a_cancel_that_becomes_final_while_it_waits_is_not_answered(self, polled):
        order = await polled.order()
        await polled.round()
        await polled.scm.said()
        asked = a_cancel_request(order)
        await polled.scm.hear(asked, a_cancelled_order(order, cancel_id=asked.cancel_id))
        await polled.round()
        (said,) = await polled.scm.said()
        assert said.status == "cancelled"

    async def test_a_cancelled_order_that_the_centre_ships_all_the_same_gets_attention(self, polled):
        order = await polled.order()
        await polled.round()
        polled.centre.becomes("S1", SlipStatus.WORKING)
        await polled.scm.hear(a_cancelled_order(order))
        await polled.round()
        assert "centre_refused" in (await polled.attention(order))
        polled.centre.becomes("S1", SlipStatus.DONE, CJ)
        await polled.round(timedelta(minutes=1))
        assert (await polled.scm.shipment(order.order_id)).status is Status.SHIPPED
