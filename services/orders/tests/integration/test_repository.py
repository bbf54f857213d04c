from __future__ import annotations

import asyncio
from datetime import date

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from services.orders.tests.builders import (
    NOW,
    PAYMENT,
    a_quote,
    a_quote_line,
    cancels,
    claims,
    finds,
    pays,
    settles,
    ships,
)
from services.orders.tests.stored import change, place, read
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from common import ids
from common.db import Database
from orders import domain, handlers, tables
from orders.commands import ApproveClaim, NoteRefundWaits
from orders.domain import Order
from orders.repository import numbers, orders

pytestmark = pytest.mark.integration

DAY = date(2026, 11, 22)


async def test_the_tables_are_what_the_migrations_made(database: Database):
    def difference(connection):
        ours = {table.name for table in tables.metadata.tables.values()}

        def compared(_object, name, kind, _reflected, _other):
            return kind != "table" or name in ours

        context = MigrationContext.configure(
            connection, opts={"include_object": compared, "compare_type": True, "compare_server_default": False}
        )
        return compare_metadata(context, tables.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(difference) == []


async def test_an_order_is_read_as_it_was_written(database: Database):
    order = await place(database, a_quote(shipping=0, free_shipping_from=30000))
    assert await read(database, order) == order
    paid = domain.pay(order, pays(order)).order
    wrong = domain.pay(paid, pays(order, payment_id=order.order_id)).order
    command = cancels(order, (order.lines[1].line_id, 2), (order.lines[0].line_id, 1))
    asked = domain.request_cancel(wrong, command, NOW).order
    settled = domain.settle_cancel(asked, settles(order, command.cancel_id), NOW).order
    waits = NoteRefundWaits(order.order_id, PAYMENT, command.cancel_id, 100, account_was_wrong=False, at=NOW)
    told = domain.note_refund_waits(settled, waits).order
    before = order
    for after in (paid, wrong, asked, settled, told):
        async with database.transaction() as tx:
            assert await orders.lock(tx.connection, order.order_id) == before
            await orders.save(tx.connection, before, after)
        assert await read(database, order) == after
        before = after


async def test_23_an_order_is_read_with_the_same_few_statements_however_much_happened_to_it(database: Database):
    """One line and nothing since, or forty lines of which half came back one by one."""

    async def statements(order: Order) -> int:
        seen: list[str] = []

        def asked(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        event.listen(database.engine.sync_engine, "before_cursor_execute", asked)
        try:
            assert await read(database, order) == order
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", asked)
        return len([each for each in seen if each.startswith("SELECT")])

    async def happened(lines: int, claimed: int) -> Order:
        before = await place(database, a_quote(*(a_quote_line(f"SKU-{number}") for number in range(lines))))
        after = domain.pay(before, pays(before, payment_id=ids.new_id())).order
        after = domain.note_shipment(after, ships(after, "delivered", shipped=True, delivered=True)).order
        for line in after.lines[:claimed]:
            command = claims(after, (line.line_id, 1), reason="defective")
            after = domain.request_claim(after, command, NOW).order
            after = domain.approve_claim(after, ApproveClaim(after.order_id, command.claim_id, "staff:1"), NOW).order
            after = domain.settle_claim(after, finds(after, command.claim_id), NOW).order
        async with database.transaction() as tx:
            await orders.save(tx.connection, await orders.lock(tx.connection, before.order_id), after)
        return after

    assert await statements(await happened(2, 1)) == await statements(await happened(40, 20)) <= 8


class TestNumbers:
    async def test_count_up_from_one_each_day(self, database: Database):
        drawn = []
        for day in (DAY, DAY, date(2026, 11, 23), DAY, date(2026, 11, 23)):
            async with database.transaction() as tx:
                drawn.append(await numbers.draw(tx.connection, day))
        assert drawn[0] == "20261122-00000001"
        assert drawn[2] == "20261123-00000001"
        assert len(set(drawn)) == 5
        assert sorted(drawn[:2]) == drawn[:2]

    async def test_an_open_order_keeps_no_other_waiting(self, database: Database):
        """No row is locked: the second transaction gets its number while the first has not committed."""
        async with database.transaction() as tx:
            await numbers.draw(tx.connection, DAY)
        async with database.transaction() as slow:
            first = await numbers.draw(slow.connection, DAY)
            async with asyncio.timeout(5), database.transaction() as quick:
                second = await numbers.draw(quick.connection, DAY)
        assert first < second

    async def test_a_new_day_at_the_same_moment_gives_no_number_twice(self, database: Database):
        async def draw() -> str:
            async with database.transaction() as tx:
                return await numbers.draw(tx.connection, DAY)

        drawn = await asyncio.gather(*(draw() for _ in range(40)))
        assert len(set(drawn)) == 40
        assert all(number > "20261122-00000000" for number in drawn)

    async def test_a_first_order_that_rolls_back_leaves_the_day_to_the_next(self, database: Database):
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                await numbers.draw(tx.connection, DAY)
                raise ZeroDivisionError
        async with database.transaction() as tx:
            assert await numbers.draw(tx.connection, DAY) == "20261122-00000001"


class TestGuards:
    """The database refuses what the domain must never decide."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE orders SET status = 'lost'",
            "UPDATE orders SET total_amount = 0, paid_amount = 0",
            "UPDATE orders SET paid_amount = total_amount - 1",
            "UPDATE orders SET refunded_amount = paid_amount + 1",
            "UPDATE orders SET refunded_amount = -1",
            "UPDATE orders SET shipping_amount = -1",
            "UPDATE orders SET currency = 'won'",
            "UPDATE orders SET status = 'pending_payment'",
            "UPDATE orders SET status = 'cancelled'",
            "UPDATE orders SET status = 'delivered'",
            "UPDATE orders SET payment_id = NULL",
            "UPDATE order_lines SET quantity = 0",
            "UPDATE order_lines SET amount = amount + 1",
            "UPDATE order_lines SET vat_amount = amount, tax_free_amount = 1",
            "UPDATE order_lines SET cancelled_quantity = quantity + 1",
            "UPDATE order_lines SET cancelled_quantity = quantity, cancelling_quantity = 1",
            "UPDATE order_lines SET cancelling_quantity = -1",
            "UPDATE order_cancels SET refund_amount = 1",
            "UPDATE order_cancels SET status = 'accepted'",
            "UPDATE order_cancels SET amount = 1",
            "UPDATE order_cancels SET reason = 'because'",
            "UPDATE order_cancel_lines SET quantity = 0",
            "UPDATE order_cancel_lines SET line_id = order_id",
            "DELETE FROM order_lines",
            "DELETE FROM orders",
        ],
    )
    async def test_wrong_amounts_and_states_cannot_be_stored(self, database: Database, statement):
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        await change(database, handlers.request_cancel, cancels(order))
        with pytest.raises(IntegrityError):
            async with database.transaction() as tx:
                await tx.connection.execute(text(statement))

    @pytest.mark.parametrize("statement", ["UPDATE order_history SET story = 'x'", "DELETE FROM order_history"])
    async def test_a_story_is_never_rewritten(self, database: Database, statement):
        await place(database)
        with pytest.raises(DBAPIError, match="only ever continued"):
            async with database.transaction() as tx:
                await tx.connection.execute(text(statement))

    async def test_a_payment_pays_one_order(self, database: Database):
        first, second = await place(database), await place(database)
        await change(database, handlers.pay_order, pays(first, payment_id=PAYMENT))
        with pytest.raises(IntegrityError):
            await change(database, handlers.pay_order, pays(second, payment_id=PAYMENT))

    async def test_an_order_changes_one_step_at_a_time(self, database: Database):
        """Two cancels of the last unit at the same moment: the second sees the first."""
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        line_id = order.lines[0].line_id
        outcomes = await asyncio.gather(
            *(change(database, handlers.request_cancel, cancels(order, (line_id, 1))) for _ in range(6)),
            return_exceptions=True,
        )
        refused = [getattr(outcome, "code", None) for outcome in outcomes if outcome is not None]
        assert refused == ["order.quantity_exceeds_open"] * 5
        assert (await read(database, order)).lines[0].cancelling == 1
