"""Replacements of an exchange that are given up: what the centre can still keep, and who is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from services.scm.tests.builders import (
    CJ,
    CJ_OTHER,
    a_cancel_request,
    a_cancelled_order,
    a_claim_completed,
    a_contact,
    a_line,
    a_product,
    a_stop_request,
    an_exchange,
    an_order_paid,
)
from services.scm.tests.polled import WAIT, Polled
from services.scm.tests.shop import REQUESTS, SCM

from common import ids
from contracts.orders import OrderPaid
from contracts.shipments import ReplacementStopDecided, ShipmentUpdated
from scm.domain.release import SlipStatus
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration

SKU = "A-RED"


async def exchanged(scm: SCM, mall_id: str = "intake", sku: str = SKU) -> tuple[OrderPaid, UUID, UUID]:
    """Two units of A and one of B left and came back: the order, the claim, and the replacements' request."""
    order = an_order_paid(lines=(a_line("A", 2), a_line("B", 1)), mall_id=mall_id)
    claim_id = ids.new_id()
    await scm.hear(order, a_contact(order.order_id))
    await scm.waybill((await scm.shipment(order.order_id)).id)
    await scm.hear(an_exchange(order, claim_id, sku))
    await scm.said()
    return order, claim_id, (await scm.exchange(order.order_id, claim_id)).id


async def decisions(scm: SCM) -> list[ReplacementStopDecided]:
    return [event for event in await scm.said() if isinstance(event, ReplacementStopDecided)]


async def noticed(scm: SCM, staff) -> list[str]:
    found = await scm.http.get(REQUESTS, params={"attention": True}, headers=staff)
    return [item["id"] for item in found.json()["items"]]


