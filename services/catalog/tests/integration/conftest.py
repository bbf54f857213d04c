from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from services.catalog.tests.builders import INTERNAL_KEY, MEDIA, STAFF_KEY, a_mall, a_staff_token, a_stored_product
from services.catalog.tests.fakes import FakeStorage

from catalog import api
from catalog.flows import Media, Transfers
from catalog.settings import Settings
from common import testing
from common.db import Database
from common.http import create_app

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[Database]:
    async with testing.migrated_database("catalog", MIGRATIONS) as database:
        yield database


@pytest.fixture
async def database(migrated: Database) -> Database:
    await testing.empty(migrated)
    return migrated


@pytest.fixture
async def product_id(database: Database) -> UUID:
    """A published product `granola`, of which everybody has been told."""
    await a_mall(database)
    made = await a_stored_product(database, "A", slug="granola")
    await testing.published(database, clear=True)
    return made


@pytest.fixture
def storage() -> FakeStorage:
    return FakeStorage()


@pytest.fixture
async def http(database: Database, storage: FakeStorage) -> AsyncIterator[httpx.AsyncClient]:
    """A customer: no token."""
    settings = Settings(database_url="unused", staff_token_key=STAFF_KEY, internal_key=INTERNAL_KEY)
    state = {
        "media": Media(database, storage, MEDIA),
        "transfers": Transfers(database, storage, MEDIA),
        "storefront": api.Storefront(MEDIA, 5, 5),
    }
    async with testing.client(create_app("catalog", settings, database, api.routers, state=state)) as client:
        yield client


@pytest.fixture
def staff() -> dict[str, str]:
    """Headers of a staff member who may write."""
    return {"Authorization": f"Bearer {a_staff_token('catalog')}"}


@pytest.fixture
def internal() -> dict[str, str]:
    """Headers of another service."""
    return {"X-Internal-Key": INTERNAL_KEY}


@pytest.fixture
async def shelf(database):
    """Ten units each of A and B."""
    await a_mall(database)
    await a_stored_product(database, "A", "B", units=10)
    await testing.published(database, clear=True)
    return database
