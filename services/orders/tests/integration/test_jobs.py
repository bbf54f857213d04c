from __future__ import annotations

from datetime import timedelta

import pytest
from services.orders.tests.builders import DAY, PAYMENT, cancels, pays, ships
from services.orders.tests.stored import change, place, read

from common import testing
from common.clock import FixedClock
from common.db import Database
from orders import handlers, jobs
from orders.commands import NotePaymentPending
from orders.domain import Status
from orders.repository import orders

pytestmark = pytest.mark.integration

TERMS = jobs.Terms(
    grace=timedelta(minutes=1), account_grace=DAY, complete_after=7 * DAY, expire_seconds=30, complete_seconds=300
)


class TestExpire:
    async def test_gives_up_what_nobody_paid(self, database: Database, clock: FixedClock):
        unpaid, paid = await place(database), await place(database)
        await change(database, handlers.pay_order, pays(paid))
        clock.advance(timedelta(minutes=30, seconds=59))
        assert await jobs.expire_unpaid(database, TERMS) == 0
        clock.advance(timedelta(seconds=1))
        assert await jobs.expire_unpaid(database, TERMS) == 1
        assert (await read(database, unpaid)).status is Status.CANCELLED
        assert (await read(database, paid)).status is Status.PAID
        said = (await testing.published(database))[-1]
        assert (said.type, said.reason, said.was_paid) == ("order-cancelled", "payment_expired", False)

    async def test_a_deposit_on_its_way_finds_its_order(self, database: Database, clock: FixedClock):
        """The account's time is over and payments has not said so yet: the deposit may still be told."""
        order = await place(database)
        waits = NotePaymentPending(order.order_id, PAYMENT, "virtual_account", clock.now() + DAY)
        await change(database, handlers.note_payment_pending, waits)
        clock.advance(DAY + timedelta(hours=23))
        assert await jobs.expire_unpaid(database, TERMS) == 0
        await change(database, handlers.pay_order, pays(order))
        clock.advance(DAY)
        assert await jobs.expire_unpaid(database, TERMS) == 0
        assert (await read(database, order)).status is Status.PAID

    async def test_steps_in_when_payments_stays_silent(self, database: Database, clock: FixedClock):
        order = await place(database)
        waits = NotePaymentPending(order.order_id, PAYMENT, "virtual_account", clock.now() + DAY)
        await change(database, handlers.note_payment_pending, waits)
        clock.advance(2 * DAY)
        assert await jobs.expire_unpaid(database, TERMS) == 1
        assert (await read(database, order)).status is Status.CANCELLED

    async def test_leaves_an_order_alone_that_is_being_paid(self, database: Database, clock: FixedClock):
        order = await place(database)
        clock.advance(DAY)
        async with database.transaction() as tx:
            await orders.lock(tx.connection, order.order_id)
            assert await jobs.expire_unpaid(database, TERMS) == 0
            await handlers.pay_order(pays(order), tx)
        await jobs.expire_unpaid(database, TERMS)
        assert (await read(database, order)).status is Status.PAID

    async def test_one_order_that_fails_keeps_no_other_waiting(
        self, database: Database, clock: FixedClock, monkeypatch
    ):
        """The broken one is the longest overdue, so it comes first at every turn."""
        broken = await place(database)
        clock.advance(timedelta(seconds=1))
        sound = await place(database)
        clock.advance(DAY)
        expire_order = handlers.expire_order

        async def fails_for_one(command, tx):
            if command.order_id == broken.order_id:
                raise ValueError("a row nobody foresaw")
            return await expire_order(command, tx)

        monkeypatch.setattr(handlers, "expire_order", fails_for_one)
        assert await jobs.expire_unpaid(database, TERMS) == 1
        assert (await read(database, sound)).status is Status.CANCELLED

    async def test_a_database_that_is_away_ends_the_turn(self, database: Database, clock: FixedClock, monkeypatch):
        for _ in range(2):
            await place(database)
        clock.advance(DAY)
        tried = []

        async def away(command, tx):
            tried.append(command.order_id)
            raise ConnectionError("the database is away")

        monkeypatch.setattr(handlers, "expire_order", away)
        with pytest.raises(ConnectionError):
            await jobs.expire_unpaid(database, TERMS)
        assert len(tried) == 1

    async def test_works_through_more_than_a_batch(self, database: Database, clock: FixedClock, monkeypatch):
        monkeypatch.setattr(jobs, "_BATCH", 2)
        for _ in range(5):
            await place(database)
        clock.advance(DAY)
        assert await jobs.expire_unpaid(database, TERMS) == 5


class TestComplete:
    async def test_completes_a_week_after_the_last_parcel(self, database: Database, clock: FixedClock):
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        await change(database, handlers.note_shipment, ships(order, "delivered", delivered=True))
        clock.advance(7 * DAY)
        assert await jobs.complete_delivered(database, TERMS) == 0
        clock.advance(timedelta(hours=5))
        assert await jobs.complete_delivered(database, TERMS) == 1
        assert (await testing.published(database))[-1].type == "order-completed"

    async def test_an_unanswered_cancel_holds_it_back_and_nobody_else(self, database: Database, clock: FixedClock):
        held, free = await place(database), await place(database)
        for order in (held, free):
            payment = pays(order, payment_id=order.order_id)
            await change(database, handlers.pay_order, payment)
        await change(database, handlers.request_cancel, cancels(held, (held.lines[0].line_id, 1)))
        for order in (held, free):
            await change(database, handlers.note_shipment, ships(order, "delivered", delivered=True))
        clock.advance(30 * DAY)
        assert await jobs.complete_delivered(database, TERMS) == 1
        assert (await read(database, held)).status is Status.DELIVERED
        assert (await read(database, free)).status is Status.COMPLETED