class TestPulling:
    async def test_what_waits_stays_here_and_the_answer_comes_first_and_once(self, scm: SCM):
        order, claim_id, request_id = await exchanged(scm)
        asked = a_stop_request(order, claim_id)
        await scm.hear(asked, asked)
        decided, updated = await scm.said()
        assert isinstance(decided, ReplacementStopDecided)
        assert (decided.order_id, decided.claim_id, decided.stop_id, decided.accepted, decided.reason) == (
            order.order_id, claim_id, asked.stop_id, True, None,
        )  # fmt: skip
        assert [(line.line_id, line.sku, line.quantity) for line in decided.lines] == [
            (order.lines[0].line_id, SKU, 2), (order.lines[1].line_id, SKU, 1),
        ]  # fmt: skip
        assert decided.short == ()
        assert isinstance(updated, ShipmentUpdated)
        assert (updated.shipment_id, updated.claim_id, updated.status, updated.reason) == (
            request_id, claim_id, "cancelled", "replacement_given_up",
        )  # fmt: skip
        assert (await scm.waybill(request_id, CJ_OTHER)).json()["code"] == "shipment.cancelled"
        assert (await scm.shipment(order.order_id)).status is Status.SHIPPED

    async def test_what_was_rejected_is_stopped_with_what_is_missing_and_staff_has_it_off_the_list(self, scm, staff):
        await scm.hear(a_product("BOX", ("CUP", 2)), a_product("CUP"))
        order, claim_id, request_id = await exchanged(scm, sku="BOX")
        short = [{"sku": "CUP", "quantity": 3}]
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "재고 부족", "short": short})
        assert await noticed(scm, staff) == [str(request_id)]
        await scm.said()
        await scm.hear(a_stop_request(order, claim_id, "BOX"))
        (decided,) = await decisions(scm)
        assert (decided.accepted, sum(line.quantity for line in decided.lines)) == (True, 3)
        assert [(each.sku, each.quantity) for each in decided.short] == [("CUP", 3)]
        assert await noticed(scm, staff) == []
        assert (await scm.exchange(order.order_id, claim_id)).short == ()

    async def test_what_the_centre_accepted_is_not_stopped_until_it_rejects_after_all(self, scm: SCM):
        order, claim_id, request_id = await exchanged(scm)
        await scm.accept(request_id)
        await scm.said()
        asked = a_stop_request(order, claim_id)
        await scm.hear(asked, asked)
        (decided,) = await scm.said()
        assert (decided.accepted, decided.reason, decided.lines) == (False, "centre_accepted", ())
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "x"})
        await scm.hear(asked)
        assert await decisions(scm) == [], "the first answer stands"
        await scm.hear(a_stop_request(order, claim_id))
        assert [decided.accepted for decided in await decisions(scm)] == [True]

    async def test_of_what_left_in_part_the_rest_is_stopped(self, scm: SCM, staff):
        order, claim_id, request_id = await exchanged(scm)
        left = [{"line_id": str(order.lines[0].line_id), "quantity": 1}]
        await scm.waybill(request_id, CJ_OTHER, lines=left)
        await scm.hear(a_stop_request(order, claim_id))
        (refused,) = await decisions(scm)
        assert (refused.accepted, refused.reason) == (False, "centre_accepted")
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "x", "short": [{"sku": SKU, "quantity": 1}]})
        await scm.said()
        await scm.hear(a_stop_request(order, claim_id))
        decided, updated = await scm.said()
        assert [(line.line_id, line.quantity) for line in decided.lines] == [
            (order.lines[0].line_id, 1), (order.lines[1].line_id, 1),
        ]  # fmt: skip
        assert [(each.sku, each.quantity) for each in decided.short] == [(SKU, 1)]
        assert (updated.status, updated.order_shipped, updated.claim_id) == ("cancelled", True, claim_id)
        assert await noticed(scm, staff) == []
        await scm.hear(a_stop_request(order, claim_id))
        assert [(again.accepted, again.reason) for again in await decisions(scm)] == [(False, "already_shipped")]

    async def test_what_has_left_is_not_stopped(self, scm: SCM):
        order, claim_id, request_id = await exchanged(scm)
        await scm.waybill(request_id, CJ_OTHER)
        await scm.said()
        await scm.hear(a_stop_request(order, claim_id))
        (decided,) = await scm.said()
        assert (decided.accepted, decided.reason, decided.lines) == (False, "already_shipped", ())

    async def test_what_waits_for_its_release_is_stopped(self, scm: SCM):
        out = scm.database.clock.now() + timedelta(days=3)
        await scm.hear(a_product(SKU, release_at=out, at=scm.database.clock.now() - timedelta(days=1)))
        order, claim_id, _ = await exchanged(scm)
        assert (await scm.exchange(order.order_id, claim_id)).held_until == out
        await scm.hear(a_stop_request(order, claim_id))
        decided, updated = await scm.said()
        assert (decided.accepted, updated.status) == (True, "cancelled")

    async def test_only_one_of_two_exchanges_is_given_up(self, scm: SCM):
        order, claim_id, _ = await exchanged(scm)
        other = ids.new_id()
        await scm.hear(an_exchange(order, other, "A-BLUE"), a_stop_request(order, claim_id))
        assert [decided.claim_id for decided in await decisions(scm)] == [claim_id]
        assert (await scm.exchange(order.order_id, other)).status is Status.REQUESTED
        assert (await scm.exchange(order.order_id, claim_id)).status is Status.CANCELLED

    async def test_a_cancel_of_the_order_and_a_stop_know_nothing_of_each_other(self, scm: SCM):
        order = an_order_paid(lines=(a_line("A", 2), a_line("B", 1)))
        claim_id = ids.new_id()
        request_id = await scm.paid(order)
        await scm.waybill(request_id, lines=[{"line_id": str(order.lines[0].line_id)}])
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "x"})
        await scm.hear(a_claim_completed(order, claim_id, "exchange", replacement_sku=SKU, resellable=2))
        await scm.hear(a_cancelled_order(order, (order.lines[1], 1)))
        assert (await scm.exchange(order.order_id, claim_id)).left == 2
        await scm.hear(a_stop_request(order, claim_id))
        assert (await scm.exchange(order.order_id, claim_id)).status is Status.CANCELLED
        own = await scm.shipment(order.order_id)
        assert [(line.cancelled, line.shipped) for line in own.lines] == [(0, 2), (1, 0)]

    async def test_against_a_waybill_one_of_them_wins_and_all_agree(self, scm: SCM):
        made = [await exchanged(scm) for _ in range(6)]
        answers = await asyncio.gather(
            *(scm.waybill(request_id, CJ_OTHER) for _, _, request_id in made),
            *(scm.hear(a_stop_request(order, claim_id)) for order, claim_id, _ in made),
        )
        told = {decided.claim_id: decided for decided in await decisions(scm)}
        for (order, claim_id, _), answer in zip(made, answers, strict=False):
            stopped = told[claim_id].accepted
            assert sum(line.quantity for line in told[claim_id].lines) == (3 if stopped else 0)
            after = await scm.exchange(order.order_id, claim_id)
            assert after.status is (Status.CANCELLED if stopped else Status.SHIPPED)
            assert answer.status_code == (409 if stopped else 200)


