"""What is claimed and what is parked are read at once, and never from before the wait for another's claim."""

import asyncio

from common import ids, inbox, parking

TOPIC = "shop.carts.v1"


async def _park(tx, key):
    await parking.park_key(tx.connection, TOPIC, key, attempts=1, now=tx.now, reason="test", error="test")


async def test_events_are_fresh_once_and_parked_keys_are_told(database):
    events, key = [ids.new_id(), ids.new_id()], ids.new_id().hex
    async with database.transaction() as tx:
        await _park(tx, key)
    for fresh, parked in ((set(events), {key}), (set(), None)):
        async with database.transaction() as tx:
            found = await inbox.claim_and_parked(tx.connection, events, TOPIC, [key, "another"])
            assert found == (fresh, parked)


async def test_one_event_twice_in_a_batch_is_one_event(database):
    event = ids.new_id()
    async with database.transaction() as tx:
        assert await inbox.claim_and_parked(tx.connection, [event, event], TOPIC, ["a"]) == ({event}, set())


async def test_who_waited_for_the_one_that_parks_a_key_is_told_to_look_again(database):
    known, fresh, key = ids.new_id(), ids.new_id(), ids.new_id().hex
    claimed = asyncio.Event()

    async def claims():
        async with database.transaction() as tx:
            claimed.set()
            found = await inbox.claim_and_parked(tx.connection, [known, fresh], TOPIC, [key])
            return found, await parking.parked_among(tx.connection, TOPIC, [key])

    async with database.transaction() as tx:
        await inbox.claim(tx.connection, [known])
        waiting = asyncio.create_task(claims())
        await claimed.wait()
        async with asyncio.timeout(10), database.read() as connection:
            blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid'"
            while not (await connection.exec_driver_sql(blocked)).scalar_one():
                pass
        await _park(tx, key)
    assert await waiting == (({fresh}, None), {key})
