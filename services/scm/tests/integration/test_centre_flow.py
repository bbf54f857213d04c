"""The centre that only answers: nothing is sent twice, nothing is forgotten, whatever answer is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from services.scm.tests.builders import (
    CJ,
    CJ_OTHER,
    NOW,
    a_contact,
    a_line,
    an_order_paid,
)
from services.scm.tests.polled import WAIT

from scm.domain.release import SlipStatus
from scm.domain.shipment import Status
from scm.flows.centre import CentreFlow
from scm.main import load_carriers

pytestmark = pytest.mark.integration


class TestRelease:
    async def test_hands_over_units_per_sku_with_the_address_under_our_id(self, polled):
        order = await polled.order(a_line("A", 2), a_line("B", 1), a_line("A", 3))
        shipment = await polled.scm.shipment(order.order_id)
        assert await polled.round() == [f"release {shipment.id}"]
        draft = polled.centre.drafts[str(shipment.id)]
        assert (draft.units, draft.ship_to.recipient, draft.ordered_on) == ((("A", 5), ("B", 1)), "김민지", NOW.date())
        assert [event.status for event in await polled.scm.updates()] == ["accepted"]
        assert await polled.round() == []

    async def test_waits_for_the_address(self, polled):
        order = an_order_paid(mall_id="livestore")
        await polled.scm.hear(order)
        assert await polled.round() == []
        await polled.scm.hear(a_contact(order.order_id))
        assert len(await polled.round()) == 1

    async def test_leaves_the_requests_of_other_centres_alone(self, polled):
        await polled.scm.paid(an_order_paid(mall_id="intake"))
        assert await polled.round() == []

    async def test_a_lost_answer_is_asked_for_and_nothing_is_sent_again(self, polled):
        order = await polled.order()
        polled.centre.lose = True
        number = str((await polled.scm.shipment(order.order_id)).id)
        assert await polled.round() == [f"release {number}"]
        assert await polled.round(WAIT / 2) == []
        assert await polled.round(WAIT) == [f"find {number}"]
        assert (await polled.release(order))["state"] == "released"
        assert (await polled.scm.shipment(order.order_id)).status is Status.ACCEPTED
        assert len(polled.centre.drafts) == 1

    async def test_what_never_arrived_is_sent_once_more_under_the_same_number(self, polled):
        order = await polled.order()
        number = str((await polled.scm.shipment(order.order_id)).id)
        polled.centre.deaf = True
        await polled.round()
        polled.centre.deaf = False
        assert await polled.round(WAIT) == [f"find {number}", f"release {number}"]
        assert (await polled.scm.shipment(order.order_id)).status is Status.ACCEPTED

    async def test_a_crash_between_writing_and_sending_is_found_and_sent(self, polled):
        order = await polled.order()

        async def dies(_draft):
            raise RuntimeError("killed")

        real, polled.centre.release = polled.centre.release, dies
        with pytest.raises(RuntimeError):
            await polled.flow.run()
        polled.centre.release = real
        assert await polled.round() == []
        assert len(await polled.round(WAIT)) == 2
        assert (await polled.release(order))["state"] == "released"

    async def test_known_already_is_no_refusal(self, polled):
        order = await polled.order()
        polled.centre.lose = True
        await polled.round()
        polled.centre.lose = False
        found, polled.centre.kept = polled.centre.kept, {}
        polled.scm.database.clock.advance(WAIT)
        # The centre lists it late: it is sent again, refused as a double, and found then.
        find = polled.centre.find

        async def late(order_no, day):
            answer = await find(order_no, day)
            polled.centre.kept = found
            return answer

        polled.centre.find = late
        await polled.flow.run()
        assert (await polled.release(order))["state"] == "released"

    async def test_a_refusal_is_believed_after_three_times_and_staff_may_try_again(self, polled, staff):
        order = await polled.order()
        polled.centre.refuse = "NOT_FOUND_GOODS"
        for _ in range(2):
            await polled.round(WAIT)
        assert (await polled.scm.shipment(order.order_id)).status is Status.REQUESTED
        await polled.round(WAIT)
        (said,) = await polled.scm.updates()
        assert (said.status, said.reason) == ("rejected", "the centre refused the release (NOT_FOUND_GOODS)")
        assert await polled.round(WAIT) == []
        polled.centre.refuse = None
        path = f"/v1/logistics/shipment-requests/{said.shipment_id}/reassign"
        assert (await polled.scm.http.post(path, json={"centre": "yongin"}, headers=staff)).status_code == 200
        assert await polled.round() == [f"release {said.shipment_id}-2"]

    async def test_a_centre_that_is_away_stops_the_round_and_nothing_else(self, polled):
        await polled.order()
        await polled.round()
        polled.centre.away = True
        await polled.order()
        await polled.round()
        polled.centre.away = False
        assert len(polled.centre.drafts) == 2

    async def test_a_centre_that_does_not_answer_is_not_told_everything_else_that_waits(self, polled):
        for _ in range(3):
            await polled.order()
        polled.centre.deaf = True
        assert len(await polled.round()) == 1, "cancels would wait behind every call that is not answered"
        polled.centre.deaf = False
        await polled.round(WAIT)
        assert len(polled.centre.drafts) == 3

    async def test_two_processes_at_once_send_each_request_once(self, polled):
        for _ in range(6):
            await polled.order()
        other = CentreFlow(polled.scm.database, polled.centre, load_carriers(), code="yongin", settle_after=WAIT)
        await asyncio.gather(polled.flow.run(), other.run())
        assert len(polled.centre.calls) == len(polled.centre.drafts) == 6

    async def test_what_the_centre_holds_is_not_rejected_or_moved_by_hand(self, polled, staff):
        order = await polled.order()
        await polled.round()
        path = f"/v1/logistics/shipment-requests/{(await polled.scm.shipment(order.order_id)).id}"
        for verb, body in (("reject", {"reason": "x"}), ("reassign", {"centre": "yongin"})):
            answer = await polled.scm.http.post(f"{path}/{verb}", json=body, headers=staff)
            assert (answer.status_code, answer.json()["code"]) == (409, "shipment.at_centre")


class TestWatch:
    async def test_fetches_the_waybill_once(self, polled):
        order = await polled.order()
        await polled.round()
        await polled.scm.said()
        polled.centre.becomes("S1", SlipStatus.WORKING)
        await polled.round()
        assert await polled.scm.said() == []
        polled.centre.becomes("S1", SlipStatus.DONE, CJ)
        await polled.round()
        await polled.round()
        (said,) = await polled.scm.updates()
        assert (said.status, said.carrier, said.waybill, said.order_shipped) == ("shipped", "cj", CJ, True)
        assert (await polled.release(order))["state"] == "shipped"

    async def test_a_day_later_too(self, polled):
        await polled.order()
        await polled.round()
        polled.centre.becomes("S1", SlipStatus.DONE, CJ)
        await polled.scm.said()
        await polled.round(timedelta(days=3))
        assert [event.status for event in await polled.scm.updates()] == ["shipped"]

    async def test_a_number_that_cannot_be_booked_is_for_staff_who_can(self, polled, staff):
        order = await polled.order()
        await polled.round()
        polled.centre.becomes("S1", SlipStatus.DONE, "680412345674")
        await polled.round(timedelta(minutes=1))
        assert "check digit" in (await polled.attention(order))
        assert (await polled.release(order))["state"] == "released"
        path = f"/v1/logistics/shipment-requests/{(await polled.scm.shipment(order.order_id)).id}/waybill"
        await polled.scm.http.post(path, json={"carrier": "cj", "waybill": CJ}, headers=staff)
        assert (await polled.scm.shipment(order.order_id)).status is Status.SHIPPED
        await polled.round(timedelta(hours=1))
        assert (await polled.release(order))["state"] == "shipped", "nobody is asked to book it again"
        assert await polled.attention(order) is None

    async def test_an_unknown_carrier_is_for_staff(self, polled):
        order = await polled.order()
        await polled.round()
        polled.centre.becomes("S1", SlipStatus.DONE, CJ, carrier="99")
        await polled.round(timedelta(minutes=1))
        assert "carrier.unknown" in (await polled.attention(order))

    async def test_a_part_is_for_staff_who_know_the_lines(self, polled, staff):
        order = await polled.order()
        await polled.round()
        polled.centre.becomes("S1", SlipStatus.PARTDONE, CJ)
        await polled.round(timedelta(minutes=1))
        assert "a part" in (await polled.attention(order))
        path = f"/v1/logistics/shipment-requests/{(await polled.scm.shipment(order.order_id)).id}/waybill"
        lines = [{"line_id": str(order.lines[0].line_id)}]
        await polled.scm.http.post(path, json={"carrier": "cj", "waybill": CJ, "lines": lines}, headers=staff)
        polled.centre.becomes("S1", SlipStatus.DONE, CJ_OTHER)
        await polled.round(timedelta(hours=1))
        assert (await polled.scm.shipment(order.order_id)).status is Status.SHIPPED
        assert await polled.attention(order) is None

    async def test_a_part_that_turned_out_to_be_all_is_done_with(self, polled, staff):
        order = await polled.order()
        await polled.round()
        polled.centre.becomes("S1", SlipStatus.PARTDONE, CJ)
        await polled.round(timedelta(minutes=1))
        path = f"/v1/logistics/shipment-requests/{(await polled.scm.shipment(order.order_id)).id}/waybill"
        await polled.scm.http.post(path, json={"carrier": "cj", "waybill": CJ}, headers=staff)
        await polled.round(timedelta(hours=1))
        assert (await polled.release(order))["state"] == "shipped"
        assert await polled.attention(order) is None

    async def test_a_release_the_centre_cancelled_itself_is_rejected(self, polled):
        await polled.order()
        await polled.round()
        await polled.scm.said()
        polled.centre.becomes("S1", SlipStatus.CANCEL)
        await polled.round()
        (said,) = await polled.scm.updates()
        assert (said.status, said.reason) == ("rejected", "the centre cancelled the release")

    async def test_a_shortage_is_rejected_once_the_centre_has_let_go(self, polled):
        await polled.order()
        await polled.round()
        await polled.scm.said()
        polled.centre.becomes("S1", SlipStatus.SHORTAGE)
        assert await polled.round() == ["shelves", "cancel S1"]
        (said,) = await polled.scm.updates()
        assert (said.status, said.reason) == ("rejected", "the centre has not enough goods")
