from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import a_cancel_request, a_contact, an_order_paid
from sqlalchemy import text

from common import ids
from scm.jobs import forgetting

pytestmark = pytest.mark.integration

KEEP = timedelta(days=90)


async def kept(scm) -> set:
    async with scm.database.read() as connection:
        rows = await connection.scalars(text("SELECT order_id FROM shipment_contacts WHERE recipient IS NOT NULL"))
        return set(rows)


async def test_an_address_goes_once_nothing_is_left_to_deliver_and_the_order_can_still_be_followed(scm):
    delivered, cancelled, waiting, unpaid = an_order_paid(), an_order_paid(), an_order_paid(), ids.new_id()
    request_id = await scm.paid(delivered)
    await scm.waybill(request_id)
    await scm.centre("POST", f"/{request_id}/delivered")
    await scm.paid(cancelled)
    await scm.hear(a_cancel_request(cancelled))
    await scm.paid(waiting)
    await scm.hear(a_contact(unpaid))
    everybody = {delivered.order_id, cancelled.order_id, waiting.order_id, unpaid}
    job = forgetting(scm.database, KEEP)
    scm.database.clock.advance(KEEP)
    await job.run()
    assert await kept(scm) == everybody
    scm.database.clock.advance(timedelta(hours=1))
    await job.run()
    assert await kept(scm) == {waiting.order_id}
    assert (await scm.customer(delivered.order_id)).json()["items"][0]["status"] == "delivered"
    assert (await scm.centre("GET", f"/{request_id}")).json()["ship_to"] is None
    await scm.hear(a_contact(delivered.order_id))
    assert await kept(scm) == {waiting.order_id}, "a repeat does not bring it back"


async def test_an_address_stays_while_its_parcel_makes_news(scm):
    order = an_order_paid()
    await scm.waybill(await scm.paid(order))
    scm.database.clock.advance(KEEP)
    await forgetting(scm.database, KEEP).run()
    assert await kept(scm) == {order.order_id}


async def test_an_address_goes_although_nobody_ever_said_that_the_parcel_arrived(scm):
    order = an_order_paid()
    await scm.waybill(await scm.paid(order))
    scm.database.clock.advance(KEEP + timedelta(hours=1))
    await forgetting(scm.database, KEEP).run()
    assert await kept(scm) == set(), "without tracking most parcels end like this"


async def test_an_address_stays_while_units_have_not_left(scm):
    order = an_order_paid()
    await scm.waybill(await scm.paid(order), lines=[{"line_id": str(order.lines[0].line_id)}])
    scm.database.clock.advance(timedelta(days=400))
    await forgetting(scm.database, KEEP).run()
    assert await kept(scm) == {order.order_id}
