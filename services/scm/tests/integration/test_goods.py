"""What catalog tells of SKUs: the centre picks the parts of sets, and pre-orders wait for their release."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import (
    CJ,
    NOW,
    a_cancel_request,
    a_contact,
    a_line,
    a_product,
    an_order_paid,
)
from services.scm.tests.shop import SCM

from common import testing
from contracts.shipments import ShipmentHeld
from scm import consumer, jobs
from scm.domain.shipment import Status
from scm.handlers.requests import Desk
from scm.main import load_carriers

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)
RELEASE = NOW + 3 * DAY


async def let_go(scm: SCM, *, after: timedelta = timedelta(0)) -> list:
    """Time passes, the job runs; what was said."""
    scm.database.clock.advance(after)
    await jobs.letting_go(scm.database, timedelta(0), 1, lambda: None).run()
    return await scm.said()


async def preordered(scm: SCM, *lines):
    order = an_order_paid(lines=lines or (a_line("NEW", 1), a_line("OLD", 2)))
    await scm.hear(a_product("NEW", release_at=RELEASE), a_product("OLD"), order, a_contact(order.order_id))
    return order


async def offered(scm: SCM) -> list[dict]:
    return (await scm.centre("GET", status="open")).json()["items"]


class TestSets:
    async def test_a_centre_is_told_the_parts_and_speaks_of_lines(self, scm, staff):
        order = an_order_paid(lines=(a_line("BOX", 2), a_line("JAR", 1)))
        box = a_product("BOX", ("JAR", 3), ("SPOON", 1))
        await scm.hear(box, box, a_product("JAR"), order, a_contact(order.order_id))
        await scm.said()
        (request,) = await offered(scm)
        assert request["pick"] == [{"sku": "JAR", "quantity": 7}, {"sku": "SPOON", "quantity": 2}]
        assert [line["parts"] for line in request["lines"]] == [
            [{"sku": "JAR", "quantity": 3}, {"sku": "SPOON", "quantity": 1}], [],
        ]  # fmt: skip
        shipped = await scm.waybill(request["id"], lines=[{"line_id": str(order.lines[0].line_id), "quantity": 1}])
        assert shipped.json()["pick"] == [{"sku": "JAR", "quantity": 4}, {"sku": "SPOON", "quantity": 1}]
        (told,) = await scm.updates()
        assert [(line.sku, line.quantity) for line in told.lines] == [("BOX", 1)]

    async def test_an_older_word_changes_nothing(self, scm):
        newer = a_product("NEW", release_at=RELEASE, at=NOW - DAY)
        await scm.hear(newer, a_product("NEW", at=NOW - 2 * DAY))
        order = an_order_paid(lines=(a_line("NEW", 1),))
        await scm.hear(order, a_contact(order.order_id))
        assert (await scm.shipment(order.order_id)).release_at == RELEASE


class TestPreorders:
    async def test_nothing_reaches_the_centre_before_the_release_and_then_all_of_it_without_a_hand(self, scm, staff):
        order = await preordered(scm)
        held, *_ = [event for event in await scm.said() if isinstance(event, ShipmentHeld)]
        assert (held.order_id, held.until) == (order.order_id, RELEASE)
        request_id = (await scm.shipment(order.order_id)).id
        assert await offered(scm) == []
        for answer in (
            await scm.accept(request_id),
            await scm.waybill(request_id),
            await scm.centre("GET", f"/{request_id}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "shipment.not_found")
        seen = (await scm.http.get(f"/v1/logistics/shipment-requests/{request_id}", headers=staff)).json()
        assert seen["held_until"] == RELEASE.isoformat().replace("+00:00", "Z")
        assert (await scm.customer(order.order_id)).json()["items"][0]["release_at"] is not None

        assert await let_go(scm, after=RELEASE - NOW - timedelta(seconds=1)) == []
        (free,) = await let_go(scm, after=timedelta(seconds=1))
        assert (free.shipment_id, free.until) == (request_id, None)
        assert [line["sku"] for line in (await offered(scm))[0]["lines"]] == ["NEW", "OLD"]
        assert await let_go(scm) == []
        assert (await scm.waybill(request_id)).status_code == 200

    async def test_the_day_moves_with_catalogs_and_a_closed_pre_order_waits_no_more(self, scm):
        await preordered(scm)
        await scm.said()
        later = a_product("NEW", release_at=RELEASE + DAY, at=NOW + timedelta(hours=1))
        await scm.hear(later, later)
        (moved,) = await let_go(scm)
        assert moved.until == RELEASE + DAY
        await scm.hear(a_product("NEW", at=NOW + timedelta(hours=2)))
        (free,) = await let_go(scm)
        assert free.until is None
        assert len(await offered(scm)) == 1

    async def test_without_the_pre_order_the_rest_leaves(self, scm):
        order = await preordered(scm)
        await scm.hear(a_cancel_request(order, (order.lines[0], 1)))
        assert (await scm.decisions())[0].accepted
        (free,) = await let_go(scm)
        assert free.until is None
        assert [line["sku"] for line in (await offered(scm))[0]["lines"]] == ["OLD"]

    async def test_a_cancelled_order_is_told_nothing_at_the_release(self, scm):
        order = await preordered(scm)
        await scm.hear(a_cancel_request(order))
        assert (await scm.shipment(order.order_id)).status is Status.CANCELLED
        await scm.said()
        assert await let_go(scm, after=4 * DAY) == []
        assert (await scm.shipment(order.order_id)).held_until is None

    async def test_what_was_bought_before_the_pre_order_began_leaves_at_once(self, scm):
        order = an_order_paid(lines=(a_line("NEW", 1),), placed_at=NOW - DAY)
        await scm.hear(a_product("NEW", release_at=RELEASE), order, a_contact(order.order_id))
        assert len(await offered(scm)) == 1

    async def test_staff_may_send_it_early(self, scm, staff):
        order = await preordered(scm)
        request_id = (await scm.shipment(order.order_id)).id
        path = f"/v1/logistics/shipment-requests/{request_id}/waybill"
        assert (await scm.http.post(path, json={"carrier": "cj", "waybill": CJ}, headers=staff)).status_code == 200
        await scm.said()
        assert await let_go(scm, after=4 * DAY) == []

    async def test_an_order_read_before_its_goods_were_told_waits_for_them(self, scm):
        order = an_order_paid(lines=(a_line("NEW", 1),))
        desk = Desk("icheon", "yongin", timedelta(minutes=1))
        patient = consumer.handlers(load_carriers(), consumer.Policy(desk, cancel_after_accept=False))
        await testing.deliver(scm.database, patient, order, a_contact(order.order_id))
        assert await offered(scm) == []
        await scm.hear(a_product("NEW", release_at=RELEASE, at=NOW - DAY))
        await scm.said()
        (held,) = await let_go(scm)
        assert held.until == RELEASE
