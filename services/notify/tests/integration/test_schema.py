"""Migrations and `tables` agree, and the database itself refuses what must not be."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from services.notify.tests.builders import order_paid
from services.notify.tests.world import World
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from common import ids
from common.db import Database
from notify.domain.delivery import Channel, Status
from notify.domain.messages import Kind
from notify.tables import metadata

pytestmark = pytest.mark.integration


async def test_the_migrated_database_is_what_the_tables_say(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
            return not (kind == "table" and (name or "").startswith("inbox_"))

        return compare_metadata(
            MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True}), metadata
        )

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


class TestRefuses:
    @pytest.mark.parametrize(
        "change",
        [
            "status = 'lost'",
            "channel = 'pigeon'",
            "status = 'delivered'",
            "status = 'sending', recipient = NULL",
            "due_at = NULL",
            "status = 'failed', ended_at = now(), due_at = NULL",
            "attempts = -1",
        ],
    )
    async def test_a_delivery_that_makes_no_sense(self, world: World, change: str) -> None:
        await world.hear(order_paid(ids.new_id()))
        with pytest.raises(IntegrityError):
            async with world.database.transaction() as tx:
                await tx.connection.execute(text(f"UPDATE deliveries SET {change}"))

    async def test_a_second_delivery_of_a_message_on_a_channel(self, world: World) -> None:
        await world.hear(order_paid(ids.new_id()))
        with pytest.raises(IntegrityError):
            async with world.database.transaction() as tx:
                await tx.connection.execute(text("UPDATE deliveries SET channel = 'email'"))

    @pytest.mark.parametrize("amount", ["discount_amount", "shipping_amount", "total_amount"])
    async def test_negative_money(self, world: World, amount: str) -> None:
        await world.hear(order_paid(ids.new_id()))
        with pytest.raises(IntegrityError):
            async with world.database.transaction() as tx:
                await tx.connection.execute(text(f"UPDATE orders SET {amount} = -1"))

    async def test_knows_every_word_of_the_domain(self, database: Database) -> None:
        async with database.read() as connection:
            checks = " ".join(
                await connection.scalars(
                    text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'")
                )
            )
        for word in (*Status, *Channel, *Kind):
            assert f"'{word}'" in checks
