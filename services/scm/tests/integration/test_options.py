"""Lines that become another variant before the goods leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import (
    NOW,
    a_cancel_request,
    a_line,
    a_product,
    an_option_wish,
    an_order_paid,
    units,
)
from services.scm.tests.shop import SCM

from common import ids
from contracts.orders import OrderCancelRequested
from contracts.shipments import ShipmentCancelDecided, ShipmentHeld, ShipmentOptionDecided

pytestmark = pytest.mark.integration


async def decisions(scm: SCM) -> list[tuple[bool, str | None]]:
    said = [event for event in await scm.said() if isinstance(event, ShipmentOptionDecided)]
    return [(event.accepted, event.reason) for event in said]


async def test_what_nobody_took_in_hand_is_packed_anew(scm: SCM):
    order = an_order_paid()
    request_id = await scm.paid(order)
    wish = an_option_wish(order)
    await scm.hear(wish, wish)
    assert await decisions(scm) == [(True, None)]
    seen = (await scm.centre("GET", f"/{request_id}")).json()
    lines = [(line["sku"], line["variant_name"], line["quantity"]) for line in seen["lines"]]
    assert (lines, seen["revision"]) == ([("GRANOLA-300", "300 g", 2), ("YOGURT-4", None, 1)], 2)
    stale = await scm.accept(request_id, {"revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "shipment.changed")
    assert (await scm.accept(request_id, {"revision": 2})).status_code == 200
    await scm.waybill(request_id)
    (shipped,) = [event for event in await scm.updates() if event.status == "shipped"]
    assert [line.sku for line in shipped.lines] == ["GRANOLA-300", "YOGURT-4"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [("accept", "centre_accepted"), ("waybill", "already_shipped"), ("cancel", "cancelled")],
)
async def test_too_late_it_stays_what_it_was(scm: SCM, step, reason):
    order = an_order_paid()
    request_id = await scm.paid(order)
    if step == "cancel":
        await scm.hear(a_cancel_request(order))
    else:
        await (scm.accept if step == "accept" else scm.waybill)(request_id)
    await scm.said()
    await scm.hear(an_option_wish(order))
    assert await decisions(scm) == [(False, reason)]
    assert (await scm.shipment(order.order_id)).lines[0].sku == order.lines[0].sku


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"order_id": ids.new_id()}, "unknown_line"),
        ({"line_id": ids.new_id()}, "unknown_line"),
        ({"sku": "ANOTHER"}, "unknown_line"),
        ({"quantity": 1}, "units_differ"),
    ],
)
async def test_of_what_is_not_asked_for_nothing_is_promised(scm: SCM, changes, reason):
    order = an_order_paid()
    await scm.paid(order)
    await scm.hear(an_option_wish(order, **changes))
    assert await decisions(scm) == [(False, reason)]
    assert (await scm.shipment(order.order_id)).revision == 1


async def test_the_new_variant_may_come_out_later_and_the_old_one_may_have_been_waited_for(scm: SCM):
    order = an_order_paid(lines=(a_line("NOW-1"),), placed_at=NOW - timedelta(days=2))
    out = NOW + timedelta(days=3)
    later = a_product("LATER-1", release_at=out, at=NOW - timedelta(days=1))
    await scm.hear(a_product("NOW-1"), later)
    await scm.paid(order)
    await scm.hear(an_option_wish(order, "LATER-1"))
    (held,) = [event for event in await scm.said() if isinstance(event, ShipmentHeld)]
    assert held.until == out
    await scm.hear(an_option_wish(order, "NOW-1", sku="LATER-1"))
    said = await scm.said()
    assert [event.until for event in said if isinstance(event, ShipmentHeld)] == [None]
    assert (await scm.shipment(order.order_id)).held_until is None


async def test_a_set_is_picked_in_its_parts(scm: SCM):
    order = an_order_paid()
    await scm.hear(a_product("BOX", ("P", 2), ("YOGURT-4", 1)))
    request_id = await scm.paid(order)
    await scm.hear(an_option_wish(order, "BOX"))
    seen = (await scm.centre("GET", f"/{request_id}")).json()
    assert {each["sku"]: each["quantity"] for each in seen["pick"]} == {"P": 4, "YOGURT-4": 3}


async def test_a_cancel_that_was_asked_for_later_is_decided_later(scm: SCM):
    order = an_order_paid()
    await scm.paid(order)
    stop: OrderCancelRequested = a_cancel_request(order, reason="deposit_reversed")
    await scm.hear(an_option_wish(order), stop.model_copy(update={"lines": units((order.lines[0], 2))}))
    said = [event for event in await scm.said() if isinstance(event, ShipmentOptionDecided | ShipmentCancelDecided)]
    assert [(event.type, event.accepted) for event in said] == [
        ("shipment-option-decided", True),
        ("shipment-cancel-decided", True),
    ]
