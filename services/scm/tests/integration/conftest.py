from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from services.scm.tests.builders import NOW
from services.scm.tests.polled import Polled
from services.scm.tests.shop import KEYS, SCM, STAFF_KEY, a_staff_token

from common import testing
from common.clock import FixedClock
from common.db import Database
from common.runtime import Runtime
from scm.main import MIGRATIONS, build
from scm.settings import Settings


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[Database]:
    async with testing.migrated_database("scm", MIGRATIONS) as database:
        yield database


@pytest.fixture
async def database(migrated: Database) -> Database:
    await testing.empty(migrated)
    migrated.clock = FixedClock(NOW)
    return migrated


@pytest.fixture(scope="session")
async def served(migrated: Database) -> AsyncIterator[SCM]:
    """The service as `main` wires it, without broker and sockets."""
    settings = Settings(
        database_url="unused", staff_token_key=STAFF_KEY, centre_api_keys=KEYS, default_centre="icheon",
        poll_centre_code="yongin", goods_wait_seconds=0,
    )  # fmt: skip
    async with httpx.AsyncClient() as nobody:
        parts = build(Runtime(settings, migrated, nobody, nobody, migrated.clock, lambda _job: None))
        async with SCM.started(parts, settings, migrated) as made:
            yield made


@pytest.fixture
def scm(served: SCM, database: Database) -> SCM:
    assert served.database is database
    return served


@pytest.fixture
def staff() -> dict[str, str]:
    return {"Authorization": f"Bearer {a_staff_token('scm')}"}


@pytest.fixture
async def polled(scm: SCM, staff) -> Polled:
    await scm.http.put("/v1/logistics/centres/yongin", json={"name": "용인", "mode": "poll"}, headers=staff)
    await scm.http.put("/v1/logistics/routes/livestore", json={"centre": "yongin"}, headers=staff)
    return Polled(scm)
