"""Sending an order elsewhere before it leaves."""

from __future__ import annotations

import asyncio

import pytest
from services.orders.tests.builders import NOW, a_body, a_contact, pays, ships
from services.orders.tests.fakes import TOKEN_KEY, FakeCart, staff
from services.orders.tests.stored import change, order_token, place

from common import ids, testing
from common.db import Database
from contracts.shipments import ShipmentAddressDecided
from orders import handlers
from orders.commands import ChangeAddress, ShipTo
from orders.consumer import handlers_by_event
from orders.domain import Order
from orders.errors import AddressChanged

pytestmark = pytest.mark.integration

ELSEWHERE = a_body(ids.new_id())["ship_to"] | {"recipient": "최강산", "zonecode": "63122", "memo": None}

ELSEWHERE_BEFORE = a_contact().zonecode
STAFF = staff("orders")


async def ask(http, order: Order, key: str = "move", *, by: dict[str, str] | None = None, **more: str):
    headers = (by or {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}) | {"Idempotency-Key": key}
    return await http.post(f"/v1/orders/{order.order_id}/ship-to", json=ELSEWHERE | more, headers=headers)


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


class TestFartherPlace:
    """Jeju, for an order that goes to Seoul."""

    async def test_nothing_moves_before_the_difference_is_paid(self, http, database: Database, cart: FakeCart):
        cart.surcharges = {"63122": 5000, ELSEWHERE_BEFORE: 2000}
        order = await place(database)
        await testing.published(database, clear=True)
        refused = await ask(http, order)
        assert (refused.status_code, refused.json()["code"]) == (409, "order.surcharge_due")
        assert refused.json()["surcharge"] == {"amount": 3000, "currency": "KRW"}
        by_customer = await ask(http, order, surcharge_paid_by="waived")
        assert (by_customer.status_code, by_customer.json()["code"]) == (403, "auth.forbidden")
        after = await seen(http, order)
        assert (after["address_changes_pending"], after["charges"]) == (0, [])
        assert await testing.published(database) == []

    async def test_a_coupon_that_freed_far_places_still_does(self, http, database: Database, cart: FakeCart):
        cart.surcharges = {"63122": 5000}
        order = await place(database)
        cart.far_places_free.add(order.order_id)
        moved = await ask(http, order)
        assert moved.status_code == 202, moved.text
        assert (await seen(http, order))["charges"] == []

    @pytest.mark.parametrize(("accepted", "kept"), [(True, "kept"), (False, "owed")])
    async def test_what_was_paid_for_a_move_that_is_off_is_owed_back(
        self, http, database: Database, cart: FakeCart, accepted, kept
    ):
        cart.surcharges = {"63122": 3000}
        order = await place(database)
        asked = await ask(http, order, by=STAFF, surcharge_paid_by="bank_transfer")
        assert asked.status_code == 202
        change_id = asked.json()["change_id"]
        await testing.deliver(database, handlers_by_event(), answer(order, change_id, accepted=accepted))
        (charge,) = (await seen(http, order))["charges"]
        assert (charge["subject"], charge["amount"]["amount"], charge["status"]) == (change_id, 3000, kept)
        path = f"/v1/orders/{order.order_id}/charges/{change_id}/returned"
        back = await http.post(path, headers=STAFF)
        if accepted:
            assert (back.status_code, back.json()["code"]) == (409, "order.no_charge_owed")
        else:
            assert [each["status"] for each in back.json()["charges"]] == ["returned"]
            assert (await http.post(path, headers=STAFF)).json() == back.json()
        assert (await seen(http, order))["total_amount"]["amount"] == order.total_amount

    async def test_a_place_that_is_not_decided_is_charged_once(self, http, database: Database, cart: FakeCart):
        cart.surcharges = {"63122": 3000}
        order = await place(database)
        paid = [ask(http, order, f"move {number}", by=STAFF, surcharge_paid_by="bank_transfer") for number in range(3)]
        answers = await asyncio.gather(*paid)
        assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
        codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert codes == {"order.address_change_pending"}
        assert [each["amount"]["amount"] for each in (await seen(http, order))["charges"]] == [3000]

    async def test_a_nearer_place_costs_and_gives_back_nothing(self, http, database: Database, cart: FakeCart):
        cart.surcharges = {ELSEWHERE_BEFORE: 5000}
        order = await place(database)
        assert (await ask(http, order)).status_code == 202
        assert (await seen(http, order))["charges"] == []

    async def test_nobody_guesses_a_price_while_cart_is_away(self, http, database: Database, cart: FakeCart):
        cart.down = True
        order = await place(database)
        assert (await ask(http, order)).status_code == 503
        assert (await seen(http, order))["address_changes_pending"] == 0


async def test_an_address_that_changed_meanwhile_is_priced_anew(database: Database):
    order = await place(database)
    ship_to = ShipTo(**ELSEWHERE, jibun_address=None)
    command = ChangeAddress(order.order_id, ids.new_id(), "customer", ship_to, from_zonecode="00000")
    with pytest.raises(AddressChanged):
        await change(database, handlers.change_address, command)


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
