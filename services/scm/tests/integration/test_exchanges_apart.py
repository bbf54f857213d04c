"""An order and the exchange of its goods at one polled centre: a cancel of the one is no business of the other."""

from __future__ import annotations

from uuid import UUID

import pytest
from services.scm.tests.builders import (
    CJ,
    CJ_OTHER,
    a_cancel_request,
    a_claim_completed,
    a_line,
    an_order_paid,
)
from services.scm.tests.polled import WAIT, Polled
from services.scm.tests.shop import REQUESTS

from common import ids
from contracts.orders import OrderPaid
from scm.domain.release import SlipStatus
from scm.domain.shipment import Shipment, Stage
from scm.repository import shipments

pytestmark = pytest.mark.integration


async def both(polled: Polled, staff, *, deaf: bool = False) -> tuple[OrderPaid, Shipment, Shipment]:
    """Of A and B, A left and is exchanged: the centre holds a release for B (S1), and one for the replacement (S2).

    `deaf`: the second never arrived.
    """
    order = await polled.order(a_line("A", 2), a_line("B", 1))
    await polled.round()
    own = await polled.scm.shipment(order.order_id)
    await ship(polled, staff, own.id, CJ, order.lines[0].line_id)
    done = a_claim_completed(order, ids.new_id(), "exchange", replacement_sku="A-RED", resellable=2)
    await polled.scm.hear(done)
    polled.centre.deaf = deaf
    await polled.round()
    polled.centre.deaf = False
    await polled.scm.said()
    return order, own, await replacement(polled, order)


async def replacement(polled: Polled, order: OrderPaid) -> Shipment:
    async with polled.scm.database.read() as connection:
        _, exchange = await shipments.all_of_order(connection, order.order_id)
    return exchange


async def ship(polled: Polled, staff, request_id: UUID, waybill: str, *lines: UUID) -> None:
    named = {"lines": [{"line_id": str(line)} for line in lines]} if lines else {}
    body = {"carrier": "cj", "waybill": waybill} | named
    answer = await polled.scm.http.post(f"{REQUESTS}/{request_id}/waybill", json=body, headers=staff)
    assert answer.status_code == 200, answer.text


class TestACancelOfTheOrder:
    async def test_stops_only_the_orders_release(self, polled, staff):
        order, _, _ = await both(polled, staff)
        await polled.scm.hear(a_cancel_request(order, (order.lines[1], 1)))
        assert await polled.round() == ["cancel S1"]
        assert [decision.accepted for decision in await polled.scm.decisions()] == [True]
        assert (await replacement(polled, order)).stage is Stage.ACCEPTED

    async def test_waits_on_while_the_replacement_leaves(self, polled, staff):
        order, _, exchange = await both(polled, staff)
        await polled.scm.hear(a_cancel_request(order, (order.lines[1], 1)))
        await ship(polled, staff, exchange.id, CJ_OTHER)
        assert await polled.scm.decisions() == []
        await polled.round()
        assert [decision.accepted for decision in await polled.scm.decisions()] == [True]

    async def test_has_no_say_in_what_the_centre_cancelled_of_the_exchange(self, polled, staff):
        order, _, exchange = await both(polled, staff)
        polled.centre.becomes("S1", SlipStatus.WORKING)
        polled.centre.becomes("S2", SlipStatus.CANCEL)
        await polled.scm.hear(a_cancel_request(order, (order.lines[1], 1)))
        await polled.flow.watch()
        (said,) = await polled.scm.said()
        assert (said.shipment_id, said.status, said.reason) == (
            exchange.id, "rejected", "the centre cancelled the release",
        )  # fmt: skip

    async def test_lets_the_replacement_be_released_once_more(self, polled, staff):
        order, _, exchange = await both(polled, staff, deaf=True)
        await polled.scm.hear(a_cancel_request(order, (order.lines[1], 1)))
        assert await polled.round(WAIT) == [f"find {exchange.id}", f"release {exchange.id}", "cancel S1"]
        assert [decision.accepted for decision in await polled.scm.decisions()] == [True]

    async def test_heard_of_before_the_order_is_nothing_to_its_exchange(self, polled):
        order = an_order_paid(lines=(a_line("A", 2),), mall_id="livestore")
        await polled.scm.hear(a_cancel_request(order))
        done = a_claim_completed(order, ids.new_id(), "exchange", replacement_sku="A-RED", resellable=2)
        await polled.scm.hear(order, done)
        assert (await replacement(polled, order)).left == 2
