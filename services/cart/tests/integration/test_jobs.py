from datetime import timedelta

import pytest
from services.cart.tests.builders import an_order_placed
from sqlalchemy import text

from cart.jobs import jobs
from common import ids
from common.testing import published
from contracts.carts import CartAbandoned

pytestmark = pytest.mark.integration

IDLE, KEPT, HELD = timedelta(minutes=60), timedelta(days=90), timedelta(minutes=60)


async def run(database, name: str) -> None:
    (job,) = [job for job in jobs(database, idle=IDLE, kept=KEPT, held=HELD) if job.name == name]
    await job.run()


async def abandoned(database) -> list[CartAbandoned]:
    await run(database, "abandoned-carts")
    return [event for event in await published(database, clear=True) if isinstance(event, CartAbandoned)]


class TestAbandonedCarts:
    async def test_is_said_once_per_time_of_rest(self, shop, database, clock):
        path, holder = await shop.fills(quantity=2)
        clock.advance(IDLE)
        assert await abandoned(database) == []
        clock.advance(timedelta(seconds=1))
        (event,) = await abandoned(database)
        assert (str(event.cart_id), event.mall_id, event.channel) == (path.rsplit("/", 1)[1], "intake", "pc")
        assert [(line.sku, line.quantity) for line in event.lines] == [("GR-500", 2)]
        clock.advance(10 * IDLE)
        assert await abandoned(database) == []

        await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 1}, headers=holder)
        clock.advance(IDLE + timedelta(seconds=1))
        (again,) = await abandoned(database)
        assert again.lines[0].quantity == 3

    async def test_reading_a_cart_is_no_change(self, shop, database, clock):
        path, holder = await shop.fills()
        clock.advance(IDLE + timedelta(seconds=1))
        await shop.http.get(path, headers=holder)
        assert len(await abandoned(database)) == 1

    async def test_empty_and_ordered_carts_are_not_missed(self, shop, database, clock):
        await shop.opens()
        path, holder = await shop.fills()
        order = ids.new_id()
        await shop.freezes(path, holder, order)
        await shop.hears(an_order_placed(order))
        clock.advance(2 * IDLE)
        assert await abandoned(database) == []

    async def test_more_than_a_batch_are_each_said_once(self, shop, database, clock):
        for _ in range(105):
            await shop.fills()
        clock.advance(2 * IDLE)
        told = await abandoned(database)
        assert len(told) == len({event.cart_id for event in told}) == 105

    async def test_a_cart_being_changed_is_left_for_the_next_turn(self, shop, database, clock):
        await shop.fills()
        clock.advance(2 * IDLE)
        async with database.transaction() as tx:
            await tx.connection.execute(text("SELECT id FROM carts FOR UPDATE"))
            assert await abandoned(database) == []
        assert len(await abandoned(database)) == 1


class TestOldCarts:
    async def test_go_with_their_lines_and_quotes(self, shop, database, clock):
        path, holder = await shop.fills()
        await shop.freezes(path, holder)
        clock.advance(KEPT / 2)
        young, young_holder = await shop.fills()
        clock.advance(KEPT / 2 + timedelta(seconds=1))
        await run(database, "old-carts")
        assert (await shop.http.get(path, headers=holder)).status_code == 404
        assert (await shop.http.get(young, headers=young_holder)).status_code == 200
        async with database.read() as connection:
            left = await connection.execute(
                text("SELECT (SELECT count(*) FROM cart_lines), (SELECT count(*) FROM frozen_quotes)")
            )
        assert tuple(left.one()) == (1, 0)
