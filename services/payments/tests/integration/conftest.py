from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from services.payments.tests.builders import NOW
from services.payments.tests.fakes import FakeGateway, FakeOrders
from services.payments.tests.integration.mall import Mall, a_mall, settings

from common import testing
from common.clock import FixedClock
from common.db import Database

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="session")
async def migrated(clock: FixedClock) -> AsyncIterator[Database]:
    async with testing.migrated_database("payments", _MIGRATIONS, clock) as database:
        yield database


@pytest.fixture
async def database(migrated: Database, clock: FixedClock) -> Database:
    await testing.empty(migrated)
    clock.advance(NOW - clock.now())
    return migrated


@pytest.fixture
async def mall(database: Database, clock: FixedClock) -> AsyncIterator[Mall]:
    """Payments with a fake provider and fake orders, on real PostgreSQL."""
    async with a_mall(database, clock, FakeGateway(), FakeOrders()) as made:
        yield made


@pytest.fixture
async def other_origin(database: Database, clock: FixedClock) -> AsyncIterator[httpx.AsyncClient]:
    """The same service told where returns may lead."""
    restricted = settings(return_origins="https://shop.example", sealing_key=SecretStr("another"))
    async with a_mall(database, clock, FakeGateway(), FakeOrders(), restricted) as made:
        yield made.http
