"""Lines of paid orders that become another option, told by orders: on real PostgreSQL."""

import itertools
from contextlib import contextmanager
from datetime import timedelta

import pytest
from services.catalog.tests.asking import a_hold, at, balanced, numbers, put, status
from services.catalog.tests.builders import (
    a_stored_product,
    option_changed,
    option_refused,
    order_cancelled,
    order_paid,
)
from sqlalchemy import event, text

from catalog import consumer, jobs
from common import ids
from common.clock import Clock
from common.testing import deliver, processor, published, record_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def order_id(shelf):
    """Ten of A and of B; three of A are sold to the order."""
    made = ids.new_id()
    await hear(shelf, order_paid(made, A=3))
    return made


async def hear(database, *events):
    """Each fact twice, the second time in a new message."""
    for fact in events:
        await deliver(database, consumer.handlers(), fact)
        await deliver(database, consumer.handlers(), fact)


async def test_the_old_units_are_free_and_the_new_ones_sold_and_cancelled_as_such(http, internal, shelf, order_id):
    change_id = ids.new_id()
    await put(http, internal, change_id, B=3)
    assert [await numbers(shelf, sku) for sku in "AB"] == [(7, 0, 3), (10, 3, 0)]
    await hear(shelf, option_changed(order_id, change_id, "A", "B", 3))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(10, 0, 0), (7, 0, 3)]
    assert (await put(http, internal, change_id, B=3)).json()["code"] == "reservation.closed"
    await hear(shelf, order_cancelled(order_id, was_paid=True, whole=False, B=1))
    await jobs.post_movements(shelf)
    assert [await numbers(shelf, sku) for sku in "AB"] == [(10, 0, 0), (8, 0, 2)]
    assert await balanced(shelf)


async def test_refused_the_hold_is_free(http, internal, shelf, order_id):
    change_id = ids.new_id()
    await put(http, internal, change_id, B=3)
    await hear(shelf, option_refused(order_id, change_id, "A", "B", 3))
    assert await status(http, internal, change_id) == "released"
    assert [await numbers(shelf, sku) for sku in "AB"] == [(7, 0, 3), (10, 0, 0)]
    assert await balanced(shelf)


async def test_a_set_is_exchanged_in_its_parts(http, internal, shelf, order_id):
    await a_stored_product(shelf, "GIFT", slug="gift", parts={"A": 2, "B": 1})
    change_id = ids.new_id()
    await put(http, internal, change_id, GIFT=3)
    assert [await numbers(shelf, sku) for sku in "AB"] == [(7, 6, 3), (10, 3, 0)]
    await hear(shelf, option_changed(order_id, change_id, "A", "GIFT", 3))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(4, 0, 6), (7, 0, 3)]
    await hear(shelf, order_cancelled(order_id, was_paid=True, GIFT=3))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(10, 0, 0), (10, 0, 0)]
    assert await balanced(shelf)


async def ran_out(http, internal, shelf, change_id):
    body = a_hold(expires_in_seconds=1, B=3)
    await http.put(f"/internal/reservations/{change_id}", headers=internal, json=body)
    await jobs.expire_holds(at(shelf, Clock().now() + timedelta(minutes=1)))


async def test_a_hold_that_ran_out_is_taken_again(http, internal, shelf, order_id):
    change_id = ids.new_id()
    await ran_out(http, internal, shelf, change_id)
    assert await numbers(shelf, "B") == (10, 0, 0)
    await hear(shelf, option_changed(order_id, change_id, "A", "B", 3))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(10, 0, 0), (7, 0, 3)]
    assert await balanced(shelf)


async def test_where_somebody_else_has_them_orders_hears_that_they_are_gone(http, internal, shelf, order_id):
    change_id = ids.new_id()
    await ran_out(http, internal, shelf, change_id)
    await put(http, internal, ids.new_id(), B=9)
    await published(shelf, clear=True)
    await hear(shelf, option_changed(order_id, change_id, "A", "B", 3))
    (told,) = [said for said in await published(shelf) if said.type == "stock-unavailable"]
    assert (told.order_id, told.shortages[0].sku, told.shortages[0].available) == (order_id, "B", 1)
    assert [await numbers(shelf, sku) for sku in "AB"] == [(10, 0, 0), (10, 9, 0)]
    await hear(shelf, order_cancelled(order_id, was_paid=True, B=3))
    assert [await numbers(shelf, sku) for sku in "AB"] == [(10, 0, 0), (10, 9, 0)]
    assert await balanced(shelf)


class Killed(BaseException):
    """The process dies here: nothing after it runs."""


@contextmanager
def dying_at(database, number):
    """Before its statement of this number; the first is 1."""
    left = itertools.count(number, -1)

    def strike(*_):
        if next(left) == 1:
            raise Killed

    event.listen(database.engine.sync_engine, "before_cursor_execute", strike)
    try:
        yield
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", strike)


_TABLES = (
    "stock", "stock_movements", "pending_movements", "reservations", "reservation_lines", "outbox", "inbox",
    "parked_keys", "dead_letters",
)  # fmt: skip


async def everything(database):
    async with database.read() as connection:
        return {table: sorted(map(repr, await connection.execute(text(f"SELECT * FROM {table}")))) for table in _TABLES}


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        ("there", [(9, 0, 0), (7, 0, 3)]),
        ("ran out", [(9, 0, 0), (7, 0, 3)]),
        ("gone", [(9, 0, 0), (10, 9, 0)]),
    ],
)
async def test_a_crash_at_any_statement_leaves_all_as_it_was_and_the_event_comes_again(
    http, internal, shelf, order_id, hold, expected
):
    change_id = ids.new_id()
    if hold == "there":
        await put(http, internal, change_id, B=3)
    else:
        await ran_out(http, internal, shelf, change_id)
    if hold == "gone":
        await put(http, internal, ids.new_id(), B=9)
    listening = processor(shelf, consumer.handlers())
    record = record_of(option_changed(order_id, change_id, "A", "B", 3, short={"A": 1}))
    before = await everything(shelf)
    died = 0
    while True:
        with dying_at(shelf, died + 1):
            try:
                await listening.process([record])
                break
            except Killed:
                died += 1
        assert await everything(shelf) == before
    assert died > 8
    assert [await numbers(shelf, sku) for sku in "AB"] == expected
    done = await everything(shelf)
    assert (done["parked_keys"], done["dead_letters"]) == ([], [])
    await listening.process([record])
    assert await everything(shelf) == done
    await jobs.post_movements(shelf)
    assert [await numbers(shelf, sku) for sku in "AB"] == expected
    assert await balanced(shelf)
