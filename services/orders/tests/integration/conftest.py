from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from services.orders.tests.builders import NOW
from services.orders.tests.fakes import INTERNAL_KEY, STAFF_KEY, TOKEN_KEY, FakeCart, FakeCatalog, FakeSets

from common import db, testing
from common.clock import FixedClock
from common.db import Database
from common.http import create_app
from orders import api
from orders.domain.caller import networks
from orders.flows import ChangeOptions, MoveOrders, PlaceOrders, RequestClaims
from orders.main import default_terms
from orders.schemas.papers import Papers
from orders.settings import Settings

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="session")
async def migrated(clock: FixedClock) -> AsyncIterator[Database]:
    async with testing.migrated_database("orders", _MIGRATIONS, clock) as database:
        yield database


@pytest.fixture
async def database(migrated: Database, clock: FixedClock) -> Database:
    await testing.empty(migrated)
    clock.advance(NOW - clock.now())
    return migrated


@pytest.fixture
def cart() -> FakeCart:
    return FakeCart()


@pytest.fixture
def catalog() -> FakeCatalog:
    return FakeCatalog()


@pytest.fixture
def sets() -> FakeSets:
    return FakeSets()


@pytest.fixture
async def http(
    database: db.Database, cart: FakeCart, catalog: FakeCatalog, sets: FakeSets
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        database_url=SecretStr("unused"),
        token_key=SecretStr(TOKEN_KEY),
        staff_token_key=SecretStr(STAFF_KEY),
        internal_key=SecretStr(INTERNAL_KEY),
    )
    flows = PlaceOrders(database, cart, catalog, TOKEN_KEY, timedelta(minutes=30))
    claims = RequestClaims(database, catalog, default_terms(settings))
    state = {
        "place_orders": flows,
        "request_claims": claims,
        "change_options": ChangeOptions(database, catalog),
        "move_orders": MoveOrders(database, cart),
        "sets": sets,
        "papers": Papers.load({"intake": ["(주)인테이크", "000-00-00000"]}),
        "token_keys": (TOKEN_KEY,),
        "trusted_proxies": networks(settings.trusted_proxies.split(",")),
        "order_name_pattern": settings.order_name_pattern,
    }
    app = create_app("orders", settings, database, [api.router], state=state)
    async with testing.client(app) as made:
        yield made
