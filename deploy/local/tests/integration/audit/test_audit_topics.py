"""What only the topics can break: order, doubles, ghosts, gaps. All breaks lie in one log, each under a key of its own,
and one look finds each by its name."""

import asyncio
from types import SimpleNamespace

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.partitioner import DefaultPartitioner
from deploy.local.tests.integration.audit.conftest import stand_everywhere, tell, write
from deploy.local.tests.integration.audit.histories import BEA, Log, a_cart, broken_histories
from deploy.local.tests.integration.audit.outside import Outside
from deploy.local.tests.integration.audit.story import Story
from deploy.local.tests.integration.audit.world import NOW, Said, World, fresh_topics, named, send, stand_at

from common import ids
from common.cloudevents import fallback_id
from contracts.shipments import ShipmentCancelDecided
from contracts.topics import CARTS, STOCK, TOPICS
from shop.audit.looking import look_at
from shop.audit.snapshot import Snapshot
from shop.audit.topics.reader import TopicReader

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

IN_ORDER = "the events of one thing come in the order in which they were committed"
ONE_EVENT = "an event's id stands for one event"
ONE_NUMBER = "an event's number is given once"
TOLD_ONCE = "nothing that happens once is told twice"
STEPS = "events tell of possible steps only"
COMMITTED = "every committed event is in its topic, or waits in its outbox"
UNCOMMITTED = "nothing is in a topic that its publisher has not committed"
IN_INBOX = "every event that a service is past is in its inbox"
READ = "every service has read everything it hears"


@pytest.fixture(name="log", scope="module")
async def _log(platform, schemas, sound):
    """The topics are the sound shop's again afterwards."""
    world, outside = World(), Outside()
    tell(Story(world, outside))
    log = Log(world)
    await outside.start()
    await fresh_topics(platform.bootstrap)
    said = SimpleNamespace(**broken_histories(log))
    url = await write(platform, schemas, "audit_topics", world)
    await world.publish(platform.bootstrap)
    await send(platform.bootstrap, log.records)
    await stand_everywhere(platform.bootstrap)
    places = outside.places(url, platform.bootstrap)
    yield SimpleNamespace(said=said, places=places, bootstrap=platform.bootstrap, world=world, url=url)
    await outside.stop()
    await fresh_topics(platform.bootstrap)
    await sound[0].publish(platform.bootstrap)
    await stand_everywhere(platform.bootstrap)


def stock_partition(key):
    """Where a record with this key lies in the topic of stock."""
    numbers = list(range(TOPICS[STOCK].partitions))
    return DefaultPartitioner()(key, numbers, numbers)


@pytest.fixture(name="found", scope="module")
async def _found(log):
    return await look_at(log.places)


@pytest.fixture(name="wrong", scope="module")
def _wrong(found):
    return {each.promise: each.offenders for each in found.findings if each.offenders}


class TestOneLook:
    def test_finds_an_event_that_was_overtaken(self, wrong, log):
        second = log.said.second
        assert wrong[IN_ORDER] == (f"cart {second.event.key}: {second.event_id} is number 2, after 3",)

    def test_finds_ids_of_two_events(self, wrong, log):
        assert set(wrong[ONE_EVENT]) == {str(log.said.changed.event_id), str(log.said.renumbered.event_id)}

    def test_finds_a_number_given_twice(self, wrong):
        assert wrong[ONE_NUMBER] == (f"cart {named('cart', 'doubled')} number 1",)

    def test_finds_what_is_told_twice(self, wrong):
        stop = named("stop", "hal")
        assert wrong[TOLD_ONCE] == (
            f"cancel decided {named('cancel', 'bea')}",
            f"replacement stop decided {stop}",
            f"replacement stopped {stop}",
        )

    def test_finds_a_step_back(self, wrong):
        assert wrong[STEPS] == (f"shipment {named('shipment', 'ada')}: delivered → in_transit",)

    def test_finds_gaps_and_knows_what_a_dead_letters_report_counts_for(self, wrong):
        assert wrong[COMMITTED] == (
            f"cart {named('cart', 'gap')}: 1 of 3 events",
            f"catalog {named('order', 'silent')}: 1 of 2 events",
        )

    def test_finds_what_nobody_committed(self, wrong, log):
        assert set(wrong[UNCOMMITTED]) == {f"cart {log.said.ghost.event_id}", f"cart {log.said.unknown.event_id}"}

    def test_finds_what_readers_passed_over_be_it_ours_a_strangers_or_unreadable(self, wrong, log):
        noise = fallback_id(SimpleNamespace(topic=STOCK, partition=stock_partition(b"noise"), offset=0))
        strangers = {f"{service} {log.said.stranger.event_id}" for service in ("catalog", "cart", "notify", "stats")}
        unreadable = {f"{service} {noise}" for service in ("cart", "orders")}
        assert set(wrong[IN_INBOX]) == {f"orders {log.said.missing.event_id}"} | strangers | unreadable

    def test_finds_nothing_else(self, wrong):
        told = {IN_ORDER, ONE_EVENT, ONE_NUMBER, TOLD_ONCE, STEPS, COMMITTED, UNCOMMITTED, IN_INBOX}
        assert wrong.keys() == told

    def test_counts_what_came_again(self, found):
        """Two redeliveries, and two records under ids that had come before."""
        assert found.numbers["of them delivered again"] == 4
        assert found.numbers["records of strangers in the topics"] == 2
        assert found.numbers["reports of dead letters"] == 1


