"""What users of other shops suffer most, each as a test that it does not happen here. The numbers are those of the list
of 25 that this shop keeps about its peers; what is missing in between is not of the catalogue.
"""

import asyncio

import pytest
from services.catalog.tests.asking import balanced, numbers, put, status
from services.catalog.tests.builders import a_stored_product, order_cancelled, order_paid, order_placed
from sqlalchemy import event, text

from catalog import consumer, jobs
from common import ids
from common.testing import deliver, published
from contracts.stock import StockChanged, StockUnavailable

pytestmark = pytest.mark.integration


async def test_peers_01_two_checkouts_for_the_last_unit(http, internal, shelf):
    await put(http, internal, ids.new_id(), A=9)
    answers = await asyncio.gather(*(put(http, internal, ids.new_id(), A=1) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert await numbers(shelf, "A") == (10, 10, 0)


async def test_peers_03_two_lines_of_one_item_are_checked_together(http, internal, shelf):
    await a_stored_product(shelf, "PAIR", parts={"A": 2})
    assert (await put(http, internal, ids.new_id(), A=5, PAIR=3)).status_code == 409
    assert (await put(http, internal, ids.new_id(), A=4, PAIR=3)).status_code == 200


async def test_peers_04_counters_equal_rows_after_reservations_at_once(http, internal, shelf):
    await asyncio.gather(*(put(http, internal, ids.new_id(), A=1, B=1) for _ in range(15)))
    assert await numbers(shelf, "A") == (10, 10, 0)
    assert await balanced(shelf)


async def test_peers_05_who_comes_too_late_leaves_nothing_behind(http, internal, shelf):
    order_id = ids.new_id()
    assert (await put(http, internal, order_id, A=1, B=11)).status_code == 409
    assert (await http.get(f"/internal/reservations/{order_id}", headers=internal)).status_code == 404
    async with shelf.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM stock_movements WHERE reason = 'reserved'")) == 0


async def test_peers_06_units_are_taken_before_the_payment(http, internal, shelf):
    order_id = ids.new_id()
    await put(http, internal, order_id, A=10)
    await deliver(shelf, consumer.handlers(), order_placed(order_id, A=10))
    assert (await put(http, internal, ids.new_id(), A=1)).status_code == 409
    await deliver(shelf, consumer.handlers(), order_paid(order_id, A=10))
    assert await numbers(shelf, "A") == (0, 0, 10)


async def test_peers_14_paid_with_no_units_left_is_told_so_that_the_money_goes_back(http, internal, shelf):
    await put(http, internal, ids.new_id(), A=10)
    order_id = ids.new_id()
    await deliver(shelf, consumer.handlers(), order_placed(order_id, A=1), order_paid(order_id, A=1))
    (told,) = [each for each in await published(shelf) if isinstance(each, StockUnavailable)]
    assert (told.order_id, told.shortages[0].sku) == (order_id, "A")
    assert await status(http, internal, order_id) == "short"


async def test_peers_18_a_cancel_gives_back_once_and_never_below_nothing(http, internal, shelf):
    order_id = ids.new_id()
    await put(http, internal, order_id, A=3)
    cancels = [order_cancelled(order_id, was_paid=False, A=3) for _ in range(2)]
    await deliver(shelf, consumer.handlers(), order_placed(order_id, A=3), *cancels, cancels[0])
    await http.delete(f"/internal/reservations/{order_id}", headers=internal)
    await jobs.post_movements(shelf)
    assert await numbers(shelf, "A") == (10, 0, 0)
    assert await balanced(shelf)


async def test_peers_19_one_change_is_told_once(http, staff, internal, shelf):
    product_id = await a_stored_product(shelf, "C", slug="c")
    await published(shelf, clear=True)
    for _ in range(3):
        await http.patch(f"/v1/products/{product_id}", headers=staff, json={"name": "같은 이름"})
        await put(http, internal, order_id := ids.new_id(), A=10)
        await http.delete(f"/internal/reservations/{order_id}", headers=internal)
    told = await published(shelf)
    assert [each.name for each in told if not isinstance(each, StockChanged)] == ["같은 이름"]
    sold_out = [each for each in told if isinstance(each, StockChanged) and each.reason == "sold_out"]
    assert len({each.reference for each in sold_out}) == len(sold_out) == 3


async def test_peers_20_a_change_that_does_not_happen_is_not_told(http, staff, internal, shelf):
    await published(shelf, clear=True)
    assert (await put(http, internal, ids.new_id(), A=10, B=11)).status_code == 409
    answer = await http.patch(
        "/v1/variants/A",
        headers=staff,
        json={"price": {"amount": 2, "currency": "KRW"}, "list_price": {"amount": 1, "currency": "KRW"}},
    )
    assert answer.status_code == 422
    assert await published(shelf) == []


async def test_peers_22_and_23_a_page_is_one_query_however_much_is_on_it(http, shelf):
    for number in range(12):
        await a_stored_product(shelf, *(f"P{number}-{variant}" for variant in range(4)))
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    event.listen(shelf.engine.sync_engine, "before_cursor_execute", note)
    try:
        page = await http.get("/v1/products", params={"mall": "intake", "limit": 100})
    finally:
        event.remove(shelf.engine.sync_engine, "before_cursor_execute", note)
    assert len(page.json()["items"]) == 13
    assert len([each for each in asked if "FROM products" in each]) == len(asked) == 1
