"""Figures dropped and rebuilt from the topics are the same figures, in memory and on the real broker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from services.stats.tests.builders import NOW, a_line, a_purchase, refusal, seoul, staff_headers
from services.stats.tests.fakes import KafkaTopics, MemoryTopics
from services.stats.tests.rebuilding import STAFF, Rebuilds, a_rebuilder
from sqlalchemy import text

from common import ids
from common.clock import Clock, FixedClock
from common.db import Database
from common.testing import record_of
from stats import events, handlers
from stats.clients import BrokerListening

pytestmark = pytest.mark.integration


def a_history() -> list:
    """34 events of two malls: sales, other options, cancels, exchanges that were not sent, refunds. The relay sent each
    fourth twice.
    """
    events = []
    for day in range(1, 9):
        line = a_line(quantity=2, amount=2000 * day)
        purchase = a_purchase(line, a_line("MILK-1", amount=500), mall_id=("intake", "livestore")[day % 2])
        at = seoul(f"2026-11-{day:02} 12:00")
        events += [purchase.placed(), purchase.paid(at=at), purchase.completed(at + timedelta(days=5))]
        if day % 3 == 0:
            cancel = purchase.cancelled(at + timedelta(days=1), (line, 1, 1000 * day))
            changed = purchase.changed(at + timedelta(hours=1), purchase.lines[1], "MILK-2")
            events += [changed, cancel, purchase.refunded(cancel.refund_amount, at + timedelta(days=1))]
        if day % 4 == 0:
            exchanged = purchase.returned(at + timedelta(days=6), line, (1, 1, 0), kind="exchange")
            stopped = purchase.stopped(at + timedelta(days=7), line, "GR-300", 2, claim_id=exchanged.claim_id)
            events += [exchanged, stopped]
    records = [record_of(event, event_id=ids.new_id()) for event in events]
    return [*records, *records[::4]]


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
async def rebuilds(request, desk, database) -> Rebuilds:
    topics = MemoryTopics() if request.param == "memory" else KafkaTopics()
    await topics.create()
    return Rebuilds(desk, topics, a_rebuilder(database, topics))


class TestOnBothBrokers:
    async def test_what_the_topics_tell_is_what_is_in_use(self, rebuilds):
        records = a_history()
        await rebuilds.topics.send(*records)
        await rebuilds.desk.takes(records)
        before = await rebuilds.desk.everything()
        found = await rebuilds.run()
        assert (found["status"], found["equal"], found["swapped"], found["error"]) == ("done", True, False, None)
        assert (found["missing"], found["extra"], found["different"], found["differences"]) == (0, 0, 0, [])
        assert found["records"] == len(records) == 43
        assert found["repeated"] == 9
        assert found["unusable"] == 0
        assert await rebuilds.desk.everything() == before

    async def test_dropped_and_replayed_figures_are_the_same(self, rebuilds):
        records = a_history()
        await rebuilds.topics.send(*records)
        await rebuilds.desk.takes(records)
        before = await rebuilds.desk.everything()
        assert (await rebuilds.desk.sales(**{"from": "2026-11-01", "to": "2026-11-30"}))["totals"]["orders"] == 8

        await rebuilds.desk.forgets()
        assert await rebuilds.desk.everything() != before
        found = await rebuilds.run(swap=True)
        assert (found["status"], found["equal"], found["swapped"]) == ("done", False, True)
        assert found["missing"] == found["compared"] > 0
        assert await rebuilds.desk.everything() == before

        again = await rebuilds.run()
        assert (again["equal"], again["compared"]) == (True, found["compared"])


class TestListening:
    @pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
    async def topics(self, request):
        topics = MemoryTopics() if request.param == "memory" else KafkaTopics()
        await topics.create()
        return topics

    async def test_is_caught_up_once_all_that_was_there_is_committed(self, topics):
        group = f"stats-{ids.new_id()}"

        def looks(seconds: float) -> BrokerListening:
            return BrokerListening(
                topics.consumer, Clock(), group=group, topics=events.TOPICS, patience_seconds=seconds
            )

        assert await looks(15).caught_up(), "where nothing was told nothing is missing"
        records = a_history()
        await topics.send(*records)
        assert not await looks(5).caught_up()
        await _hear_all(topics.consumer(group), len(records))
        assert await looks(15).caught_up()


async def _hear_all(consumer, told: int) -> None:
    """As the service's consumer does it: everything polled, then committed."""

    async def ignore(_partitions) -> None:
        pass

    done: dict = {}
    try:
        await consumer.start(events.TOPICS, on_revoke=ignore, on_assign=ignore)
        async with asyncio.timeout(60):
            while sum(done.values()) < told:
                polled = await consumer.poll(timeout_ms=500, max_records=500)
                done |= {partition: records[-1].offset + 1 for partition, records in polled.items() if records}
        await consumer.commit(done)
    finally:
        await consumer.stop()


