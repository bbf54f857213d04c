"""What an exchange was to send is given up: over HTTP, from events, and in the database."""

from __future__ import annotations

from typing import Any

import pytest
from services.orders.tests.builders import DAY, NOW
from services.orders.tests.fakes import FakeCatalog, staff
from services.orders.tests.integration.test_claims import ask, decide, delivered, guest, hear, received, sent
from services.orders.tests.stored import read

from common import ids
from common.db import Database
from contracts.shared import SkuQuantity
from contracts.shipments import ReplacementStopDecided, ShipmentLine
from orders.domain import Order, Status

pytestmark = pytest.mark.integration
STAFF = staff("orders")


async def exchanged(http, database: Database, order: Order) -> dict[str, Any]:
    """Both units of a line came back, others of another variant are to be sent."""
    line = {"line_id": str(order.lines[1].line_id), "quantity": 2, "replacement_sku": "OAT-VANILLA"}
    claim = (await ask(http, order, kind="exchange", lines=[line])).json()
    await decide(http, order, claim, "approve")
    await hear(database, received(order, claim, (1, 1, 0)))
    return claim


def decided(order: Order, asked: dict[str, Any], count: int = 2, **said: Any) -> ReplacementStopDecided:
    (line,) = asked["lines"]
    lines = (ShipmentLine(line_id=line["line_id"], sku="OAT-VANILLA", quantity=count),) if count else ()
    told = {
        "order_id": order.order_id, "claim_id": asked["claim_id"], "stop_id": asked["replacement_stop"]["stop_id"],
        "mall_id": order.mall_id, "accepted": bool(count), "lines": lines, "occurred_at": NOW + 4 * DAY,
    }  # fmt: skip
    return ReplacementStopDecided(**told | said)


@pytest.fixture(autouse=True)
def _offered(catalog: FakeCatalog):
    catalog.price_of = {"OAT-1000": 8000, "OAT-VANILLA": 8000}


async def test_from_the_wish_to_the_money(http, database: Database):
    order = await delivered(database)
    claim = await exchanged(http, database, order)
    asked = await decide(http, order, claim, "refund-instead")
    assert (asked.status_code, asked.json()["replacement_stop"]["status"]) == (202, "requested")
    assert (await decide(http, order, claim, "refund-instead")).json() == asked.json()
    short = (SkuQuantity(sku="OAT-VANILLA", quantity=1),)
    stopped, refund = await hear(database, decided(order, asked.json(), short=short))
    share = order.lines[1].worth(2)
    assert (stopped.type, stopped.refund_amount, stopped.short) == ("replacement-stopped", share.amount, short)
    (line,) = stopped.lines
    assert (line.sku, line.bought_sku, line.quantity, line.resellable, line.variant_name) == (
        "OAT-VANILLA", "OAT-1000", 2, 1, "옵션 OAT-VANILLA",
    )  # fmt: skip
    assert (refund.type, refund.amount, refund.vat_amount) == ("order-refund-requested", share.amount, share.vat)
    done = await decide(http, order, claim, "refund-instead")
    assert (done.status_code, done.json()["replacement_stop"]["status"]) == (200, "accepted")
    assert (done.json()["lines"][0]["stopped"], done.json()["refund_amount"]["amount"]) == (2, share.amount)
    story = (await http.get(f"/v1/orders/{order.order_id}/history", headers=guest(order))).json()["items"]
    assert "2 × OAT-VANILLA are not sent in exchange" in str(story)
    stored = await read(database, order)
    assert (stored.lines[1].returned, stored.lines[1].claiming, stored.status) == (2, 0, Status.DELIVERED)


async def test_the_request_names_what_is_to_be_stopped(http, database: Database):
    """All but what is known to have left."""
    order = await delivered(database)
    claim = await exchanged(http, database, order)
    part = sent(order, claim, "shipped")
    one = part.lines[0].model_copy(update={"quantity": 1})
    await hear(database, part.model_copy(update={"lines": (one,)}))
    asked = (await decide(http, order, claim, "refund-instead")).json()
    seen = await read(database, order)
    assert seen.claims[0].units[0].stopping == 1
    stopped, _ = await hear(database, decided(order, asked, 1))
    assert stopped.refund_amount == order.lines[1].worth(1).amount


async def test_a_refusal_lets_the_goods_go_and_may_be_asked_again(http, database: Database):
    order = await delivered(database)
    claim = await exchanged(http, database, order)
    asked = (await decide(http, order, claim, "refund-instead")).json()
    assert await hear(database, decided(order, asked, 0, reason="centre_accepted")) == []
    (seen,) = (await http.get(f"/v1/orders/{order.order_id}/claims", headers=STAFF)).json()["items"]
    assert seen["replacement_stop"] == asked["replacement_stop"] | {
        "status": "refused", "refused_because": "centre_accepted",
    }  # fmt: skip
    again = (await decide(http, order, claim, "refund-instead")).json()
    assert again["replacement_stop"]["stop_id"] != asked["replacement_stop"]["stop_id"]


async def test_refusals(http, database: Database):
    order = await delivered(database)
    open_claim = (await ask(http, order)).json()
    path = f"/v1/orders/{order.order_id}/claims/{open_claim['claim_id']}/refund-instead"
    assert (await http.post(path, headers=guest(order))).status_code == 401
    assert (await http.post(path, headers=staff("scm"))).status_code == 403
    early = await decide(http, order, open_claim, "refund-instead")
    assert (early.status_code, early.json()["code"]) == (409, "claim.not_completed")
    unknown = await decide(http, order, {"claim_id": ids.new_id()}, "refund-instead")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "claim.not_found")
    other = await delivered(database)
    claim = await exchanged(http, database, other)
    await hear(database, sent(other, claim, "delivered"))
    late = await decide(http, other, claim, "refund-instead")
    assert (late.status_code, late.json()["code"]) == (409, "claim.nothing_to_stop")
