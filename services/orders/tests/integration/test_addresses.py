"""Sending an order elsewhere before it leaves."""

from __future__ import annotations

import pytest
from services.orders.tests.builders import NOW, a_body, pays, ships
from services.orders.tests.fakes import TOKEN_KEY
from services.orders.tests.stored import change, order_token, place

from common import ids, testing
from common.db import Database
from contracts.shipments import ShipmentAddressDecided
from orders import handlers
from orders.consumer import handlers_by_event
from orders.domain import Order

pytestmark = pytest.mark.integration

ELSEWHERE = a_body(ids.new_id())["ship_to"] | {"recipient": "최강산", "zonecode": "63122", "memo": None}


async def ask(http, order: Order, key: str = "move"):
    headers = {"X-Order-Token": order_token(TOKEN_KEY, order.order_id), "Idempotency-Key": key}
    return await http.post(f"/v1/orders/{order.order_id}/ship-to", json=ELSEWHERE, headers=headers)


async def seen(http, order: Order) -> dict:
    headers = {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}
    return (await http.get(f"/v1/orders/{order.order_id}", headers=headers)).json()


def answer(order: Order, change_id: str, *, accepted: bool) -> ShipmentAddressDecided:
    about = {"order_id": order.order_id, "change_id": change_id, "mall_id": order.mall_id}
    reason = None if accepted else "centre_accepted"
    return ShipmentAddressDecided(**about, accepted=accepted, reason=reason, occurred_at=NOW)


@pytest.mark.parametrize(("accepted", "recipient"), [(True, "최강산"), (False, "박바다")])
async def test_the_centre_has_the_last_word(http, database: Database, accepted, recipient):
    order = await place(database)
    await change(database, handlers.pay_order, pays(order))
    await testing.published(database, clear=True)
    asked = await ask(http, order)
    assert asked.status_code == 202
    assert (await ask(http, order)).content == asked.content
    (told,) = await testing.published(database, clear=True)
    assert (told.type, told.topic, told.ship_to.recipient) == (
        "order-address-change-requested",
        "shop.order-contacts.v1",
        "최강산",
    )
    before = await seen(http, order)
    assert (before["ship_to"]["recipient"], before["address_changes_pending"]) == ("박바다", 1)
    news = answer(order, asked.json()["change_id"], accepted=accepted)
    await testing.deliver(database, handlers_by_event(), news)
    await testing.deliver(database, handlers_by_event(), news)
    after = await seen(http, order)
    assert (after["ship_to"]["recipient"], after["address_changes_pending"]) == (recipient, 0)


async def test_what_has_left_cannot_be_sent_elsewhere(http, database: Database):
    order = await place(database)
    await change(database, handlers.pay_order, pays(order))
    await change(database, handlers.note_shipment, ships(order, "shipped", shipped=True))
    refused = await ask(http, order)
    assert (refused.status_code, refused.json()["code"]) == (409, "order.already_shipped")
    assert (await seen(http, order))["address_changes_pending"] == 0


async def test_the_address_stays_out_of_the_story_and_of_remembered_answers(http, database: Database):
    order = await place(database)
    await ask(http, order)
    async with database.read() as connection:
        for table in ("order_history", "idempotency_keys"):
            rows = (await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()
            assert rows
            assert "63122" not in str(rows)
