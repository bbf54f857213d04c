"""Many at once: nobody gets a unit that somebody else has, and nobody waits in a circle."""

import asyncio

import pytest
from services.catalog.tests.asking import balanced, numbers, put
from services.catalog.tests.builders import a_mall, a_stored_product, order_paid
from sqlalchemy import text

from catalog import consumer, jobs
from common import ids
from common.testing import deliver, published

pytestmark = pytest.mark.integration


class TestConcurrentHolds:
    async def test_two_hundred_orders_for_fifty_units_hold_exactly_fifty(self, http, internal, database):
        await a_mall(database)
        await a_stored_product(database, "HOT", units=50)
        answers = await asyncio.gather(*(put(http, internal, ids.new_id(), HOT=1) for _ in range(200)))
        codes = [answer.status_code for answer in answers]
        assert (codes.count(200), codes.count(409)) == (50, 150)
        assert await numbers(database, "HOT") == (50, 50, 0)
        assert await balanced(database)

    async def test_orders_that_share_skus_in_opposite_orders_never_deadlock(self, http, internal, database):
        await a_mall(database)
        await a_stored_product(database, "A", "B", "C", units=300)
        baskets = [{"A": 1, "B": 1, "C": 1}, {"C": 1, "B": 1, "A": 1}, {"B": 2, "A": 1}]
        wanted = [baskets[number % 3] for number in range(90)]
        answers = await asyncio.gather(*(put(http, internal, ids.new_id(), **units) for units in wanted))
        assert {answer.status_code for answer in answers} == {200}
        assert await numbers(database, "A") == (300, 90, 0)
        assert await balanced(database)

    async def test_one_order_asked_for_by_many_at_once_is_one_reservation(self, http, internal, shelf):
        order_id = ids.new_id()
        answers = await asyncio.gather(*(put(http, internal, order_id, A=2) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert await numbers(shelf, "A") == (10, 2, 0)

    async def test_holds_releases_and_posting_at_once_keep_the_books(self, http, internal, database):
        await a_mall(database)
        await a_stored_product(database, "A", "B", units=5)

        async def customer():
            order_id = ids.new_id()
            answer = await put(http, internal, order_id, A=1, B=2)
            if answer.status_code == 200:
                await http.delete(f"/internal/reservations/{order_id}", headers=internal)
            return answer.status_code

        async def poster():
            for _ in range(10):
                await jobs.post_movements(database)

        codes, *_ = await asyncio.gather(asyncio.gather(*(customer() for _ in range(60))), poster(), poster())
        assert set(codes) <= {200, 409}
        await jobs.post_movements(database)
        assert await numbers(database, "A") == (5, 0, 0)
        assert await balanced(database)


class TestPostMovements:
    async def test_many_sales_of_a_sku_are_told_once(self, http, internal, shelf):
        orders = [ids.new_id() for _ in range(3)]
        for order_id in orders:
            await put(http, internal, order_id, A=1)
        await deliver(shelf, consumer.handlers(), *(order_paid(order_id, A=1) for order_id in orders))
        await jobs.post_movements(shelf)
        (told,) = await published(shelf)
        assert (told.on_hand, told.reserved, told.reason, told.reference) == (7, 0, "sold", None)

    async def test_two_posters_at_once_count_every_movement_once(self, http, internal, shelf):
        orders = [ids.new_id() for _ in range(10)]
        for order_id in orders:
            await put(http, internal, order_id, A=1)
        await deliver(shelf, consumer.handlers(), *(order_paid(order_id, A=1) for order_id in orders))
        await asyncio.gather(*(jobs.post_movements(shelf) for _ in range(4)))
        assert await numbers(shelf, "A") == (0, 0, 10)
        assert await balanced(shelf)

    async def test_a_sku_that_cannot_be_posted_holds_up_no_other(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, B=1)
        await deliver(shelf, consumer.handlers(), order_paid(order_id, B=1))
        async with shelf.transaction() as tx:
            await tx.connection.execute(
                text(
                    "INSERT INTO pending_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
                    " VALUES ('A', -99, -99, 'sold', 'a defect', now())"
                )
            )
        with pytest.raises(Exception, match="check constraint"):
            await jobs.post_movements(shelf)
        assert await numbers(shelf, "B") == (9, 0, 1)
        assert (await published(shelf))[0].sku == "B"
