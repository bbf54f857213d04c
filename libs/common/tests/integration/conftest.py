from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common import testing
from common.db import Database


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[Database]:
    async with testing.migrated_database("backbone", Path(__file__).parent / "migrations") as database:
        yield database


@pytest.fixture
async def database(migrated: Database) -> Database:
    await testing.empty(migrated)
    return migrated
