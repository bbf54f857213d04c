import asyncio
from collections import Counter, defaultdict

import pytest
from libs.common.tests.builders import a_cart_changed
from sqlalchemy import text

from common import ids
from common.cloudevents import header_map
from common.memory import MemoryBroker, MemoryProducer
from common.outbox import shard_of
from common.relay import Relay
from contracts.topics import CARTS

pytestmark = pytest.mark.integration


@pytest.fixture
def broker():
    return MemoryBroker()


@pytest.fixture
async def relays(database, connect, broker):
    """Starts relays and stops them at the end."""
    running = []

    def start(*, producer=None, lease_seconds=10.0):
        relay = Relay(
            connect,
            producer or MemoryProducer(broker),
            source="cart",
            clock=database.clock,
            lease_seconds=lease_seconds,
        )
        task = asyncio.create_task(relay.run())
        running.append((relay, task))
        return relay

    yield start
    for relay, task in running:
        await relay.stop()
        await asyncio.wait_for(task, 10)


async def publish(database, *events) -> None:
    async with database.transaction() as tx:
        tx.publish(*events)


async def waiting(database) -> int:
    async with database.read() as connection:
        return await connection.scalar(text("SELECT count(*) FROM outbox"))


def sequences(broker) -> dict[str, list[int]]:
    found = defaultdict(list)
    for record in broker.all(CARTS):
        headers = header_map(record.headers)
        found[headers["ce_partitionkey"]].append(int(headers["ce_sequence"]))
    return found


async def nobody_relays(database):
    async with database.read() as connection:
        return (await connection.exec_driver_sql("SELECT count(*) = 0 FROM relay_members")).scalar()


class TestRelay:
    async def test_an_event_leaves_as_a_binary_cloudevent_and_its_row_goes(self, database, broker, relays, eventually):
        relays()
        event = a_cart_changed()
        await publish(database, event)
        await eventually(lambda: broker.all(CARTS))
        record = broker.all(CARTS)[0]
        headers = header_map(record.headers)
        assert record.key == event.key.encode()
        assert record.value == event.model_dump_json().encode()
        assert headers["ce_type"] == "cart-changed"
        assert headers["ce_specversion"] == "1.0"
        assert headers["ce_source"] == "/shop/cart"
        assert headers["ce_sequence"] == "00000000000000000001"
        assert headers["ce_dataschema"] == "/schemas/cart-changed/v1"
        assert headers["content-type"] == "application/json"

        async def gone() -> bool:
            return await waiting(database) == 0

        await eventually(gone)

    async def test_finds_without_being_woken_what_an_earlier_process_committed_and_never_sent(
        self, database, broker, relays, eventually
    ):
        """A kill between commit and publish: nobody wakes the relay, the poll finds the rows."""
        events = [a_cart_changed() for _ in range(20)]
        await publish(database, *events)
        relays()
        await eventually(lambda: len(broker.all(CARTS)) == 20)
        assert {record.key.decode() for record in broker.all(CARTS)} == {event.key for event in events}

    async def test_a_refused_event_is_sent_again_in_order(self, database, broker, relays, eventually):
        cart = ids.new_id()
        broker.fail_next = 3
        await publish(database, *(a_cart_changed(cart, quantity=number) for number in range(1, 9)))
        relays()

        async def settled() -> bool:
            return await waiting(database) == 0

        await eventually(settled)
        seen: list[int] = []
        for number in sequences(broker)[str(cart)]:
            if number not in seen:
                seen.append(number)
        assert seen == list(range(1, 9))

    async def test_a_lost_acknowledgement_doubles_the_record_but_keeps_its_id(
        self, database, broker, relays, eventually
    ):
        broker.drop_acks = 1
        await publish(database, a_cart_changed())
        relays()
        await eventually(lambda: len(broker.all(CARTS)) == 2)
        first, second = broker.all(CARTS)
        assert header_map(first.headers)["ce_id"] == header_map(second.headers)["ce_id"]

    async def test_two_relays_share_the_shards_and_keep_the_order_of_every_key(
        self, database, broker, relays, eventually
    ):
        first, second = relays(lease_seconds=1), relays(lease_seconds=1)
        await eventually(lambda: len(first._leases.owned) == 8 and len(second._leases.owned) == 8)
        carts = [ids.new_id() for _ in range(20)]

        async def write(cart) -> None:
            for number in range(1, 11):
                await publish(database, a_cart_changed(cart, quantity=number))

        await asyncio.gather(*(write(cart) for cart in carts))
        await eventually(lambda: len(broker.all(CARTS)) >= 200)
        assert sequences(broker) == {str(cart): list(range(1, 11)) for cart in carts}

    async def test_the_shards_of_a_dead_relay_go_to_another_when_its_lease_ends(
        self, database, connect, broker, relays, eventually
    ):
        dead = Relay(connect, MemoryProducer(broker), source="cart", clock=database.clock, lease_seconds=1)
        connection = await connect()
        await dead._leases.renew(connection)
        await connection.close()
        assert len(dead._leases.owned) == 16
        await publish(database, a_cart_changed())
        relays(lease_seconds=1)
        await eventually(lambda: len(broker.all(CARTS)) == 1)

    async def test_a_database_that_comes_back_finds_the_relay_waiting(
        self, database, connect, broker, relays, eventually
    ):
        relays()
        await publish(database, a_cart_changed())
        await eventually(lambda: len(broker.all(CARTS)) == 1)
        admin = await connect()
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await admin.close()
        await database.engine.dispose()
        await publish(database, a_cart_changed())
        await eventually(lambda: len(broker.all(CARTS)) == 2)

    async def test_stopping_gives_the_shards_back_at_once(self, database, broker, relays, eventually):
        first = relays(lease_seconds=60)
        await eventually(lambda: len(first._leases.owned) == 16)
        await first.stop()
        await eventually(lambda: nobody_relays(database))
        second = relays(lease_seconds=60)
        await eventually(lambda: len(second._leases.owned) == 16)


class TestOneFailingShard:
    async def test_does_not_hold_up_the_others(self, database, connect, broker, eventually):
        bad = a_cart_changed()

        class FailsOneKey(MemoryProducer):
            async def send(self, record):
                if record.key == bad.key.encode():
                    future = asyncio.get_running_loop().create_future()
                    future.set_exception(ConnectionError("no"))
                    return future
                return await super().send(record)

        relay = Relay(connect, FailsOneKey(broker), source="cart", clock=database.clock)
        others = [a_cart_changed() for _ in range(40)]
        shard = shard_of(bad.key)
        free = [event for event in others if shard_of(event.key) != shard]
        await publish(database, bad, *others)
        task = asyncio.create_task(relay.run())
        await eventually(lambda: len({record.key for record in broker.all(CARTS)}) >= len(free))
        await relay.stop()
        await asyncio.wait_for(task, 10)
        counts = Counter(record.key.decode() for record in broker.all(CARTS))
        assert all(counts[event.key] == 1 for event in free)
        assert bad.key not in counts
