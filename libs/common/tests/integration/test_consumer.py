import asyncio
from contextlib import asynccontextmanager

import pytest
from libs.common.tests.builders import a_cart_changed
from sqlalchemy import text

from common import ids, inspect, testing
from common.clock import Clock
from common.consumer import ConsumerLoop
from common.deadletters import DlqLimit
from common.errors import DomainError, Transient
from common.memory import MemoryBroker, MemoryConsumer
from common.processing import PartitionProcessor
from common.transport import OutRecord
from contracts.carts import CartAbandoned, CartChanged
from contracts.topics import CARTS, dead_letter_topic

pytestmark = pytest.mark.integration


class Handler:
    """Writes one effect per event, and can be told to fail."""

    def __init__(self) -> None:
        self.failing: dict[str, Exception] = {}
        self.calls = 0

    async def __call__(self, event: CartChanged, tx) -> None:
        self.calls += 1
        await tx.connection.execute(
            text("INSERT INTO effects (key, value) VALUES (:key, :value)"),
            {"key": event.key, "value": str(event.lines[0].quantity)},
        )
        tx.publish(
            CartAbandoned(
                cart_id=event.cart_id, mall_id="intake", channel="pc", lines=event.lines, occurred_at=Clock().now()
            )
        )
        if event.key in self.failing:
            raise self.failing[event.key]


async def effects(database, key: str | None = None) -> list[str]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT key, value FROM effects ORDER BY id"))
        return [row.value for row in rows if key is None or row.key == key]


def put(broker, *events, event_id=None, sequence=1) -> None:
    for event in events:
        record = testing.record_of(event, event_id=event_id, sequence=sequence)
        broker.append(OutRecord(record.topic, record.key, record.value, record.headers))


@pytest.fixture
def broker():
    return MemoryBroker()


@pytest.fixture
def handler():
    return Handler()


@pytest.fixture
def consuming(database, broker, handler):
    """A running consumer loop; leaving the block drains it."""

    @asynccontextmanager
    async def run(*, limit: DlqLimit | None = None, handlers=None):
        processor = PartitionProcessor(
            database,
            handlers or {CartChanged: handler},
            group="backbone",
            limit=limit or DlqLimit(max_consecutive=1000, max_ratio=1.0),
        )
        loop = ConsumerLoop(MemoryConsumer(broker, group="backbone"), processor, [CARTS], clock=database.clock)
        task = asyncio.create_task(loop.run())
        try:
            yield loop
        finally:
            await loop.stop()
            await asyncio.wait_for(task, 20)

    return run


def committed(broker) -> int:
    return sum(broker.groups["backbone"].committed.values())


class TestExactlyOnceInEffect:
    async def test_effect_inbox_and_outgoing_event_commit_together(self, database, broker, consuming, eventually):
        events = [a_cart_changed() for _ in range(30)]
        put(broker, *events)

        async def all_done() -> bool:
            return len(await effects(database)) == 30

        async with consuming():
            await eventually(all_done)
        assert len(await testing.published(database)) == 30
        assert committed(broker) == 30

    async def test_a_record_that_comes_twice_has_one_effect(self, database, broker, consuming, eventually):
        event, event_id = a_cart_changed(), ids.new_id()
        put(broker, event, event, event_id=event_id)
        async with consuming():
            await eventually(lambda: committed(broker) == 2)
        put(broker, event, event_id=event_id)
        async with consuming():
            await eventually(lambda: committed(broker) == 3)
        assert await effects(database) == ["1"]
        assert len(await testing.published(database)) == 1

    async def test_a_crash_between_effect_and_offset_commit_brings_the_events_again_without_effect(
        self, database, broker, handler, consuming, eventually
    ):
        events = [a_cart_changed() for _ in range(10)]
        put(broker, *events)
        async with consuming():
            await eventually(lambda: committed(broker) == 10)
        broker.groups["backbone"].committed.clear()
        async with consuming():
            await eventually(lambda: committed(broker) == 10)
        assert len(await effects(database)) == 10
        assert handler.calls == 10

    async def test_a_group_reset_to_the_beginning_changes_nothing(self, database, broker, consuming, eventually):
        put(broker, *(a_cart_changed() for _ in range(10)))
        async with consuming() as loop:
            await eventually(lambda: committed(broker) == 10)
            await loop._consumer.seek_to_beginning()
            put(broker, a_cart_changed())
            await eventually(lambda: committed(broker) == 11)
        assert len(await effects(database)) == 11

    async def test_two_members_that_both_believe_in_a_partition_have_one_effect(self, database, handler):
        limit = DlqLimit(max_consecutive=10, max_ratio=1.0)
        first = PartitionProcessor(database, {CartChanged: handler}, group="backbone", limit=limit)
        second = PartitionProcessor(database, {CartChanged: handler}, group="backbone", limit=limit)
        records = [testing.record_of(a_cart_changed(), offset=number) for number in range(20)]
        await asyncio.gather(first.process(records), second.process(list(reversed(records))), first.process(records))
        assert len(await effects(database)) == 20

    async def test_events_of_one_key_are_handled_in_order(self, database, broker, consuming, eventually):
        cart = ids.new_id()
        put(broker, *(a_cart_changed(cart, quantity=number) for number in range(1, 300)))
        async with consuming():
            await eventually(lambda: committed(broker) == 299)
        assert await effects(database) == [str(number) for number in range(1, 300)]


