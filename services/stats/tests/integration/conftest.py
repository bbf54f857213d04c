from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from services.stats.tests.builders import NOW, STAFF_KEY, staff_headers
from services.stats.tests.fakes import MemoryTopics
from services.stats.tests.rebuilding import Rebuilds, a_rebuilder
from sqlalchemy import text

from common import testing
from common.clock import FixedClock
from common.db import Database
from common.http import create_app
from common.transport import Record
from contracts.envelope import Event
from stats import api, consumer
from stats.handlers import Defaults
from stats.settings import Settings

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="session")
async def migrated(clock: FixedClock) -> AsyncIterator[Database]:
    async with testing.migrated_database("stats", _MIGRATIONS, clock) as database:
        yield database


@pytest.fixture
async def database(migrated: Database, clock: FixedClock) -> Database:
    await testing.empty(migrated, keep=("live_generation",))
    clock.advance(NOW - clock.now())
    return migrated


@dataclass
class Desk:
    """The owner's desk: hears what happens and reads the figures."""

    http: httpx.AsyncClient
    database: Database
    woken: list[str] = field(default_factory=list)

    async def hears(self, *events: Event) -> None:
        await testing.deliver(self.database, consumer.handlers_of(), *events)

    async def takes(self, records: Sequence[Record]) -> None:
        """Records as the broker gives them, repeats included, in batches."""
        process = testing.processor(self.database, consumer.handlers_of())
        await process.process(list(records))

    async def asks(self, path: str, **params: object) -> httpx.Response:
        return await self.http.get(f"/v1/stats/{path}", params=params, headers=staff_headers("stats"))

    async def sales(self, **params: object) -> dict[str, Any]:
        answer = await self.asks("sales", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def everything(self) -> list[Any]:
        """Every figure there is, for comparing before and after."""
        span = {"from": "2026-01-01", "to": "2026-12-31"}
        groupings = itertools.product(("day", "week", "month"), ("product", "category", "sku", "channel", "mall"))
        return [
            (await self.asks("events")).json()["items"],
            (await self.asks("orders", **span)).json(),
            *[await self.sales(by=by, dimension=dimension, **span) for by, dimension in groupings],
        ]

    async def count(self, table: str) -> int:
        async with self.database.read() as connection:
            return await connection.scalar(text(f"SELECT count(*) FROM {table}"))

    async def forgets(self) -> None:
        """As if the figures were lost."""
        async with self.database.transaction() as tx:
            await tx.connection.execute(text("TRUNCATE order_facts, line_facts, refund_facts"))


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    settings = Settings(database_url=SecretStr("unused"), staff_token_key=SecretStr(STAFF_KEY))
    woken: list[str] = []
    state = {"wake_job": woken.append, "defaults": Defaults("KRW", 500)}
    app = create_app("stats", settings, database, [api.router], state=state)
    async with testing.client(app) as made:
        yield Desk(made, database, woken)


@pytest.fixture
def chance() -> random.Random:
    """The same chances at every run."""
    return random.Random(20261122)


@pytest.fixture
async def in_memory(desk: Desk, database: Database) -> Rebuilds:
    topics = MemoryTopics()
    return Rebuilds(desk, topics, a_rebuilder(database, topics))
