"""The schema and its guards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from services.payments.tests.builders import NOW, a_payment, a_refund
from sqlalchemy import MetaData, text
from sqlalchemy.exc import IntegrityError

from common import ids
from common.tables import backbone
from payments.domain.status import RefundStatus, Status
from payments.repository import payment as rows
from payments.repository import refund as refund_rows
from payments.repository.payment import ChangedMeanwhile
from payments.tables import metadata

pytestmark = pytest.mark.integration


async def put(database, payment):
    async with database.transaction() as tx:
        await rows.lock_gate(tx.connection, payment.order_id)
        await rows.add(tx.connection, payment, None, NOW)
    return payment


class TestSchema:
    async def test_the_tables_are_what_the_migrations_make(self, database):
        wanted = MetaData()
        backbone(wanted)
        for table in metadata.tables.values():
            table.to_metadata(wanted)

        def differences(connection):
            def ours(_thing, name, kind, _reflected, _compare_to):
                return not (kind == "table" and (name.startswith("inbox_") or name == "alembic_version"))

            context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
            return compare_metadata(context, wanted)

        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []


class TestPayment:
    @pytest.mark.parametrize("status", sorted(Status))
    async def test_comes_back_as_it_was_saved(self, database, status):
        payment = await put(database, a_payment(status))
        async with database.read() as connection:
            assert await rows.find(connection, payment.id) == payment

    async def test_a_save_over_another_save_is_noticed(self, database):
        payment = await put(database, a_payment())
        for attempt in range(2):
            async with database.transaction() as tx:
                after = replace(payment, attention=f"look {attempt}")
                if attempt == 0:
                    await rows.save(tx.connection, payment, after, ask_at=None, why="", now=NOW)
                else:
                    with pytest.raises(ChangedMeanwhile):
                        await rows.save(tx.connection, payment, after, ask_at=None, why="", now=NOW)

    async def test_keeps_every_status_it_went_through(self, mall):
        payment = await mall.paid()
        async with mall.database.read() as connection:
            history = await rows.history(connection, (await mall.payment(payment["id"])).id)
        assert [(row.from_status, row.to_status) for row in history] == [
            (None, "created"), ("created", "open"), ("open", "confirming"), ("confirming", "confirmed"),
        ]  # fmt: skip


class TestGuards:
    LIVE = ("created", "open", "confirming", "unknown", "waiting_for_deposit")

    @pytest.mark.parametrize("status", sorted(Status))
    async def test_an_order_has_one_live_payment_at_most(self, database, status):
        first = await put(database, a_payment(Status.OPEN))
        second = a_payment(status, order_id=first.order_id, key="tkey_2" if a_payment(status).key else None)
        if status in self.LIVE:
            with pytest.raises(IntegrityError, match="payments_one_live"):
                await put(database, second)
        else:
            await put(database, second)

    async def test_a_providers_key_belongs_to_one_payment(self, database):
        await put(database, a_payment(Status.CONFIRMED))
        with pytest.raises(IntegrityError, match="payments_provider_key"):
            await put(database, a_payment(Status.CONFIRMED))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE payments SET amount = 0",
            "UPDATE payments SET amount = -1",
            "UPDATE payments SET status = 'somewhere'",
            "UPDATE payments SET status = 'waiting_for_deposit'",
            "UPDATE payments SET status = 'unknown'",
            "UPDATE payments SET status = 'confirmed'",
            "UPDATE payments SET tax_free_amount = amount + 1",
            "UPDATE payments SET method = 'cheque'",
            "UPDATE payments SET currency = 'won'",
        ],
    )
    async def test_impossible_rows_are_refused(self, database, statement):
        await put(database, a_payment(Status.OPEN))
        with pytest.raises(IntegrityError):
            async with database.transaction() as tx:
                await tx.connection.execute(text(statement))

    async def test_a_payment_has_one_refund_on_its_way(self, database):
        payment = await put(database, a_payment(Status.CONFIRMED))
        with pytest.raises(IntegrityError, match="refunds_one_running"):
            async with database.transaction() as tx:
                await refund_rows.add(tx.connection, a_refund(payment, RefundStatus.EXECUTING))
                await refund_rows.add(tx.connection, a_refund(payment, RefundStatus.UNKNOWN))

    async def test_a_refund_id_exists_once(self, database):
        payment = await put(database, a_payment(Status.CONFIRMED))
        refund = a_refund(payment, id=ids.new_id())
        with pytest.raises(IntegrityError, match="refunds_pkey"):
            async with database.transaction() as tx:
                await refund_rows.add(tx.connection, refund)
                await refund_rows.add(tx.connection, refund)
