"""Units that a centre was asked for and does not have: nobody buys them again."""

import pytest
from services.catalog.tests.asking import balanced, numbers, put
from services.catalog.tests.builders import a_stored_product, option_changed, order_cancelled, order_paid
from sqlalchemy import text

from catalog import consumer, jobs
from catalog.commands import ApplyCount
from catalog.handlers import stock
from common import ids
from common.clock import Clock
from common.testing import deliver, published
from contracts.shipments import StockCounted

pytestmark = pytest.mark.integration


async def hear(database, *events):
    """Each fact twice, the second time in a new message."""
    for event in events:
        await deliver(database, consumer.handlers(), event)
        await deliver(database, consumer.handlers(), event)


async def story(database, sku, order_id):
    """What an order moved of a SKU, once everything is in the counters."""
    await jobs.post_movements(database)
    async with database.read() as connection:
        rows = await connection.execute(
            text(
                "SELECT reason, delta_on_hand FROM stock_movements WHERE sku = :sku AND reference = :order ORDER BY id"
            ),
            {"sku": sku, "order": str(order_id)},
        )
        return [tuple(row) for row in rows]


async def test_are_not_sold_again_and_the_others_of_the_line_are(http, internal, shelf):
    order_id = ids.new_id()
    await hear(shelf, order_paid(order_id, A=9, B=2))
    await hear(shelf, order_cancelled(order_id, was_paid=True, short={"A": 4}, A=9, B=2))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(6, 0, 0), (10, 0, 0)]
    assert (await put(http, internal, ids.new_id(), A=7)).json()["code"] == "stock.insufficient"
    assert (await put(http, internal, ids.new_id(), A=6)).status_code == 200
    assert await balanced(shelf)
    moved = [("reserved", 0), ("sold", -9), ("restocked", 9), ("shortage", -4)]
    assert await story(shelf, "A", order_id) == moved
    assert await numbers(shelf, "A") == (6, 6, 0)
    assert await balanced(shelf)


async def test_alone_they_change_nothing_that_others_could_buy(shelf):
    order_id = ids.new_id()
    await hear(shelf, order_paid(order_id, A=10))
    await jobs.post_movements(shelf)
    await published(shelf, clear=True)
    await hear(shelf, order_cancelled(order_id, was_paid=True, short={"A": 10}, A=10))
    await jobs.post_movements(shelf)
    assert await published(shelf) == []
    assert await numbers(shelf, "A") == (0, 0, 0)
    assert await balanced(shelf)


async def test_of_a_set_only_the_part_that_is_short_leaves(shelf):
    await a_stored_product(shelf, "GIFT", slug="gift", parts={"A": 2, "B": 1})
    order_id = ids.new_id()
    await hear(shelf, order_paid(order_id, GIFT=2, A=1))
    await hear(shelf, order_cancelled(order_id, was_paid=True, whole=False, short={"A": 1}, GIFT=1))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(6, 0, 3), (9, 0, 1)]
    await hear(shelf, order_cancelled(order_id, was_paid=True, short={"B": 1}, GIFT=1, A=1))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(9, 0, 0), (9, 0, 0)]
    assert await balanced(shelf)


async def test_a_set_that_the_centre_knew_by_its_name_alone_is_short_of_all_its_parts(shelf):
    await a_stored_product(shelf, "GIFT", slug="gift", parts={"A": 2, "B": 1})
    order_id = ids.new_id()
    await hear(shelf, order_paid(order_id, GIFT=2))
    await hear(shelf, order_cancelled(order_id, was_paid=True, short={"GIFT": 1}, GIFT=2))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(8, 0, 0), (9, 0, 0)]


async def test_what_was_not_cancelled_is_not_short(shelf):
    """More than came back, of what the order never had, of an order that was cancelled before."""
    order_id = ids.new_id()
    await hear(shelf, order_paid(order_id, A=2))
    await hear(shelf, order_cancelled(order_id, was_paid=True, short={"A": 5, "B": 1, "GONE": 1}, A=5))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(8, 0, 0), (10, 0, 0)]
    await hear(shelf, order_cancelled(order_id, was_paid=True, short={"A": 1}, A=1))
    await hear(shelf, order_cancelled(ids.new_id(), was_paid=True, short={"A": 1}, A=1))
    assert await numbers(shelf, "A") == (8, 0, 0)
    assert await balanced(shelf)


async def test_of_another_option_the_old_units_that_are_short_are_not_sold_again(http, internal, shelf):
    order_id, change_id = ids.new_id(), ids.new_id()
    await hear(shelf, order_paid(order_id, A=3))
    await put(http, internal, change_id, B=3)
    await hear(shelf, option_changed(order_id, change_id, "A", "B", 3, short={"A": 2}))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(8, 0, 0), (7, 0, 3)]
    assert await story(shelf, "A", order_id) == [("reserved", 0), ("sold", -3), ("restocked", 3), ("shortage", -2)]
    assert await balanced(shelf)


async def test_a_count_finds_the_books_right(shelf):
    """Two of ten are lost. The centre counts while five are sold, is short of two when six are, and counts again."""
    first, second = ids.new_id(), ids.new_id()
    await hear(shelf, order_paid(first, A=4))
    before = a_count(8)  # four of them sold
    await hear(shelf, order_paid(second, A=6), before)
    await hear(shelf, order_cancelled(second, was_paid=True, short={"A": 2}, A=6))
    assert await numbers(shelf, "A") == (4, 0, 4)
    after = a_count(8)
    await hear(shelf, after)
    assert await applied(shelf, after, sold_not_shipped=4) == 0
    assert await applied(shelf, before, sold_not_shipped=4) == 0
    assert await numbers(shelf, "A") == (4, 0, 4)
    found_again = a_count(10)
    await hear(shelf, found_again)
    assert await applied(shelf, found_again, sold_not_shipped=4) == 2
    assert await numbers(shelf, "A") == (6, 0, 4)
    assert await balanced(shelf)


def a_count(on_hand):
    return StockCounted(count_id=ids.new_id(), centre="icheon", sku="A", on_hand=on_hand, counted_at=Clock().now())


async def applied(database, count, *, sold_not_shipped):
    """By how much the books were corrected."""
    async with database.transaction() as tx:
        _, difference = await stock.apply_count(ApplyCount(count.count_id, "A", sold_not_shipped, "hana"), tx)
    return difference
