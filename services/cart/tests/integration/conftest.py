from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from services.cart.tests.builders import (
    INTERNAL_KEY,
    NOW,
    STAFF_KEY,
    a_mall_changed,
    a_product_published,
    staff_headers,
)
from sqlalchemy import text

from cart import api, consumer
from cart.settings import Settings
from common import ids, testing
from common.clock import FixedClock
from common.db import Database
from common.http import create_app
from contracts.envelope import Event

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="session")
async def migrated(clock: FixedClock) -> AsyncIterator[Database]:
    async with testing.migrated_database("cart", _MIGRATIONS, clock) as database:
        yield database


@pytest.fixture
async def database(migrated: Database, clock: FixedClock) -> Database:
    await testing.empty(migrated)
    clock.advance(NOW - clock.now())
    return migrated


@pytest.fixture
async def http(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        database_url=SecretStr("unused"),
        staff_token_key=SecretStr(STAFF_KEY),
        internal_key=SecretStr(INTERNAL_KEY),
        channels="pc,mobile",
        max_lines=3,
        max_quantity=99,
    )
    app = create_app("cart", settings, database, [api.router], state={"terms": settings.terms()})
    async with testing.client(app) as made:
        yield made


@dataclass
class Shop:
    """A customer's hand on the service, and the other services' events."""

    http: httpx.AsyncClient
    database: Database

    async def hears(self, *events: Event) -> None:
        await testing.deliver(self.database, consumer.handlers_of(), *events)

    async def opens(self) -> tuple[str, dict[str, str]]:
        """A new cart: its path and the headers of its holder."""
        made = (await self.http.post("/v1/carts", json={"mall_id": "intake", "channel": "pc"})).json()
        return f"/v1/carts/{made['id']}", {"X-Cart-Token": made["token"]}

    async def fills(self, sku: str = "GR-500", quantity: int = 1) -> tuple[str, dict[str, str]]:
        path, holder = await self.opens()
        answer = await self.http.post(f"{path}/lines", json={"sku": sku, "quantity": quantity}, headers=holder)
        assert answer.status_code == 201, answer.text
        return path, holder

    async def freezes(
        self, path: str, holder: dict[str, str], order_id: UUID | None = None, **body: object
    ) -> httpx.Response:
        return await self.http.post(
            f"{path.replace('/v1/', '/internal/')}/freeze",
            json={"order_id": str(order_id or ids.new_id()), **body},
            headers={**holder, "X-Internal-Key": INTERNAL_KEY},
        )

    async def promotes(self, benefit: dict[str, object], **changes: object) -> dict[str, Any]:
        """A promotion that counts at once."""
        body = {"mall_id": "intake", "label": "봄맞이", "currency": "KRW", "status": "active", "benefit": benefit}
        headers = {**staff_headers("promotions"), "Idempotency-Key": str(ids.new_id())}
        answer = await self.http.post("/v1/promotions", json=body | changes, headers=headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def makes_coupon(self, promotion: dict[str, Any], **body: object) -> dict[str, Any]:
        headers = {**staff_headers("promotions"), "Idempotency-Key": str(ids.new_id())}
        url = f"/v1/promotions/{promotion['id']}/coupons"
        answer = await self.http.post(url, json={"label": "쿠폰", **body}, headers=headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def taken(self) -> list[tuple[str, int, int]]:
        """Of every allowance its kind, its count, and what the orders' rows say that the count must be."""
        async with self.database.read() as connection:
            rows = await connection.execute(
                text(
                    "SELECT a.kind, a.taken,"
                    " coalesce(sum(u.units - u.returned_units) FILTER (WHERE u.state IN ('held', 'used')), 0)"
                    " FROM allowances a LEFT JOIN allowance_uses u ON u.allowance_id = a.id"
                    " GROUP BY a.id ORDER BY a.kind, a.id"
                )
            )
            return [(row[0], int(row[1]), int(row[2])) for row in rows]

    async def releases(self, path: str, order_id: UUID) -> httpx.Response:
        url = f"{path.replace('/v1/', '/internal/')}/freeze/{order_id}"
        return await self.http.delete(url, headers={"X-Internal-Key": INTERNAL_KEY})


@pytest.fixture
async def shop(http: httpx.AsyncClient, database: Database) -> Shop:
    """Sells the granola GR-500 for 12,900 won in the mall intake."""
    made = Shop(http, database)
    await made.hears(a_mall_changed(), a_product_published())
    return made