class TestBeforeItsExchangeIsHeardOf:
    async def test_what_was_named_is_promised_and_never_reaches_a_centre(self, scm: SCM):
        order, claim_id = an_order_paid(lines=(a_line("A", 2),)), ids.new_id()
        await scm.hear(order, a_contact(order.order_id))
        await scm.waybill((await scm.shipment(order.order_id)).id)
        await scm.said()
        asked = a_stop_request(order, claim_id)
        await scm.hear(asked, asked, a_stop_request(order, claim_id))
        first, second = await scm.said()
        assert (first.accepted, [(line.sku, line.quantity) for line in first.lines]) == (True, [(SKU, 2)])
        assert (second.accepted, second.reason) == (False, "already_shipped")
        done = an_exchange(order, claim_id)
        await scm.hear(done, done)
        assert [event.status for event in await scm.updates()] == ["requested", "cancelled"]
        assert (await scm.exchange(order.order_id, claim_id)).status is Status.CANCELLED
        assert (await scm.centre("GET", status="open")).json()["items"] == []

    async def test_what_was_not_named_is_sent(self, scm: SCM):
        order, claim_id = an_order_paid(lines=(a_line("A", 2), a_line("B", 1))), ids.new_id()
        asked = a_stop_request(order, claim_id)
        (first, _) = asked.lines
        some = asked.model_copy(update={"lines": (first.model_copy(update={"quantity": 1}),)})
        await scm.hear(some, an_exchange(order, claim_id))
        assert [line.left for line in (await scm.exchange(order.order_id, claim_id)).lines] == [1, 1]
        await scm.said()
        await scm.hear(a_stop_request(order, claim_id))
        assert [(again.accepted, again.reason) for again in await decisions(scm)] == [(False, "already_shipped")]


