import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from common import db, testing
from common.db import Database


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[Database]:
    async with testing.migrated_database("backbone", Path(__file__).parent / "migrations") as database:
        yield database


@pytest.fixture
async def database(migrated: Database) -> Database:
    await testing.empty(migrated)
    async with migrated.transaction() as tx:
        await tx.connection.exec_driver_sql("UPDATE relay_leases SET owner = NULL, epoch = 0, expires_at = now()")
    return migrated


@pytest.fixture
def connect(database: Database) -> Callable[[], Awaitable[asyncpg.Connection]]:
    url = testing.test_database_url().rsplit("/", 1)[0] + f"/test_backbone_{os.getpid()}"

    async def made() -> asyncpg.Connection:
        return await asyncpg.connect(url, server_settings=db.session_settings("backbone"))

    return made


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Waits for a condition, at most `seconds`."""

    async def wait(condition: Callable[[], object], seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            assert time.monotonic() < end, "the condition did not come true in time"
            await asyncio.sleep(0.01)

    return wait
