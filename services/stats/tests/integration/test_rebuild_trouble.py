"""Rebuilds that meet trouble: brokers that cannot be read, processes that die or are thought dead."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from services.stats.tests.builders import a_purchase
from services.stats.tests.fakes import MemoryTopics
from services.stats.tests.rebuilding import STAFF

from common.clock import Clock
from common.errors import UpstreamUnavailable
from common.testing import record_of
from stats.clients import BrokerReader
from stats.repository import facts

pytestmark = pytest.mark.integration


class TestTrouble:
    async def test_a_broker_that_cannot_be_read_fails_the_rebuild_and_changes_nothing(self, in_memory):
        await in_memory.desk.hears(a_purchase().paid())

        class Down:
            async def read(self, types):
                raise UpstreamUnavailable("the broker cannot be read")
                yield

        in_memory.rebuilder = replace(in_memory.rebuilder, reader=Down())
        found = await in_memory.run(swap=True)
        assert (found["status"], found["equal"], found["swapped"]) == ("failed", None, False)
        assert "the broker cannot be read" in found["error"]
        assert await in_memory.desk.count("order_facts") == 1

    async def test_a_reader_that_stalls_says_so(self):
        topics = MemoryTopics()

        class Forgetful(type(topics.consumer("x"))):
            async def poll(self, *, timeout_ms, max_records):
                return {}

        reader = BrokerReader(lambda group: Forgetful(topics.broker, group=group), Clock(), stall_seconds=0.05)
        await topics.send(record_of(a_purchase().paid()))
        with pytest.raises(UpstreamUnavailable, match="not read to their end"):
            [batch async for batch in reader.read((type(a_purchase().paid()),))]

    async def test_a_rebuild_whose_process_died_is_done_by_another(self, in_memory, database, clock):
        purchase = a_purchase()
        await in_memory.topics.send(record_of(purchase.paid()))
        await in_memory.desk.hears(purchase.paid())
        inner = in_memory.rebuilder.reader

        class Dies:
            async def read(self, types):
                async for batch in inner.read(types):
                    yield batch
                raise KeyboardInterrupt

        asked = (await in_memory.desk.http.post("/v1/stats/rebuilds", json={}, headers=STAFF)).json()
        with pytest.raises(KeyboardInterrupt):
            await replace(in_memory.rebuilder, reader=Dies()).work()
        await in_memory.rebuilder.work()
        assert (await in_memory.desk.asks(f"rebuilds/{asked['id']}")).json()["status"] == "running"
        clock.advance(timedelta(seconds=61))
        await in_memory.rebuilder.work()
        found = (await in_memory.desk.asks(f"rebuilds/{asked['id']}")).json()
        assert (found["status"], found["equal"], found["records"]) == ("done", True, 1)

    async def test_a_process_that_was_thought_dead_adds_nothing_when_it_wakes(self, in_memory, clock):
        purchase = a_purchase()
        await in_memory.topics.send(record_of(purchase.paid()))
        await in_memory.desk.hears(purchase.paid())
        inner = in_memory.rebuilder.reader

        class Sleeps:
            def __init__(self) -> None:
                self.asleep, self.wakes = asyncio.Event(), asyncio.Event()

            async def read(self, types):
                async for batch in inner.read(types):
                    self.asleep.set()
                    await self.wakes.wait()
                    yield batch

        first, second = Sleeps(), Sleeps()
        asked = (await in_memory.desk.http.post("/v1/stats/rebuilds", json={"swap": True}, headers=STAFF)).json()
        old = asyncio.create_task(replace(in_memory.rebuilder, reader=first).work())
        await first.asleep.wait()
        clock.advance(timedelta(seconds=61))
        new = asyncio.create_task(replace(in_memory.rebuilder, reader=second).work())
        await second.asleep.wait()
        first.wakes.set()
        await old
        between = (await in_memory.desk.asks(f"rebuilds/{asked['id']}")).json()
        assert (between["status"], between["records"]) == ("running", 0)
        second.wakes.set()
        await new
        found = (await in_memory.desk.asks(f"rebuilds/{asked['id']}")).json()
        assert (found["status"], found["equal"], found["records"], found["swapped"]) == ("done", True, 1, True)
        assert await in_memory.desk.count("order_facts") == 1

    async def test_facts_of_no_generation_in_use_are_cleared_away(self, in_memory, database):
        purchase = a_purchase()
        await in_memory.topics.send(record_of(purchase.paid()))
        await in_memory.desk.hears(purchase.paid())
        await in_memory.run()
        await in_memory.run(swap=True)
        assert await in_memory.desk.count("order_facts") == 1
        async with database.read() as connection:
            live = await facts.live(connection)
            kept = await connection.exec_driver_sql("SELECT DISTINCT generation FROM order_facts")
            assert kept.scalars().all() == [live]
