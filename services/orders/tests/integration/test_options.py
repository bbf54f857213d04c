"""Another option for a line, through the door and back from the centre."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from services.orders.tests.builders import NOW, a_quote, a_quote_line, cancels, pays, settles
from services.orders.tests.fakes import TOKEN_KEY, FakeCatalog, staff
from services.orders.tests.stored import change, order_token, place, read

from common import ids, testing
from common.db import Database
from contracts.envelope import Event
from contracts.shared import SkuQuantity
from contracts.shipments import ShipmentOptionDecided
from orders import handlers
from orders.consumer import handlers_by_event
from orders.domain import Order

pytestmark = pytest.mark.integration

PRICES = {"RED": 5000, "BLUE": 5000, "GOLD": 9000, "BOOK": 5000}


@pytest.fixture
async def order(database: Database, catalog: FakeCatalog) -> Order:
    """Three of RED, paid."""
    catalog.price_of, catalog.tax_of = dict(PRICES), {"BOOK": "tax_free"}
    catalog.stock = dict.fromkeys(PRICES, 10)
    order = await place(database, a_quote(a_quote_line("RED", quantity=3, unit_price=5000), a_quote_line("BAR")))
    await change(database, handlers.pay_order, pays(order))
    await testing.published(database, clear=True)
    return order


async def ask(http, order: Order, sku: str = "BLUE", *, key: str = "wish", line_id=None, by=None):
    headers = (by or {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}) | {"Idempotency-Key": key}
    path = f"/v1/orders/{order.order_id}/lines/{line_id or order.lines[0].line_id}/option"
    return await http.post(path, json={"sku": sku}, headers=headers)


def answer(order: Order, change_id: str, *, accepted: bool = True) -> ShipmentOptionDecided:
    about = {"order_id": order.order_id, "change_id": change_id, "mall_id": order.mall_id}
    reason = None if accepted else "centre_accepted"
    short = (SkuQuantity(sku="RED", quantity=1),) if accepted else ()
    return ShipmentOptionDecided(**about, accepted=accepted, reason=reason, short=short, occurred_at=NOW)


async def hear(database: Database, news: Event, times: int = 2) -> list[Event]:
    for _ in range(times):
        await testing.deliver(database, handlers_by_event(), news)
    return await testing.published(database, clear=True)


def types(told: Sequence[Event]) -> list[str]:
    return [event.type for event in told]


async def test_the_centre_packs_the_other_one(http, database: Database, catalog: FakeCatalog, order: Order):
    asked = await ask(http, order)
    assert asked.status_code == 202
    line = asked.json()["lines"][0]
    wish = line["option_change"]
    assert (line["sku"], wish["sku"], wish["from_sku"], wish["quantity"], wish["status"]) == (
        *("RED", "BLUE", "RED", 3),
        "requested",
    )
    assert (await ask(http, order)).content == asked.content
    assert list(catalog.reserved.values()) == [{"BLUE": 3}]
    (told,) = await testing.published(database, clear=True)
    assert (told.type, told.topic, told.new_sku, told.new_variant_name) == (
        *("order-option-change-requested", "shop.orders.v1", "BLUE"),
        "옵션 BLUE",
    )
    (told,) = await hear(database, answer(order, wish["change_id"]))
    assert (told.type, told.sku, told.new_sku, told.quantity, told.amount) == (
        *("order-option-changed", "RED", "BLUE", 3),
        15_000,
    )
    assert told.short == (SkuQuantity(sku="RED", quantity=1),)
    headers = {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}
    seen = (await http.get(f"/v1/orders/{order.order_id}", headers=headers)).json()["lines"][0]
    assert (seen["sku"], seen["variant_name"], seen["option_change"]["status"]) == ("BLUE", "옵션 BLUE", "accepted")
    story = (await http.get(f"/v1/orders/{order.order_id}/history", headers=headers)).json()["items"]
    assert "RED → BLUE" in story[-1]["story"]


async def test_the_centre_has_packed_already(http, database: Database, order: Order):
    asked = (await ask(http, order, by=staff("orders"))).json()
    change_id = asked["lines"][0]["option_change"]["change_id"]
    await testing.published(database, clear=True)
    (told,) = await hear(database, answer(order, change_id, accepted=False))
    assert (told.type, told.reason) == ("order-option-change-refused", "centre_accepted")
    after = await read(database, order)
    assert (after.lines[0].sku, after.option_changes[0].refused_because) == ("RED", "centre_accepted")


@pytest.mark.parametrize(
    ("sku", "code", "status"),
    [
        ("RED", "order.option_same", 422),
        ("PINK", "order.option_unknown", 422),
        ("GOLD", "order.option_price_differs", 409),
        ("BOOK", "order.option_price_differs", 409),
        ("BLUE", "stock.insufficient", 409),
    ],
)
async def test_refusals_change_nothing(http, database: Database, catalog: FakeCatalog, order: Order, sku, code, status):
    assert catalog.stock is not None
    catalog.stock["BLUE"] = 2
    before = await read(database, order)
    refused = await ask(http, order, sku)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await read(database, order) == before
    assert catalog.reserved == {}
    assert await testing.published(database) == []


async def test_whoever_may_not_see_the_order_finds_none(http, order: Order):
    asked = await ask(http, order, by={"X-Order-Token": "another"})
    assert (asked.status_code, asked.json()["code"]) == (404, "order.not_found")


async def test_a_line_that_changes_while_stock_is_held_lets_go_of_it(
    http, database: Database, catalog: FakeCatalog, order: Order, monkeypatch: pytest.MonkeyPatch
):
    reserve = catalog.reserve

    async def cancelled_meanwhile(*args, **more):
        await reserve(*args, **more)
        command = cancels(order, (order.lines[0].line_id, 1))
        await change(database, handlers.request_cancel, command)
        await change(database, handlers.settle_cancel, settles(order, command.cancel_id))

    monkeypatch.setattr(catalog, "reserve", cancelled_meanwhile)
    refused = await ask(http, order)
    assert (refused.status_code, refused.json()["code"]) == (409, "order.option_changed_meanwhile")
    assert catalog.reserved == {}


async def test_a_crash_after_the_hold_leaves_a_hold_that_the_same_request_uses(
    http, database: Database, catalog: FakeCatalog, order: Order, monkeypatch: pytest.MonkeyPatch
):
    async def dies(*_):
        raise RuntimeError("the process died")

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "change_option", dies)
        assert (await ask(http, order)).status_code == 500
    (held,) = catalog.reserved
    command = cancels(order, (order.lines[0].line_id, 1))
    await change(database, handlers.request_cancel, command)
    await change(database, handlers.settle_cancel, settles(order, command.cancel_id))
    asked = await ask(http, order)
    assert asked.status_code == 202
    assert asked.json()["lines"][0]["option_change"]["change_id"] == str(held)
    assert catalog.reserved == {held: {"BLUE": 2}}


async def test_after_it_the_new_variant_is_cancelled_and_the_old_stays_cancelled(
    http, database: Database, order: Order
):
    line_id = order.lines[0].line_id
    first = cancels(order, (line_id, 1))
    await change(database, handlers.request_cancel, first)
    await change(database, handlers.settle_cancel, settles(order, first.cancel_id))
    wish = (await ask(http, order)).json()["lines"][0]["option_change"]
    refused = await http.post(
        f"/v1/orders/{order.order_id}/cancel",
        json={"reason": "그만둘래요"},
        headers={"X-Order-Token": order_token(TOKEN_KEY, order.order_id), "Idempotency-Key": "stop"},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "order.option_change_open")
    await hear(database, answer(order, wish["change_id"]))
    second = cancels(order, (line_id, 2), cancel_id=ids.new_id())
    await change(database, handlers.request_cancel, second)
    await testing.published(database, clear=True)
    await change(database, handlers.settle_cancel, settles(order, second.cancel_id))
    told = await testing.published(database, clear=True)
    assert types(told) == ["order-cancelled", "order-refund-requested"]
    assert [(line.sku, line.quantity) for line in told[0].lines] == [("BLUE", 2)]
    skus = [cancel.units[0].sku for cancel in (await read(database, order)).cancels]
    assert skus == ["RED", "BLUE"]