class TestParkedKeys:
    async def test_a_failing_key_waits_alone_and_in_order(self, database, broker, handler, consuming, eventually):
        bad, good = ids.new_id(), ids.new_id()
        handler.failing[str(bad)] = RuntimeError("the shelf is locked")
        put(broker, a_cart_changed(bad, quantity=1), a_cart_changed(good, quantity=1))
        put(broker, a_cart_changed(bad, quantity=2), a_cart_changed(good, quantity=2), a_cart_changed(bad, quantity=3))
        async with consuming():
            await eventually(lambda: committed(broker) == 5)
            assert await effects(database, str(good)) == ["1", "2"]
            assert await effects(database, str(bad)) == []
            parked = await inspect.parked(database)
            assert [(key.key, key.waiting, key.reason, key.error) for key in parked] == [
                (str(bad), 3, "RuntimeError", "the shelf is locked")
            ]
            del handler.failing[str(bad)]
            assert await inspect.retry_parked(database, CARTS, str(bad))

            async def drained() -> bool:
                return await inspect.parked(database) == []

            await eventually(drained)
        assert await effects(database, str(bad)) == ["1", "2", "3"]
        assert len(await testing.published(database)) == 5

    async def test_an_event_that_comes_while_its_key_is_drained_stays_behind_the_others(
        self, database, broker, handler, consuming, eventually
    ):
        cart = ids.new_id()
        handler.failing[str(cart)] = RuntimeError("not now")
        put(broker, *(a_cart_changed(cart, quantity=number) for number in range(1, 41)))
        async with consuming():
            await eventually(lambda: committed(broker) == 40)
            del handler.failing[str(cart)]
            await inspect.retry_parked(database, CARTS, str(cart))
            put(broker, *(a_cart_changed(cart, quantity=number) for number in range(41, 81)))

            async def drained() -> bool:
                return len(await effects(database)) == 80

            await eventually(drained)
        assert await effects(database) == [str(number) for number in range(1, 81)]

    async def test_a_person_can_give_up_the_first_event_so_that_the_others_go_on(
        self, database, broker, handler, consuming, eventually
    ):
        cart = ids.new_id()
        handler.failing[str(cart)] = RuntimeError("never")
        put(broker, a_cart_changed(cart, quantity=1), a_cart_changed(cart, quantity=2))
        async with consuming():
            await eventually(lambda: committed(broker) == 2)
            await inspect.bury_first_parked(database, CARTS, str(cart), who="test")
            handler.failing.clear()

            async def passed() -> bool:
                return await effects(database) == ["2"]

            await eventually(passed)
        assert [letter.reason for letter in await inspect.dead_letters(database)] == ["given_up"]


