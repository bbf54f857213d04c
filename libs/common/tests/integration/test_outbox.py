import asyncio

import pytest
from sqlalchemy import text

from common import ids, outbox
from common.clock import Clock
from common.db import Database
from common.testing import published
from contracts.carts import CartChanged
from contracts.notifications import NotificationFailed

pytestmark = pytest.mark.integration


def a_cart_changed(cart_id=None, channel="pc") -> CartChanged:
    return CartChanged(
        cart_id=cart_id or ids.new_id(), mall_id="intake", channel=channel, lines=(), occurred_at=Clock().now()
    )


async def rows(database: Database):
    async with database.read() as connection:
        found = await connection.execute(text("SELECT id, aggregateid, seq, shard, type FROM outbox ORDER BY id"))
        return found.all()


class TestPublish:
    async def test_events_of_a_rolled_back_transaction_never_leave(self, database):
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                tx.publish(a_cart_changed())
                1 / 0  # noqa: B018
        assert await published(database) == []

    async def test_numbers_each_aggregate_without_gaps_within_and_across_transactions(self, database):
        first, second = ids.new_id(), ids.new_id()
        async with database.transaction() as tx:
            tx.publish(a_cart_changed(first), a_cart_changed(second), a_cart_changed(first))
        async with database.transaction() as tx:
            tx.publish(a_cart_changed(first))
        found = await rows(database)
        assert [(row.aggregateid, row.seq) for row in found] == [
            (str(first), 1),
            (str(second), 1),
            (str(first), 2),
            (str(first), 3),
        ]
        assert {row.shard for row in found if row.aggregateid == str(first)} == {outbox.shard_of(str(first))}

    async def test_a_rolled_back_number_is_given_again(self, database):
        cart = ids.new_id()
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                tx.publish(a_cart_changed(cart))
                await outbox.append(tx.connection, tx.pending)
                1 / 0  # noqa: B018
        async with database.transaction() as tx:
            tx.publish(a_cart_changed(cart))
        assert [row.seq for row in await rows(database)] == [1]

    async def test_concurrent_writers_of_one_aggregate_get_ids_in_commit_order(self, database):
        cart = ids.new_id()

        async def write(number: int) -> None:
            async with database.transaction() as tx:
                tx.publish(a_cart_changed(cart, channel=str(number)))

        await asyncio.gather(*(write(number) for number in range(60)))
        found = await rows(database)
        assert [row.seq for row in found] == list(range(1, 61))

    async def test_tells_the_relay_after_the_commit_which_shards_have_work(self, database):
        told: list[frozenset[int]] = []
        database.on_outbox = told.append
        try:
            event = a_cart_changed()
            async with database.transaction() as tx:
                tx.publish(event)
                assert told == []
        finally:
            database.on_outbox = lambda _shards: None
        assert told == [frozenset({outbox.shard_of(event.key)})]

    async def test_refuses_an_event_too_large_to_travel(self, database):
        event = NotificationFailed(
            delivery_id=ids.new_id(), mall_id="intake", template="t", channel="sms", occurred_at=Clock().now(),
            reason="x" * (outbox.MAX_PAYLOAD_BYTES + 1),
        )  # fmt: skip
        with pytest.raises(outbox.Unpublishable):
            async with database.transaction() as tx:
                tx.publish(event)
        assert await published(database) == []
