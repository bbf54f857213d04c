"""What users of other shops complained about, as far as a cart can do it wrong, by its number in that list."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from services.cart.tests.builders import (
    a_product_published,
    a_variant,
    an_order_cancelled,
    an_order_placed,
    refusal,
    the_terms,
)
from sqlalchemy import event, text

from cart import handlers
from cart.commands import AddLine, Holder
from common import ids
from common.testing import published
from contracts.carts import CartChanged

pytestmark = pytest.mark.integration

OFF = {"kind": "amount_off", "amount": 1000}


@contextmanager
def statements(database) -> Iterator[list[str]]:
    """Every SQL statement that the database is asked meanwhile, transaction control left out."""
    seen: list[str] = []

    def asked(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", asked)
    try:
        yield seen
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", asked)


async def test_peer_03_two_lines_of_one_sku_are_never_checked_each_alone(shop):
    """The same SKU twice is one line; beside a gift of it the quote names the SKU in both, for orders to add up."""
    await shop.promotes({"kind": "gift", "sku": "GR-500"}, gift_stock=5)
    path, holder = await shop.fills(quantity=2)
    await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 1}, headers=holder)
    lines = (await shop.freezes(path, holder)).json()["lines"]
    assert [(line["sku"], line["kind"], line["quantity"]) for line in lines] == [
        ("GR-500", "item", 3),
        ("GR-500", "gift", 1),
    ]


async def test_peer_04_counters_are_what_the_rows_say_after_a_storm(shop):
    await shop.promotes({"kind": "gift", "sku": "GR-500"}, gift_stock=4)
    promotion = await shop.promotes(OFF, needs_coupon=True)
    await shop.makes_coupon(promotion, code="STORM", most_uses=3)
    carts = [await shop.fills() for _ in range(6)]
    for path, holder in carts:
        await shop.http.post(f"{path}/coupons", json={"code": "STORM"}, headers=holder)
    orders = [ids.new_id() for _ in carts]
    await asyncio.gather(
        *(shop.freezes(*cart, order) for cart, order in zip(carts, orders, strict=True)),
        *(shop.releases(cart[0], order) for cart, order in zip(carts, orders, strict=True)),
    )
    await asyncio.gather(*(shop.freezes(*cart, order) for cart, order in zip(carts, orders, strict=True)))
    counted = await shop.taken()
    assert [(kind, taken) for kind, taken, _ in counted] == [("coupon", 3), ("gift", 3)]
    assert all(taken == rows for _, taken, rows in counted)


async def test_peer_05_the_loser_of_a_race_leaves_nothing_behind(shop, database):
    promotion = await shop.promotes(OFF, needs_coupon=True)
    await shop.makes_coupon(promotion, code="LAST", most_uses=1)
    carts = [await shop.fills() for _ in range(3)]
    for path, holder in carts:
        await shop.http.post(f"{path}/coupons", json={"code": "LAST"}, headers=holder)
    answers = await asyncio.gather(*(shop.freezes(*cart) for cart in carts))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    async with database.read() as connection:
        left = await connection.execute(
            text(
                "SELECT (SELECT count(*) FROM frozen_quotes), (SELECT count(*) FROM allowance_uses),"
                " (SELECT count(*) FROM carts WHERE frozen_order_id IS NOT NULL)"
            )
        )
    assert tuple(left.one()) == (1, 1, 1)


async def test_peer_09_the_same_news_three_times_at_once_counts_once(shop):
    promotion = await shop.promotes(OFF, needs_coupon=True)
    await shop.makes_coupon(promotion, code="ONCE", most_uses=5)
    path, holder = await shop.fills()
    await shop.http.post(f"{path}/coupons", json={"code": "ONCE"}, headers=holder)
    order = ids.new_id()
    await shop.freezes(path, holder, order)
    await asyncio.gather(*(shop.hears(an_order_placed(order)) for _ in range(3)))
    assert await shop.taken() == [("coupon", 1, 1)]


async def test_peer_11_a_second_tab_does_not_order_the_same_cart(shop):
    path, holder = await shop.fills()
    first, second = await asyncio.gather(shop.freezes(path, holder), shop.freezes(path, holder))
    assert sorted((first.status_code, second.status_code)) == [200, 409]


async def test_peer_12_a_cart_is_not_done_before_its_order_was_placed(shop):
    path, holder = await shop.fills()
    order = ids.new_id()
    for _ in range(2):
        await shop.freezes(path, holder, order)
        assert (await shop.http.get(path, headers=holder)).json()["status"] == "open"
    await shop.releases(path, order)
    assert (await shop.http.get(path, headers=holder)).json()["status"] == "open"
    await shop.freezes(path, holder, order)
    await shop.hears(an_order_placed(order))
    assert (await shop.http.get(path, headers=holder)).json()["status"] == "ordered"


async def test_peer_18_a_cancel_gives_back_exactly_once_and_never_goes_below_nothing(shop):
    await shop.promotes({"kind": "gift", "sku": "GR-500"}, gift_stock=2)
    order, other = ids.new_id(), ids.new_id()
    first, second = await shop.fills(), await shop.fills()
    await shop.freezes(*first, order)
    await shop.freezes(*second, other)
    await shop.releases(first[0], order)
    for _ in range(3):
        await shop.hears(an_order_cancelled(order))
    assert await shop.taken() == [("gift", 1, 1)]


async def test_peer_19_one_change_is_said_once_and_no_change_not_at_all(shop, database):
    path, holder = await shop.fills(quantity=2)
    (said,) = await published(database, clear=True)
    assert isinstance(said, CartChanged)
    line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
    await shop.http.patch(f"{path}/lines/{line}", json={"quantity": 2}, headers=holder)
    assert await published(database) == []


async def test_peer_20_nothing_is_said_of_a_change_that_was_refused(shop, database):
    path, holder = await shop.fills()
    await published(database, clear=True)
    refused = await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 99}, headers=holder)
    assert refusal(refused) == (422, "cart.quantity_too_large")
    assert await published(database) == []


async def test_peer_22_putting_something_in_costs_as_many_statements_in_a_full_cart_as_in_an_empty_one(shop, database):
    """And as many with twenty promotions as with none: one statement asks for all of them."""
    terms = the_terms(max_lines=100)
    await shop.hears(*(a_product_published(a_variant(f"S{number}", 1000)) for number in range(30)))
    path, headers = await shop.opens()
    cart = await shop.http.get(path, headers=headers)
    holder = Holder(UUID(cart.json()["id"]), ids.token_hash(headers["X-Cart-Token"]))

    async def asked(number: int) -> int:
        with statements(database) as seen:
            async with database.transaction() as tx:
                await handlers.add_line(holder, AddLine(ids.new_id(), f"S{number}", 1), terms, tx)
        return len(seen)

    counts = [await asked(number) for number in range(25)]
    for _ in range(20):
        await shop.promotes(OFF)
    counts += [await asked(number) for number in range(25, 30)]
    assert set(counts) == {6}


async def test_peer_23_a_cart_is_read_with_the_same_few_statements_however_full_it_is(shop, database):
    path, headers = await shop.fills()
    with statements(database) as few:
        await shop.http.get(path, headers=headers)
    await shop.hears(*(a_product_published(a_variant(f"S{number}", 1000)) for number in range(2)))
    for number in range(2):
        await shop.http.post(f"{path}/lines", json={"sku": f"S{number}", "quantity": 1}, headers=headers)
    with statements(database) as more:
        await shop.http.get(path, headers=headers)
    assert len(few) == len(more) == 4