class TestDeadLetters:
    async def test_an_unreadable_record_is_kept_with_its_reason_and_reported(
        self, database, broker, consuming, eventually
    ):
        broker.append(OutRecord(CARTS, b"some-cart", b"\x00not json", (("ce_type", b"cart-changed"),)))
        put(broker, a_cart_changed())
        async with consuming():
            await eventually(lambda: committed(broker) == 2)
        letters = await inspect.dead_letters(database)
        assert [(letter.reason, letter.topic) for letter in letters] == [("envelope", CARTS)]
        assert len(await effects(database)) == 1
        async with database.read() as connection:
            row = (
                await connection.execute(text("SELECT topic, headers, payload FROM outbox WHERE topic LIKE '%.dlq'"))
            ).one()
        assert row.topic == dead_letter_topic("backbone", CARTS)
        assert row.headers["dlq-reason"] == "envelope"
        assert row.headers["dlq-original-offset"] == "0"
        assert row.payload == b"\x00not json"

    @pytest.mark.parametrize(
        ("value", "dataschema", "reason"),
        [
            (b'{"cart_id": 7}', "/schemas/cart-changed/v1", "schema"),
            (b"{}", "/schemas/cart-changed/v9", "unknown_version"),
        ],
    )
    async def test_says_why_an_event_cannot_be_read(
        self, database, broker, consuming, eventually, value, dataschema, reason
    ):
        record = testing.record_of(a_cart_changed())
        headers = tuple(
            (name, dataschema.encode() if name == "ce_dataschema" else text_) for name, text_ in record.headers
        )
        broker.append(OutRecord(CARTS, record.key, value, headers))
        async with consuming():
            await eventually(lambda: committed(broker) == 1)
        assert [letter.reason for letter in await inspect.dead_letters(database)] == [reason]

    async def test_a_refusal_is_dead_lettered_and_its_effects_are_rolled_back(
        self, database, broker, handler, consuming, eventually
    ):
        cart = ids.new_id()
        handler.failing[str(cart)] = DomainError("not acceptable")
        put(broker, a_cart_changed(cart), a_cart_changed())
        async with consuming():
            await eventually(lambda: committed(broker) == 2)
        assert await effects(database, str(cart)) == []
        assert [letter.reason for letter in await inspect.dead_letters(database)] == ["domain.refused"]

    async def test_replayed_it_is_handled_once(self, database, broker, handler, consuming, eventually):
        cart = ids.new_id()
        handler.failing[str(cart)] = DomainError("not yet")
        put(broker, a_cart_changed(cart))
        async with consuming():
            await eventually(lambda: committed(broker) == 1)
            letters = await inspect.dead_letters(database)
            handler.failing.clear()
            assert await inspect.replay(database, [letter.id for letter in letters], who="test") == 1
            assert await inspect.replay(database, [letter.id for letter in letters], who="test") == 0

            async def handled() -> bool:
                return await effects(database) == ["1"]

            await eventually(handled)
        assert await inspect.dead_letters(database) == []

    async def test_dropped_it_is_settled_for_good(self, database, broker, handler, consuming, eventually):
        cart = ids.new_id()
        handler.failing[str(cart)] = DomainError("no")
        put(broker, a_cart_changed(cart))
        async with consuming():
            await eventually(lambda: committed(broker) == 1)
        letters = await inspect.dead_letters(database)
        assert await inspect.drop(database, [letters[0].id], who="test") == 1
        assert await inspect.replay(database, [letters[0].id], who="test") == 0

    async def test_too_many_halt_the_consumer_instead_of_emptying_the_topic_into_them(
        self, database, broker, consuming, eventually
    ):
        for number in range(40):
            broker.append(OutRecord(CARTS, f"cart-{number}".encode(), b"?", ()))
        async with consuming(limit=DlqLimit(max_consecutive=5, max_ratio=1.0)) as loop:
            await eventually(lambda: loop.halted)
        assert len(await inspect.dead_letters(database)) <= 5

    async def test_events_of_types_nobody_here_listens_to_are_passed_over(
        self, database, broker, consuming, eventually
    ):
        put(
            broker,
            CartAbandoned(cart_id=ids.new_id(), mall_id="intake", channel="pc", lines=(), occurred_at=Clock().now()),
            a_cart_changed(),
        )
        async with consuming():
            await eventually(lambda: committed(broker) >= 1)

            async def one() -> bool:
                return len(await effects(database)) == 1

            await eventually(one)
        assert await inspect.dead_letters(database) == []


class TestTroubleAround:
    async def test_a_database_in_trouble_makes_the_partition_wait_and_nothing_is_given_up(
        self, database, broker, handler, consuming, eventually
    ):
        cart = ids.new_id()
        handler.failing[str(cart)] = Transient("the provider is down")
        put(broker, a_cart_changed(cart))
        async with consuming():
            await eventually(lambda: handler.calls >= 2)
            assert await inspect.parked(database) == []
            assert await inspect.dead_letters(database) == []
            handler.failing.clear()
            await eventually(lambda: committed(broker) == 1)
        assert await effects(database) == ["1"]

    async def test_connections_cut_under_the_consumer_lose_and_double_nothing(
        self, database, broker, connect, consuming, eventually
    ):
        events = [a_cart_changed() for _ in range(200)]
        put(broker, *events[:100])
        async with consuming():

            async def begun() -> bool:
                return len(await effects(database)) > 0

            await eventually(begun)
            admin = await connect()
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await admin.close()
            put(broker, *events[100:])
            await eventually(lambda: committed(broker) == 200)
        assert len(await effects(database)) == 200

    async def test_a_rebalance_in_the_middle_keeps_every_effect_single(self, database, broker, handler, eventually):
        limit = DlqLimit(max_consecutive=10, max_ratio=1.0)
        put(broker, *(a_cart_changed() for _ in range(300)))

        def a_loop():
            processor = PartitionProcessor(database, {CartChanged: handler}, group="backbone", limit=limit)
            return ConsumerLoop(
                MemoryConsumer(broker, group="backbone"), processor, [CARTS], clock=database.clock, batch=3
            )

        loops, tasks = [], []
        for _ in range(3):
            loops.append(a_loop())
            tasks.append(asyncio.create_task(loops[-1].run()))
            await eventually(lambda: handler.calls > 10 * len(loops))
        await loops[0].stop()
        await asyncio.wait_for(tasks[0], 20)

        async def all_done() -> bool:
            return len(await effects(database)) >= 300

        await eventually(all_done)
        for loop, task in zip(loops[1:], tasks[1:], strict=True):
            await loop.stop()
            await asyncio.wait_for(task, 20)
        assert len(await effects(database)) == 300
