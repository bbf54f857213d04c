"""Asking for rebuilds and doing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.stats.tests.builders import staff_headers
from services.stats.tests.fakes import KafkaTopics, MemoryTopics

from common.clock import Clock
from stats.clients import BrokerReader
from stats.flows import Rebuilder

if TYPE_CHECKING:
    from services.stats.tests.integration.conftest import Desk

STAFF = staff_headers("stats")


@dataclass
class Rebuilds:
    """Asks for rebuilds and does them."""

    desk: Desk
    topics: MemoryTopics | KafkaTopics
    rebuilder: Rebuilder

    async def run(self, *, swap: bool = False) -> dict:
        asked = await self.desk.http.post("/v1/stats/rebuilds", json={"swap": swap}, headers=STAFF)
        assert (asked.status_code, asked.json()["status"]) == (202, "queued"), asked.text
        await self.rebuilder.work()
        return (await self.desk.asks(f"rebuilds/{asked.json()['id']}")).json()


def a_rebuilder(database, topics) -> Rebuilder:
    reader = BrokerReader(topics.consumer, Clock(), stall_seconds=15)
    return Rebuilder(database, reader, grace_seconds=0)