class TestPolled:
    async def released(self, polled: Polled, staff) -> tuple[OrderPaid, UUID, UUID]:
        """The replacements' release is S1; the order itself was shipped without one."""
        order, claim_id = an_order_paid(lines=(a_line("A", 2), a_line("B", 1)), mall_id="livestore"), ids.new_id()
        await polled.scm.hear(order)
        own = (await polled.scm.shipment(order.order_id)).id
        await polled.scm.http.post(f"{REQUESTS}/{own}/waybill", json={"carrier": "cj", "waybill": CJ}, headers=staff)
        await polled.scm.hear(a_contact(order.order_id), an_exchange(order, claim_id))
        await polled.round()
        await polled.scm.said()
        return order, claim_id, (await polled.scm.exchange(order.order_id, claim_id)).id

    async def test_the_centre_is_asked_and_its_yes_is_the_answer(self, polled, staff):
        order, claim_id, request_id = await self.released(polled, staff)
        asked = a_stop_request(order, claim_id)
        await polled.scm.hear(asked, asked)
        assert await polled.scm.said() == []
        assert await polled.round() == ["cancel S1"]
        decided, updated = await polled.scm.said()
        assert (decided.accepted, decided.stop_id, sum(line.quantity for line in decided.lines)) == (
            True, asked.stop_id, 3,
        )  # fmt: skip
        assert (updated.shipment_id, updated.status) == (request_id, "cancelled")
        await polled.scm.hear(asked)
        assert await polled.round(WAIT) == []
        assert await polled.scm.said() == []

    @pytest.mark.parametrize("status", [SlipStatus.WORKING, SlipStatus.PARTDONE])
    async def test_a_centre_at_work_refuses_and_goes_on(self, polled, staff, status):
        order, claim_id, _ = await self.released(polled, staff)
        polled.centre.becomes("S1", status)
        await polled.scm.hear(a_stop_request(order, claim_id))
        await polled.round()
        (decided,) = await decisions(polled.scm)
        assert (decided.accepted, decided.reason, decided.lines) == (False, "centre_refused", ())
        polled.centre.becomes("S1", SlipStatus.DONE, CJ_OTHER)
        await polled.round(timedelta(hours=1))
        assert (await polled.scm.exchange(order.order_id, claim_id)).status is Status.SHIPPED

    async def test_a_centre_that_ships_first_refuses(self, polled, staff):
        order, claim_id, _ = await self.released(polled, staff)
        polled.centre.becomes("S1", SlipStatus.DONE, CJ_OTHER)
        await polled.scm.hear(a_stop_request(order, claim_id))
        await polled.flow.watch()
        decided = await decisions(polled.scm)
        assert [(each.accepted, each.reason) for each in decided] == [(False, "already_shipped")]
        assert (await polled.scm.exchange(order.order_id, claim_id)).status is Status.SHIPPED

    async def test_what_it_is_short_of_is_told(self, polled, staff):
        order, claim_id, _ = await self.released(polled, staff)
        polled.centre.becomes("S1", SlipStatus.SHORTAGE)
        polled.centre.can_send = {SKU: 1}
        await polled.round()
        assert await noticed(polled.scm, staff) != []
        await polled.scm.hear(a_stop_request(order, claim_id))
        (decided,) = await decisions(polled.scm)
        assert [(each.sku, each.quantity) for each in decided.short] == [(SKU, 2)]
        assert await noticed(polled.scm, staff) == []

    async def test_a_release_that_never_arrived_is_never_sent(self, polled, staff):
        polled.centre.deaf = True
        order, claim_id, request_id = await self.released(polled, staff)
        await polled.scm.hear(a_stop_request(order, claim_id))
        polled.centre.deaf = False
        assert await polled.round(WAIT) == [f"find {request_id}"]
        assert [decided.accepted for decided in await decisions(polled.scm)] == [True]
        assert polled.centre.drafts == {}

    async def test_goods_of_the_order_that_leave_refuse_no_stop_that_waits(self, polled, staff):
        order = await polled.order(a_line("A", 2), a_line("B", 1))
        claim_id = ids.new_id()
        path = f"{REQUESTS}/{(await polled.scm.shipment(order.order_id)).id}/waybill"
        part = {"carrier": "cj", "waybill": CJ, "lines": [{"line_id": str(order.lines[0].line_id)}]}
        await polled.scm.http.post(path, json=part, headers=staff)
        await polled.scm.hear(a_claim_completed(order, claim_id, "exchange", replacement_sku=SKU, resellable=2))
        await polled.round()
        await polled.scm.hear(a_stop_request(order, claim_id))
        await polled.scm.said()
        await polled.scm.http.post(path, json={"carrier": "cj", "waybill": CJ_OTHER}, headers=staff)
        assert await decisions(polled.scm) == []
        await polled.scm.hear(a_cancel_request(order))
        await polled.round()
        assert [decided.accepted for decided in await decisions(polled.scm)] == [True]


class TestItsVariant:
    @pytest.mark.parametrize(
        ("sku", "name", "shown"),
        [("A-RED", "빨강", "빨강"), ("A-RED", None, None), (None, None, "500 g"), ("A", "other", "500 g")],
    )
    async def test_bears_its_name(self, scm: SCM, sku, name, shown):
        line = a_line("A", 1)
        order, claim_id = an_order_paid(lines=(line,)), ids.new_id()
        done = a_claim_completed(order, claim_id, "exchange", replacement_sku=sku, resellable=1, name=name)
        told = tuple(each.model_copy(update={"variant_name": "500 g"}) for each in done.lines)
        await scm.hear(done.model_copy(update={"lines": told}))
        (made,) = (await scm.exchange(order.order_id, claim_id)).lines
        assert (made.sku, made.variant_name) == (sku or "A", shown)