class TestDifferences:
    async def a_day(self, rebuilds: Rebuilds) -> None:
        records = a_history()
        await rebuilds.topics.send(*records)
        await rebuilds.desk.takes(records)

    async def test_an_amount_that_was_changed_by_hand_is_found_and_repaired(self, in_memory, database):
        await self.a_day(in_memory)
        before = await in_memory.desk.everything()
        async with database.transaction() as tx:
            await tx.connection.exec_driver_sql(
                "UPDATE line_facts SET amount = amount + 1 WHERE kind = 'sale' AND at = '2026-11-03T03:00:00Z'"
                " AND sku = 'GR-500'"
            )
        found = await in_memory.run(swap=True)
        assert (found["equal"], found["different"], found["missing"], found["extra"]) == (False, 1, 0, 0)
        (difference,) = found["differences"]
        assert (difference["what"], difference["table"]) == ("different", "line_facts")
        assert difference["live"]["amount"] == difference["rebuilt"]["amount"] + 1 == 6001
        assert await in_memory.desk.everything() == before

    async def test_a_fact_that_was_lost_is_found_and_repaired(self, in_memory, database):
        await self.a_day(in_memory)
        before = await in_memory.desk.everything()
        async with database.transaction() as tx:
            await tx.connection.exec_driver_sql("DELETE FROM refund_facts WHERE at = '2026-11-04T03:00:00Z'")
        found = await in_memory.run(swap=True)
        assert (found["equal"], found["missing"], found["extra"]) == (False, 1, 0)
        assert (found["differences"][0]["what"], found["differences"][0]["live"]) == ("missing", None)
        assert await in_memory.desk.everything() == before

    async def test_a_fact_no_event_tells_is_found_and_left_behind(self, in_memory):
        await self.a_day(in_memory)
        before = await in_memory.desk.everything()
        await in_memory.desk.hears(a_purchase().completed(NOW))
        found = await in_memory.run(swap=True)
        assert (found["equal"], found["extra"], found["missing"]) == (False, 1, 0)
        assert (found["differences"][0]["what"], found["differences"][0]["rebuilt"]) == ("extra", None)
        assert await in_memory.desk.everything() == before

    async def test_without_swap_nothing_changes(self, in_memory):
        await self.a_day(in_memory)
        await in_memory.desk.forgets()
        found = await in_memory.run()
        assert (found["equal"], found["swapped"]) == (False, False)
        assert await in_memory.desk.count("order_facts") == 0


