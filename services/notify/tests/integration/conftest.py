from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest
from services.notify.tests.builders import NOW
from services.notify.tests.fakes import FakeSolapi, MailServer, mail_server
from services.notify.tests.world import STAFF_KEY, World

from common import testing
from common.clock import FixedClock
from common.db import Database

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[Database]:
    async with testing.migrated_database("notify", MIGRATIONS, FixedClock(NOW)) as database:
        yield database


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def database(migrated: Database, clock: FixedClock) -> Database:
    await testing.empty(migrated)
    migrated.clock = clock
    return migrated


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
def solapi(clock: FixedClock) -> FakeSolapi:
    return FakeSolapi(clock)


@pytest.fixture
def world(database: Database, clock: FixedClock, post: MailServer, solapi: FakeSolapi) -> World:
    return World(database, clock, post, solapi)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with testing.client(world.app()) as made:
        yield made


@pytest.fixture
def staff() -> dict[str, str]:
    claims = {"sub": "staff-1", "typ": "staff", "roles": ["notify"], "exp": 4_102_444_800}
    return {"Authorization": f"Bearer {jwt.encode(claims, STAFF_KEY, algorithm='HS256')}"}
