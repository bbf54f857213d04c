"""Addresses that change before the goods leave."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import NOW, a_cancel_request, a_contact, an_order_paid
from services.scm.tests.shop import SCM

from common import ids
from contracts.orders import Address, OrderAddressChangeRequested, OrderPaid
from contracts.shipments import ShipmentAddressDecided

pytestmark = pytest.mark.integration


def elsewhere(order: OrderPaid, minutes: int = 5, recipient: str = "박바다") -> OrderAddressChangeRequested:
    to = Address(
        recipient=recipient, phone="010-8765-4321", zonecode="63122", road_address="제주 제주시 첨단로 1", detail="2층"
    )
    when = NOW + timedelta(minutes=minutes)
    return OrderAddressChangeRequested(
        order_id=order.order_id, change_id=ids.new_id(), mall_id=order.mall_id, ship_to=to, requested_at=when
    )


async def decisions(scm: SCM) -> list[tuple[bool, str | None]]:
    said = [event for event in await scm.said() if isinstance(event, ShipmentAddressDecided)]
    return [(event.accepted, event.reason) for event in said]


async def address(scm: SCM, request_id) -> tuple[str, int]:
    seen = (await scm.centre("GET", f"/{request_id}")).json()
    return seen["ship_to"]["recipient"], seen["revision"]


async def test_goods_that_nobody_took_in_hand_go_elsewhere(scm: SCM):
    order = an_order_paid()
    request_id = await scm.paid(order)
    asked = elsewhere(order)
    await scm.hear(asked, asked)
    assert await decisions(scm) == [(True, None)]
    assert await address(scm, request_id) == ("박바다", 2)
    stale = await scm.accept(request_id, {"revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "shipment.changed")
    assert (await scm.accept(request_id, {"revision": 2})).status_code == 200


async def test_before_the_order_is_paid_too(scm: SCM):
    order = an_order_paid()
    await scm.hear(a_contact(order.order_id), elsewhere(order), order)
    assert await decisions(scm) == [(True, None)]
    assert (await address(scm, (await scm.shipment(order.order_id)).id))[0] == "박바다"


@pytest.mark.parametrize(
    ("step", "reason"),
    [("accept", "centre_accepted"), ("waybill", "already_shipped"), ("cancel", "cancelled")],
)
async def test_too_late_goods_go_where_they_went(scm: SCM, step, reason):
    order = an_order_paid()
    request_id = await scm.paid(order)
    if step == "cancel":
        await scm.hear(a_cancel_request(order))
    else:
        await (scm.accept if step == "accept" else scm.waybill)(request_id)
    await scm.said()
    await scm.hear(elsewhere(order))
    assert await decisions(scm) == [(False, reason)]
    assert (await address(scm, request_id))[0] == "김민지"


async def test_an_older_wish_told_again_does_not_undo_a_newer_one(scm: SCM):
    order = an_order_paid()
    request_id = await scm.paid(order)
    first, second = elsewhere(order, 5), elsewhere(order, 6, "최강산")
    await scm.hear(first, second, first)
    assert await decisions(scm) == [(True, None), (True, None)]
    assert (await address(scm, request_id))[0] == "최강산"


async def test_without_an_address_nothing_is_promised(scm: SCM):
    await scm.hear(elsewhere(an_order_paid()))
    assert await decisions(scm) == [(False, "address_unknown")]
