from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from services.scm.tests.builders import CJ, LOTTE, NOW, an_order_paid
from services.scm.tests.fakes import FakeTracker
from sqlalchemy import text

from common.errors import UpstreamUnavailable
from scm.domain.tracking import Track, TrackEvent
from scm.flows.tracking import Patience, TrackingFlow
from scm.main import load_carriers

pytestmark = pytest.mark.integration

EVERY = timedelta(minutes=10)
HOUR = timedelta(hours=1)


class Tracked:
    def __init__(self, scm) -> None:
        self.scm = scm
        self.tracker = FakeTracker()
        self.flow = TrackingFlow(scm.database, self.tracker, load_carriers(), Patience(EVERY, timedelta(days=30)))

    async def ship(self, waybill: str = CJ, carrier: str = "cj"):
        order = an_order_paid()
        await self.scm.waybill(await self.scm.paid(order), waybill, carrier)
        await self.scm.said()
        return order

    def knows(self, waybill: str, *events: tuple[timedelta, str]) -> None:
        made = tuple(TrackEvent(NOW + after, code) for after, code in events)
        self.tracker.tracks[waybill] = Track(made[-1], made)

    async def round(self, later: timedelta = timedelta()) -> int:
        """How many parcels were asked for."""
        self.scm.database.clock.advance(later)
        self.tracker.asked.clear()
        await self.flow.run()
        return len(self.tracker.asked)


@pytest.fixture
async def tracked(scm):
    return Tracked(scm)


async def test_a_parcel_is_followed_to_the_door_and_each_step_said_once(tracked):
    order = await tracked.ship()
    tracked.knows(CJ, (HOUR, "AT_PICKUP"))
    assert await tracked.round(HOUR) == 1
    assert tracked.tracker.asked == [("kr.cjlogistics", CJ)]
    tracked.knows(CJ, (HOUR, "AT_PICKUP"), (2 * HOUR, "OUT_FOR_DELIVERY"))
    await tracked.round(HOUR)
    tracked.knows(CJ, (HOUR, "AT_PICKUP"), (2 * HOUR, "OUT_FOR_DELIVERY"), (3 * HOUR, "DELIVERED"))
    await tracked.round(HOUR)
    said = await tracked.scm.updates()
    assert [(event.status, event.order_shipped, event.order_delivered) for event in said] == [
        ("in_transit", True, False), ("delivered", True, True),
    ]  # fmt: skip
    assert {event.waybill for event in said} == {CJ}
    (item,) = (await tracked.scm.customer(order.order_id)).json()["items"]
    assert (item["status"], item["delivered_at"]) == ("delivered", "2026-11-20T06:00:00Z")
    assert [event["code"] for event in item["events"]] == ["AT_PICKUP", "OUT_FOR_DELIVERY", "DELIVERED"]
    assert await tracked.round(HOUR) == 0


async def test_the_steps_between_may_be_missed(tracked):
    await tracked.ship()
    tracked.knows(CJ, (HOUR, "DELIVERED"))
    await tracked.round(2 * HOUR)
    assert [event.status for event in await tracked.scm.updates()] == ["delivered"]


async def test_an_earlier_parcel_with_the_same_number_delivers_nothing(tracked):
    await tracked.ship()
    tracked.knows(CJ, (-timedelta(days=120), "DELIVERED"))
    await tracked.round(HOUR)
    assert await tracked.scm.said() == []


async def test_not_found_is_normal_and_asked_for_ever_more_seldom(tracked):
    await tracked.ship()
    assert [await tracked.round(wait) for wait in (timedelta(), EVERY, EVERY, EVERY, EVERY)] == [1, 0, 1, 0, 0]
    assert await tracked.scm.said() == []
    tracked.knows(CJ, (timedelta(), "IN_TRANSIT"))
    assert await tracked.round(2 * EVERY) == 1
    assert await tracked.round(EVERY) == 1, "once it is known, it is asked for at the usual pace again"


async def test_a_tracking_api_that_is_down_costs_nothing_but_time(tracked):
    await tracked.ship()
    tracked.tracker.tracks[CJ] = UpstreamUnavailable("down")
    assert await tracked.round() == 1
    tracked.knows(CJ, (HOUR, "DELIVERED"))
    await tracked.round(2 * EVERY)
    assert [event.status for event in await tracked.scm.updates()] == ["delivered"]


async def test_one_parcel_in_trouble_does_not_keep_the_others(tracked):
    await tracked.ship(LOTTE, "lotte")
    await tracked.ship()
    tracked.tracker.tracks[LOTTE] = UpstreamUnavailable("down")
    tracked.knows(CJ, (HOUR, "DELIVERED"))
    assert await tracked.round(HOUR) == 2
    assert [event.waybill for event in await tracked.scm.updates()] == [CJ]


async def test_a_carrier_the_api_does_not_know_is_never_asked_for(tracked):
    await tracked.ship("1234567890", "hdexp")
    assert [await tracked.round(HOUR), await tracked.round(HOUR)] == [0, 0]


async def test_what_the_centre_said_has_arrived_is_not_asked_for(tracked):
    order = await tracked.ship()
    request_id = (await tracked.scm.shipment(order.order_id)).id
    await tracked.scm.centre("POST", f"/{request_id}/delivered")
    assert await tracked.round(HOUR) == 0


async def test_a_parcel_is_given_up_after_a_month(tracked):
    await tracked.ship()
    tracked.scm.database.clock.advance(timedelta(days=30))
    await tracked.round()
    assert await tracked.round(timedelta(days=1)) == 0


async def test_the_order_arrives_with_its_last_parcel(tracked):
    order = an_order_paid()
    request_id = await tracked.scm.paid(order)
    await tracked.scm.waybill(request_id, CJ, lines=[{"line_id": str(order.lines[0].line_id)}])
    await tracked.scm.waybill(request_id, LOTTE, "lotte")
    await tracked.scm.said()
    tracked.knows(LOTTE, (HOUR, "DELIVERED"))
    await tracked.round(HOUR)
    tracked.knows(CJ, (2 * HOUR, "DELIVERED"))
    await tracked.round(HOUR)
    said = await tracked.scm.updates()
    assert [(event.waybill, event.order_delivered) for event in said] == [(LOTTE, False), (CJ, True)]
    assert len({event.shipment_id for event in said}) == 2


async def test_many_parcels_take_several_batches_and_none_is_left(tracked, database):
    for _ in range(45):
        await tracked.ship()
    assert await tracked.round() == 45
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM parcel_tracking WHERE misses = 0")) == 0


async def test_two_processes_at_once_ask_for_each_parcel_once(tracked):
    for _ in range(30):
        await tracked.ship()
    other = TrackingFlow(tracked.scm.database, tracked.tracker, load_carriers(), Patience(EVERY, timedelta(days=30)))
    await asyncio.gather(tracked.flow.run(), other.run())
    assert len(tracked.tracker.asked) == 30
