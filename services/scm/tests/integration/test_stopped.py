"""A polled centre that ships what it said it had stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import CJ, a_cancel_request

from scm.domain.release import SlipStatus
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration


async def test_goods_that_leave_after_all_are_told_to_staff_once(scm, polled):
    order = await polled.order()
    await polled.round()
    await scm.hear(a_cancel_request(order))
    await polled.round()
    assert (await polled.release(order))["state"] == "stopped"
    assert await polled.attention(order) is None
    assert [decision.accepted for decision in await scm.decisions()] == [True]

    polled.centre.becomes("S1", SlipStatus.DONE, CJ)
    await polled.round(timedelta(days=1))
    assert CJ in (await polled.attention(order) or "")
    assert (await scm.shipment(order.order_id)).status is Status.CANCELLED
    assert (await polled.release(order))["state"] == "shipped"
    assert await scm.said() == []
