"""Whatever happens in whatever order: no unit is promised twice, and the books can be rebuilt."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.catalog.tests.builders import (
    MALL,
    NOW,
    a_mall,
    a_stored_product,
    order_cancelled,
    order_paid,
    order_placed,
    receive,
)
from sqlalchemy import text

from catalog import consumer, jobs
from catalog.commands import ExpireHold, HoldStock, ReleaseHold
from catalog.errors import OutOfStock, ReservationClosed, ReservationDiffers
from catalog.handlers import reservations
from catalog.repository import audit
from common import ids, testing
from common.clock import FixedClock
from common.db import Database
from common.testing import processor, published, record_of
from contracts.stock import StockUnavailable

pytestmark = pytest.mark.integration

SKUS = ("A", "B")
ORDERS = [ids.new_id() for _ in range(4)]
CANCELS = [ids.new_id() for _ in range(3)]

orders = st.sampled_from(ORDERS)
units = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)
steps = st.one_of(
    st.tuples(st.just("hold"), orders, units),
    st.tuples(st.just("release"), orders),
    st.tuples(st.just("expire"), orders),
    st.tuples(st.just("placed"), orders, units),
    st.tuples(st.just("paid"), orders, units),
    st.tuples(
        st.just("cancelled"),
        orders,
        units,
        st.booleans(),
        st.sampled_from(CANCELS),
        st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4)),
    ),
    st.tuples(st.just("post")),
    st.tuples(st.just("receive"), st.sampled_from(SKUS), st.integers(1, 3)),
)
_MISSED = text(
    "SELECT coalesce(-sum(delta_on_hand), 0) FROM (SELECT reason, delta_on_hand FROM stock_movements"
    " UNION ALL SELECT reason, delta_on_hand FROM pending_movements) moved WHERE reason = 'shortage'"
)


async def take_step(database: Database, later: Database, step) -> int:
    """Does it and returns how many units were received."""
    match step:
        case ("hold", order_id, lines):
            try:
                async with database.transaction() as tx:
                    await reservations.hold_stock(HoldStock(order_id, MALL, lines, NOW), tx)
            except (OutOfStock, ReservationClosed, ReservationDiffers):
                pass
        case ("release", order_id):
            async with database.transaction() as tx:
                await reservations.release_hold(ReleaseHold(order_id), tx)
        case ("expire", order_id):
            async with later.transaction() as tx:
                await reservations.expire_hold(ExpireHold(order_id), tx)
        case ("placed", order_id, lines):
            await testing.deliver(database, consumer.handlers(), order_placed(order_id, **lines))
        case ("paid", order_id, lines):
            await testing.deliver(database, consumer.handlers(), order_paid(order_id, **lines))
        case ("cancelled", order_id, lines, whole, cancel_id, short):
            fact = order_cancelled(order_id, was_paid=True, whole=whole, cancel_id=cancel_id, short=short, **lines)
            await testing.deliver(database, consumer.handlers(), fact)
        case ("post",):
            await jobs.post_movements(database)
        case ("receive", sku, quantity):
            await receive(database, **{sku: quantity})
            return quantity
    return 0


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, max_size=25))
async def test_any_sequence_keeps_the_books(migrated, sequence):
    await testing.empty(migrated)
    later = Database(migrated.engine, FixedClock(NOW), migrated.schema)
    await a_mall(migrated)
    await a_stored_product(migrated, *SKUS, units=5)
    received = 5 * len(SKUS)
    for step in sequence:
        received += await take_step(migrated, later, step)
        async with migrated.read() as connection:
            books = await audit.run(connection)
            missed = int(await connection.scalar(_MISSED))
        assert books["wrong"] == []
        assert books["on_hand"] + books["sold"] + missed == received
        assert 0 <= books["reserved"] <= books["on_hand"]
        assert books["sold"] + books["reserved"] <= received
    await jobs.post_movements(migrated)
    async with migrated.read() as connection:
        assert (await audit.run(connection))["wrong"] == []
        assert await connection.scalar(text("SELECT count(*) FROM pending_movements")) == 0


async def test_batches_of_many_partitions_with_skus_in_opposite_orders_never_wait_for_each_other(database):
    """Each partition handles its batch in one transaction; counters touched there would deadlock."""
    await a_mall(database)
    await a_stored_product(database, "A", "B", units=400)
    process = processor(database, consumer.handlers())
    batches = []
    for number in range(8):
        skus = SKUS if number % 2 else tuple(reversed(SKUS))
        held = [(ids.new_id(), {sku: 1}) for _ in range(10) for sku in skus]
        for order_id, lines in held:
            async with database.transaction() as tx:
                await reservations.hold_stock(HoldStock(order_id, MALL, lines, NOW), tx)
        batches.append([record_of(order_paid(order_id, **lines)) for order_id, lines in held])
    poster = asyncio.create_task(jobs.post_movements(database))
    await asyncio.gather(*(process.process(batch) for batch in batches))
    await poster
    await jobs.post_movements(database)
    async with database.read() as connection:
        books = await audit.run(connection)
        assert (
            await connection.scalar(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
            == 0
        )
    assert (books["sold"], books["reserved"], books["wrong"]) == (160, 0, [])


async def test_orders_placed_too_late_all_at_once_share_what_is_left(database):
    await a_mall(database)
    await a_stored_product(database, "A", units=20)
    process = processor(database, consumer.handlers())
    late = [record_of(order_placed(ids.new_id(), A=1)) for _ in range(60)]
    await asyncio.gather(*(process.process(late[start : start + 10]) for start in range(0, 60, 10)))
    async with database.read() as connection:
        books = await audit.run(connection)
    assert books["reservations"] == {"confirmed": 20, "short": 40}
    assert (books["reserved"], books["wrong"]) == (20, [])
    told = [event for event in await published(database) if isinstance(event, StockUnavailable)]
    assert len({event.order_id for event in told}) == len(told) == 40


async def test_an_event_handled_twice_has_one_effect(database):
    await a_mall(database)
    await a_stored_product(database, "A", units=20)
    record = record_of(order_paid(ids.new_id(), A=3))
    process = processor(database, consumer.handlers())
    await asyncio.gather(*(process.process([record]) for _ in range(5)))
    async with database.read() as connection:
        books = await audit.run(connection)
    assert (books["sold"], books["wrong"]) == (3, [])