class TestPositions:
    async def test_what_a_service_has_not_read_is_late_and_not_lost(self, log):
        said = log.said.missing
        where = TopicPartition(STOCK, stock_partition(said.event.key.encode()))
        await stand_at(log.bootstrap, "orders", {where: 1})
        try:
            wrong = await _wrong_now(log)
        finally:
            await stand_at(log.bootstrap, "orders")

        [late] = wrong[READ]
        assert late.startswith(f"orders stands at {STOCK}/{where.partition} ")
        assert f"orders {said.event_id}" not in wrong[IN_INBOX]


class TestAShopAtWork:
    """Events move exactly between two steps of a look; nothing more is found than before."""

    @pytest.mark.parametrize(
        ("part", "step"), [(TopicReader, "marks"), (Snapshot, "open")], ids=["before the snapshot", "after it"]
    )
    async def test_what_happens_from_end_to_end_meanwhile(self, log, wrong, monkeypatch, part, step):
        cancel_id = ids.new_id()

        async def happen():
            said = await _committed(log, cancel_id)
            await _published(log, said)
            await _heard(log, said)

        _after(monkeypatch, part, step, happen)

        assert await _wrong_now(log) == wrong

    async def test_what_waited_at_the_snapshot_and_has_left_since(self, log, wrong, monkeypatch):
        said = await _committed(log, ids.new_id())

        async def leave():
            await _published(log, said)
            await _heard(log, said)

        _after(monkeypatch, Snapshot, "open", leave)

        found = await _wrong_now(log)
        assert found.pop("scm: every committed event has left") == (str(said.event_id),)
        assert found == wrong


def _after(monkeypatch, part, step, act):
    """Awaits `act` after each call of the step."""
    original = getattr(part, step)

    async def stepped(self):
        answer = await original(self)
        await act()
        return answer

    monkeypatch.setattr(part, step, stepped)


async def _committed(log, cancel_id) -> Said:
    """scm settles a cancel and says so, in one transaction."""
    event = ShipmentCancelDecided(order_id=BEA, cancel_id=cancel_id, mall_id="intake", accepted=True, occurred_at=NOW)
    log.world.sequences["scm", event.key] += 1
    said = Said(event, "scm", log.world.sequences["scm", event.key])
    await _run(
        log,
        f"INSERT INTO scm.cancels VALUES ('{cancel_id}', '{BEA}', 'intake', true, '[]', 'x', 'accepted', false, NULL,"
        " now(), now())",
        f"UPDATE scm.event_sequences SET last_seq = {said.sequence} WHERE aggregateid = '{BEA}'",
        "INSERT INTO scm.outbox (shard, event_id, topic, aggregateid, seq, type, payload, headers) VALUES"
        f" (0, '{said.event_id}', '{event.topic}', '{BEA}', {said.sequence}, '{event.type}',"
        f" '{event.model_dump_json()}', '{{}}')",
    )
    return said


async def _published(log, said):
    await send(log.bootstrap, [said.record()])
    await _run(log, f"DELETE FROM scm.outbox WHERE event_id = '{said.event_id}'")


async def _heard(log, said):
    await _run(log, f"INSERT INTO orders.inbox VALUES ('{said.event_id}')")
    await asyncio.gather(*(stand_at(log.bootstrap, service) for service in ("orders", "catalog", "notify")))


class TestRetention:
    async def test_what_was_deleted_by_age_is_not_missed_and_what_came_later_is(self, log):
        """Runs last: it empties the carts' topic."""
        admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
        await admin.start()
        parts = [TopicPartition(CARTS, number) for number in range(TOPICS[CARTS].partitions)]
        await admin.delete_records({part: RecordsToDelete(-1) for part in parts})
        await admin.close()
        later = int(NOW.timestamp() * 1000) + 60_000
        fillers = [Said(a_cart(f"filler {number}"), "cart", 1).record() for number in range(200)]
        await send(log.bootstrap, fillers, at=later)
        gap = [Said(a_cart("gap"), "cart", number).record() for number in (4, 7)]
        await send(log.bootstrap, gap, at=later + 1000)
        await _run(log, f"UPDATE cart.event_sequences SET last_seq = 7 WHERE aggregateid = '{named('cart', 'gap')}'")

        wrong = await _wrong_now(log)

        assert wrong[COMMITTED] == (
            f"cart {named('cart', 'gap')}: 2 of 4 events",
            f"catalog {named('order', 'silent')}: 1 of 2 events",
        )


async def _run(log, *statements):
    connection = await asyncpg.connect(log.url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


async def _wrong_now(log):
    return {each.promise: each.offenders for each in (await look_at(log.places)).findings if each.offenders}
