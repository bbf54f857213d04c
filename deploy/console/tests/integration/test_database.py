"""The overview and the stuck page over a real schema, read by a role that can only read."""

import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from common import ids, testing
from common.errors import PermanentFailure
from console.watch.database import Database, Unreachable
from contracts.orders import Address, OrderCompleted, OrderContactRecorded, OrderPaid, Person

pytestmark = pytest.mark.integration

MIGRATIONS = Path(__file__).parents[4] / "services" / "orders" / "migrations"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
ORDER = {"order_number": "20261122-00000012", "mall_id": "intake", "channel": "pc", "currency": "KRW"}


@pytest.fixture(scope="session", name="migrated")
async def _migrated():
    async with testing.migrated_database("orders", MIGRATIONS) as database:
        yield database


@pytest.fixture(name="database")
async def _database(migrated):
    await testing.empty(migrated)
    return migrated


@pytest.fixture(scope="session", name="auditor_url")
async def _auditor_url(migrated):
    role = f"console_auditor_{os.getpid()}"
    admin = await asyncpg.connect(testing.test_database_url())
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x' IN ROLE pg_read_all_data")
    parts = urlsplit(testing.test_database_url())
    where = f"{role}:x@{parts.hostname}:{parts.port}"
    yield urlunsplit(parts._replace(netloc=where, path=f"/test_orders_{os.getpid()}"))
    await admin.execute(f"DROP ROLE {role}")
    await admin.close()


def completed(order_id):
    return OrderCompleted(order_id=order_id, completed_at=NOW, **ORDER)


def contact(order_id):
    person = Person(name="김하늘", email="k@example.com", phone="01012345678")
    address = Address(
        recipient="김하늘", phone="01012345678", zonecode="06236", road_address="테헤란로 1", detail="1층"
    )
    return OrderContactRecorded(
        order_id=order_id, order_number=ORDER["order_number"], mall_id="intake", orderer=person, ship_to=address,
        recorded_at=NOW,
    )  # fmt: skip


async def stumble(_event, _tx):
    raise RuntimeError("the provider's answer has no amount")


async def give_up(_event, _tx):
    raise PermanentFailure("no_such_order", "nobody knows this order")


async def get_stuck(database):
    """One key of each topic parked, with an event behind it; and one dead letter of each."""
    kinds = {OrderCompleted: stumble, OrderContactRecorded: stumble}
    parked = testing.processor(database, kinds)
    first, second = ids.new_id(), ids.new_id()
    for event in (completed(first), completed(first), contact(second)):
        await parked.process([testing.record_of(event)])
    dead = testing.processor(database, {OrderPaid: give_up, OrderCompleted: give_up, OrderContactRecorded: give_up})
    third = ids.new_id()
    for event in (completed(third), contact(third)):
        await dead.process([testing.record_of(event)])
    return first


class TestDatabase:
    async def test_counts_what_waits(self, database, auditor_url):
        await get_stuck(database)
        reader = Database(auditor_url, ["orders"])
        found = await reader.backbone("orders")
        await reader.close()
        assert (found.parked_keys, found.parked_events, found.dead_letters) == (2, 3, 2)
        # The reports of the dead letters wait to be sent.
        assert found.outbox == 2
        assert found.oldest_seconds >= 0

    async def test_tells_what_is_not_there(self, database, auditor_url):
        reader = Database(auditor_url, ["orders", "stats"])
        with pytest.raises(Unreachable, match="stats has no tables yet"):
            await reader.backbone("stats")
        with pytest.raises(Unreachable, match="no service"):
            await reader.backbone('orders".outbox; --')
        await reader.close()

    async def test_cannot_change_anything_even_with_rights(self, database):
        url = testing.test_database_url().rsplit("/", 1)[0] + f"/test_orders_{os.getpid()}"
        reader = Database(url, ["orders"])
        with pytest.raises(Unreachable, match="ReadOnlySQLTransactionError"):
            await reader._rows("orders", "DELETE FROM {schema}.dead_letters")
        await reader.close()


class TestStuckPage:
    async def test_shows_what_is_stuck_and_how_to_settle_it(self, a_console, database, auditor_url):
        order_id = await get_stuck(database)
        settings = {"service_urls": {"orders": "http://127.0.0.1:9"}, "auditor_database_url": auditor_url}
        async with a_console(**settings, instance="e2e") as (client, _):
            stuck = (await client.get("/dev/stuck.json")).json()
            page = (await client.get("/dev/stuck")).text
        assert stuck["troubles"] == []
        parked = next(each for each in stuck["parked"] if each["topic"] == "shop.orders.v1")
        assert (parked["key"], parked["waiting"], parked["reason"], parked["type"]) == (
            str(order_id), 2, "RuntimeError", "order-completed",
        )  # fmt: skip
        assert orders_command("parked retry", f"shop.orders.v1 {order_id}") in parked["commands"].values()
        assert orders_command("parked bury", f"shop.orders.v1 {order_id}") in parked["commands"].values()
        dead = next(each for each in stuck["dead"] if each["topic"] == "shop.orders.v1")
        assert (dead["reason"], dead["type"]) == ("no_such_order", "order-completed")
        assert orders_command("dlq replay", str(dead["id"])) in dead["commands"].values()
        assert orders_command("dlq drop", str(dead["id"])) in dead["commands"].values()
        for shown in ("the provider&#39;s answer has no amount", "nobody knows this order", "20261122-00000012"):
            assert shown in page

    async def test_never_shows_personal_data(self, a_console, database, auditor_url):
        await get_stuck(database)
        settings = {"service_urls": {"orders": "http://127.0.0.1:9"}, "auditor_database_url": auditor_url}
        async with a_console(**settings) as (client, _):
            stuck, page = await client.get("/dev/stuck.json"), await client.get("/dev/stuck")
        personal = [each for each in stuck.json()["parked"] + stuck.json()["dead"] if each["personal"]]
        assert [each["topic"] for each in personal] == ["shop.order-contacts.v1"] * 2
        for text in ("김하늘", "01012345678", "테헤란로"):
            assert text not in stuck.text
            assert text not in page.text

    async def test_the_overview_counts_it(self, a_console, database, auditor_url):
        await get_stuck(database)
        settings = {"service_urls": {"orders": "http://127.0.0.1:9"}, "auditor_database_url": auditor_url}
        async with a_console(**settings) as (client, _):
            (orders,) = (await client.get("/dev/overview.json")).json()["services"]
            assert "4 stuck" in (await client.get("/dev")).text
        assert orders["backbone"]["dead_letters"] == 2


def orders_command(what, rest):
    service = "--service orders "
    return f"SHOP_INSTANCE=e2e shop events {what} {service}{rest}"