class TestMeanwhile:
    async def test_what_is_sold_during_a_rebuild_is_no_difference_and_survives_the_swap(self, in_memory, database):
        old, new = a_purchase(), a_purchase(a_line(amount=777))
        await in_memory.topics.send(record_of(old.paid()))
        await in_memory.desk.hears(old.paid())
        inner = in_memory.rebuilder.reader
        desk = in_memory.desk

        class SellsMeanwhile:
            async def read(self, types):
                async for batch in inner.read(types):
                    await desk.hears(new.paid())
                    yield batch

        in_memory.rebuilder = replace(in_memory.rebuilder, reader=SellsMeanwhile())
        found = await in_memory.run(swap=True)
        assert (found["equal"], found["swapped"], found["compared"]) == (True, True, 2)
        totals = (await desk.sales(**{"from": "2026-11-22", "to": "2026-11-22"}))["totals"]
        assert (totals["orders"], totals["gross_amount"]["amount"]) == (2, 13677)

    async def test_what_is_sold_after_a_swap_goes_on_being_counted(self, in_memory):
        await in_memory.run(swap=True)
        await in_memory.desk.hears(a_purchase().paid())
        totals = (await in_memory.desk.sales(**{"from": "2026-11-22", "to": "2026-11-22"}))["totals"]
        assert totals["orders"] == 1

    async def test_a_sale_being_recorded_at_the_moment_of_the_swap_is_not_lost(self, in_memory, database):
        old, new = a_purchase(), a_purchase()
        await in_memory.topics.send(record_of(old.paid()))
        await in_memory.desk.hears(old.paid())
        inner, recorded, waits = in_memory.rebuilder.reader, asyncio.Event(), asyncio.Event()

        async def records_slowly() -> None:
            async with database.transaction() as tx:
                await handlers.record(events.to_command(new.paid()), tx)
                recorded.set()
                await waits.wait()

        async def sees_the_swap_wait() -> None:
            query = (
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
                " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
            )
            async with database.read() as connection, asyncio.timeout(30):
                while await connection.scalar(text(query)) == 0:  # noqa: ASYNC110 - only the database can tell
                    await asyncio.sleep(0.01)
            waits.set()

        class SellsMeanwhile:
            async def read(self, types):
                async for batch in inner.read(types):
                    tasks.append(asyncio.create_task(records_slowly()))
                    await recorded.wait()
                    yield batch
                tasks.append(asyncio.create_task(sees_the_swap_wait()))

        tasks: list[asyncio.Task[None]] = []
        in_memory.rebuilder = replace(in_memory.rebuilder, reader=SellsMeanwhile())
        found = await in_memory.run(swap=True)
        await asyncio.gather(*tasks)
        assert found["swapped"] is True
        totals = (await in_memory.desk.sales(**{"from": "2026-11-22", "to": "2026-11-22"}))["totals"]
        assert totals["orders"] == 2

    async def test_waits_for_a_consumer_that_lags(self, in_memory, database):
        purchase = a_purchase()
        await in_memory.topics.send(record_of(purchase.paid()))
        looked = asyncio.Event()

        class LooksAreCounted(FixedClock):
            """Asked once for the deadline, and once after each look that found something missing."""

            asked = 0

            def monotonic(self) -> float:
                self.asked += 1
                if self.asked > 1:
                    looked.set()
                return 0.0

        async def hears_late() -> None:
            await looked.wait()
            await in_memory.desk.hears(purchase.paid())

        patient = Database(database.engine, LooksAreCounted(NOW), database.schema)
        in_memory.rebuilder = replace(in_memory.rebuilder, database=patient, grace_seconds=10)
        late = asyncio.create_task(hears_late())
        found = await in_memory.run()
        await late
        assert (found["status"], found["equal"], found["missing"]) == ("done", True, 0)


class TestUnusableRecords:
    async def test_are_left_out_and_counted(self, in_memory):
        good = record_of(a_purchase().paid())
        broken = replace(record_of(a_purchase().paid()), value=b"{")
        untrue = record_of(a_purchase().paid(total_amount=1))
        stranger = replace(good, headers=(("ce_id", b"x"),))
        await in_memory.topics.send(good, broken, untrue, stranger)
        await in_memory.desk.takes([good])
        found = await in_memory.run()
        assert (found["equal"], found["records"], found["events"], found["unusable"]) == (True, 4, 1, 3)


class TestAsking:
    async def test_one_at_a_time(self, in_memory):
        first = await in_memory.desk.http.post("/v1/stats/rebuilds", json={}, headers=STAFF)
        second = await in_memory.desk.http.post("/v1/stats/rebuilds", json={}, headers=STAFF)
        assert first.status_code == 202
        assert refusal(second) == (409, "rebuild.running")
        await in_memory.rebuilder.work()
        assert (await in_memory.run())["status"] == "done"

    async def test_wakes_the_job(self, in_memory):
        await in_memory.run()
        assert in_memory.desk.woken == ["rebuilds"]

    async def test_a_repeat_with_the_same_key_is_the_same_rebuild(self, in_memory):
        headers = {**STAFF, "Idempotency-Key": "once"}
        answers = [await in_memory.desk.http.post("/v1/stats/rebuilds", json={}, headers=headers) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert await in_memory.desk.count("rebuilds") == 1

    @pytest.mark.parametrize("body", [{"swap": "yes"}, {"swap": 1}, {"sawp": True}, []])
    async def test_refuses_bad_bodies(self, in_memory, body):
        answer = await in_memory.desk.http.post("/v1/stats/rebuilds", json=body, headers=STAFF)
        assert refusal(answer) == (422, "request.invalid")

    async def test_only_staff_with_the_role(self, in_memory):
        post = in_memory.desk.http.post
        assert refusal(await post("/v1/stats/rebuilds", json={})) == (401, "auth.required")
        other = await post("/v1/stats/rebuilds", json={}, headers=staff_headers("catalog"))
        assert refusal(other) == (403, "auth.forbidden")

    async def test_an_unknown_rebuild_is_not_found(self, in_memory):
        assert refusal(await in_memory.desk.asks(f"rebuilds/{ids.new_id()}")) == (404, "rebuild.not_found")
