"""Events in, effects and events out, through the real inbox and outbox."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from services.orders.tests.builders import DAY, NOW, PAYMENT, SHIPMENT, cancels
from services.orders.tests.stored import change, place, read
from sqlalchemy import text

from common import ids, testing
from common.db import Database
from contracts.payments import (
    DepositMismatch,
    DepositReversed,
    PaymentConfirmed,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentRefunded,
    RefundAccountNeeded,
    RefundRefused,
    SurplusReturned,
    VirtualAccount,
)
from contracts.shared import SkuQuantity
from contracts.shipments import ShipmentCancelDecided, ShipmentLine, ShipmentStatus, ShipmentUpdated
from contracts.stock import Shortage, StockUnavailable
from orders import domain, handlers
from orders.commands import CompleteOrder
from orders.consumer import handlers_by_event
from orders.domain import Lot, Order, Status
from orders.repository import history, orders

pytestmark = pytest.mark.integration

HANDLERS = handlers_by_event()
LATER = NOW + timedelta(hours=1)


def about(order: Order, payment_id: UUID = PAYMENT) -> dict:
    return {
        "payment_id": payment_id,
        "order_id": order.order_id,
        "order_number": order.number,
        "mall_id": order.mall_id,
        "currency": "KRW",
        "amount": order.total_amount,
        "provider": "toss",
        "method": "virtual_account",
    }


def confirmed(order: Order, **changes) -> PaymentConfirmed:
    return PaymentConfirmed(**about(order) | {"confirmed_at": NOW} | changes)


def pending(order: Order) -> PaymentPending:
    account = VirtualAccount(bank_code="88", bank_name="신한", account_number="1", holder="인테이크", due_at=NOW + DAY)
    return PaymentPending(**about(order), virtual_account=account, occurred_at=NOW)


def updated(order: Order, status: str, *, shipped: bool = False, delivered: bool = False) -> ShipmentUpdated:
    return ShipmentUpdated(
        shipment_id=SHIPMENT,
        order_id=order.order_id,
        order_number=order.number,
        mall_id=order.mall_id,
        centre="gimpo",
        status=ShipmentStatus(status),
        lines=(),
        order_shipped=shipped,
        order_delivered=delivered,
        occurred_at=LATER,
    )


SHORT = (SkuQuantity(sku="OAT-1000", quantity=1),)


def decided(order: Order, cancel_id: UUID, *, accepted: bool) -> ShipmentCancelDecided:
    about = {"order_id": order.order_id, "cancel_id": cancel_id, "mall_id": order.mall_id}
    return ShipmentCancelDecided(**about, accepted=accepted, short=SHORT if accepted else (), occurred_at=LATER)


def refunded(order: Order, amount: int, so_far: int) -> PaymentRefunded:
    return PaymentRefunded(
        **about(order),
        refund_id=ids.derived_id("refund", str(so_far)),
        refund_amount=amount,
        refunded_amount=so_far,
        remaining_amount=order.total_amount - so_far,
        reason="customer_request",
        refunded_at=LATER,
    )


async def hear(database: Database, *events) -> list:
    """Delivers, delivers the same facts again in new messages, and returns what was said because of the first."""
    await testing.published(database, clear=True)
    await testing.deliver(database, HANDLERS, *events)
    said = await testing.published(database, clear=True)
    await testing.deliver(database, HANDLERS, *events)
    assert await testing.published(database) == []
    return said


async def stories(database: Database, order: Order) -> list[str]:
    async with database.read() as connection:
        return [entry.name for entry in await history.read(connection, order.order_id)]


async def test_several_parcels_are_told_apart(database: Database):
    order = await place(database)
    await hear(database, confirmed(order))
    first, second = ids.new_id(), ids.new_id()

    def parcel(shipment_id: UUID, status: str, line: int, quantity: int, *, last: bool = False) -> ShipmentUpdated:
        line_of = order.lines[line]
        units = (ShipmentLine(line_id=line_of.line_id, sku=line_of.sku, quantity=quantity),)
        told = updated(order, status, shipped=last, delivered=last and status == "delivered")
        return told.model_copy(update={"shipment_id": shipment_id, "lines": units})

    await hear(database, parcel(first, "shipped", 0, 1), parcel(first, "delivered", 0, 1))
    stored = await read(database, order)
    assert (stored.status, stored.progress) == (Status.PREPARING, "partly_delivered")
    assert domain.lots(stored, stored.lines[0]) == [Lot(stored.lines[0].sku, 1, LATER)]
    await hear(database, parcel(second, "shipped", 1, 3, last=True))
    await hear(database, parcel(second, "delivered", 1, 3, last=True))
    stored = await read(database, order)
    assert (stored.status, stored.progress, len(stored.parcels)) == (Status.DELIVERED, "delivered", 2)


async def test_from_payment_to_the_door(database: Database):
    order = await place(database)
    (paid,) = await hear(database, confirmed(order))
    assert (paid.type, paid.payment_id, paid.total_amount) == ("order-paid", PAYMENT, order.total_amount)
    assert [line.line_id for line in paid.lines] == [line.line_id for line in order.lines]
    assert await hear(database, updated(order, "accepted")) == []
    assert (await read(database, order)).status is Status.PREPARING
    await hear(database, updated(order, "shipped", shipped=True))
    await hear(database, updated(order, "delivered", shipped=True, delivered=True))
    arrived = await read(database, order)
    assert (arrived.status, arrived.delivered_at) == (Status.DELIVERED, LATER)
    assert await stories(database, order) == ["order-placed", "order-paid", *["shipment-updated"] * 3]


async def test_an_account_that_expires_cancels_the_order(database: Database):
    order = await place(database)
    await hear(database, pending(order))
    assert (await read(database, order)).payment_due_at == NOW + DAY
    (cancelled,) = await hear(database, PaymentExpired(**about(order), occurred_at=LATER))
    assert (cancelled.type, cancelled.reason, cancelled.was_paid) == ("order-cancelled", "payment_expired", False)
    assert (cancelled.whole, cancelled.refund_amount) == (True, 0)
    assert sum(line.amount for line in cancelled.lines) + cancelled.shipping_amount == order.total_amount


async def test_a_failed_payment_is_only_part_of_the_story(database: Database):
    order = await place(database)
    assert await hear(database, PaymentFailed(**about(order), code="X", reason="y", occurred_at=NOW)) == []
    assert (await read(database, order)) == order
    assert await stories(database, order) == ["order-placed", "payment-failed"]


@pytest.mark.parametrize("wrong", [{"amount": 1}, {"currency": "USD"}])
async def test_money_that_does_not_fit_goes_back_and_the_order_stays_unpaid(database: Database, wrong):
    order = await place(database)
    (refund,) = await hear(database, confirmed(order, **wrong))
    assert (refund.type, refund.reason, refund.payment_id) == ("order-refund-requested", "amount_mismatch", PAYMENT)
    assert (refund.amount, refund.currency) == (wrong.get("amount", order.total_amount), wrong.get("currency", "KRW"))
    stored = await read(database, order)
    assert stored.status is Status.PENDING_PAYMENT
    assert [known.refund_id for known in stored.unwanted] == [refund.refund_id]


async def test_a_deposit_after_the_cancel_goes_back(database: Database):
    order = await place(database)
    await change(database, handlers.request_cancel, cancels(order))
    (refund,) = await hear(database, confirmed(order))
    assert (refund.reason, refund.amount) == ("unwanted", order.total_amount)
    assert (refund.vat_amount, refund.tax_free_amount) == (order.worth.vat, order.worth.tax_free)


async def test_a_cancel_by_line_waits_for_the_centre_and_then_refunds(database: Database):
    order = await place(database)
    await hear(database, confirmed(order))
    command = cancels(order, (order.lines[1].line_id, 2))
    await change(database, handlers.request_cancel, command)
    (asked,) = await testing.published(database, clear=True)
    assert (asked.type, asked.cancel_id, asked.whole) == ("order-cancel-requested", command.cancel_id, False)
    cancelled, refund = await hear(database, decided(order, command.cancel_id, accepted=True))
    assert cancelled.short == SHORT
    assert (cancelled.type, cancelled.was_paid, cancelled.whole) == ("order-cancelled", True, False)
    assert [(line.sku, line.quantity) for line in cancelled.lines] == [("OAT-1000", 2)]
    assert refund.refund_id == ids.derived_id("refund", str(command.cancel_id))
    assert refund.amount == cancelled.refund_amount == asked.lines[0].amount
    await hear(database, refunded(order, refund.amount, refund.amount))
    stored = await read(database, order)
    assert (stored.status, stored.refunded_amount) == (Status.PAID, refund.amount)
    assert (stored.lines[1].cancelled, stored.lines[1].cancelling) == (2, 0)


async def test_a_refused_cancel_moves_no_money(database: Database):
    order = await place(database)
    await hear(database, confirmed(order))
    command = cancels(order)
    await change(database, handlers.request_cancel, command)
    assert await hear(database, decided(order, command.cancel_id, accepted=False)) == []
    assert (await read(database, order)).lines == order.lines


async def test_a_reversed_deposit_stops_the_goods_without_a_refund(database: Database):
    order = await place(database)
    await hear(database, confirmed(order))
    (asked,) = await hear(database, DepositReversed(**about(order), occurred_at=LATER))
    assert (asked.type, asked.reason, asked.whole) == ("order-cancel-requested", "deposit_reversed", True)
    (cancelled,) = await hear(database, decided(order, asked.cancel_id, accepted=True))
    assert (cancelled.type, cancelled.refund_amount, cancelled.was_paid) == ("order-cancelled", 0, True)
    (refund,) = await hear(database, confirmed(order, confirmed_at=LATER + DAY))
    assert (refund.type, refund.amount) == ("order-refund-requested", order.total_amount)


async def test_an_unwanted_deposit_the_bank_took_back_and_gave_again_goes_back_again(database: Database):
    order = await place(database)
    await change(database, handlers.request_cancel, cancels(order))
    (first,) = await hear(database, confirmed(order))
    assert await hear(database, DepositReversed(**about(order), occurred_at=LATER)) == []
    (again,) = await hear(database, confirmed(order, confirmed_at=LATER + DAY))
    assert (again.payment_id, again.amount) == (first.payment_id, first.amount)
    assert again.refund_id != first.refund_id
    stored = await read(database, order)
    assert [known.reversed_at for known in stored.unwanted] == [LATER, None]


async def test_what_waits_for_somebody_is_told_once_and_ends(database: Database):
    order = await place(database)
    refund = {"refund_id": ids.derived_id("refund", "100"), "refund_amount": 100}
    seen = []
    for event in (
        DepositMismatch(**about(order), deposited_amount=order.total_amount - 1, occurred_at=NOW),
        confirmed(order, confirmed_at=LATER),
        DepositMismatch(**about(order), deposited_amount=order.total_amount + 7, surplus_amount=7, occurred_at=LATER),
        SurplusReturned(**about(order), returned_amount=7, remaining_amount=0, returned_at=LATER),
        RefundAccountNeeded(**about(order), **refund, occurred_at=LATER),
        RefundRefused(**about(order), **refund, code="too_old", reason="", occurred_at=LATER + DAY),
        refunded(order, 100, 100),
    ):
        await hear(database, event)
        troubles = (await read(database, order)).troubles
        seen.append([known.what for known in troubles if not known.over])
    assert seen == [
        ["deposit_short"], [], ["surplus_owed"], [], ["refund_account_needed"], ["refund_refused"], [],
    ]  # fmt: skip
    assert await stories(database, order) == [
        "order-placed", "deposit-mismatch", "order-paid", "deposit-mismatch", "surplus-returned",
        "refund-account-needed", "refund-refused", "payment-refunded",
    ]  # fmt: skip


async def test_missing_stock_cancels_and_refunds_a_paid_order(database: Database):
    order = await place(database)
    await hear(database, confirmed(order))
    shortage = Shortage(sku="OAT-1000", wanted=3, available=0)
    event = StockUnavailable(order_id=order.order_id, mall_id="intake", shortages=(shortage,), occurred_at=NOW)
    (asked,) = await hear(database, event)
    assert (asked.type, asked.reason) == ("order-cancel-requested", "stock_unavailable")
    cancelled, refund = await hear(database, decided(order, asked.cancel_id, accepted=True))
    assert cancelled.refund_amount == refund.amount == order.total_amount


class TestNewsThatCannotBe:
    """Kept as dead letters with their reason; nothing changes."""

    async def bury(self, database: Database, event) -> str:
        with pytest.raises(AssertionError, match="dead"):
            await testing.deliver(database, HANDLERS, event)
        async with database.read() as connection:
            return str(await connection.scalar(text("SELECT reason FROM dead_letters")))

    async def test_of_an_order_that_never_was(self, database: Database):
        order = await place(database)
        assert await self.bury(database, confirmed(order, order_id=ids.new_id())) == "order.not_found"

    async def test_a_shipment_of_an_unpaid_order(self, database: Database):
        order = await place(database)
        assert await self.bury(database, updated(order, "shipped", shipped=True)) == "order.not_paid"
        assert await read(database, order) == order

    async def test_an_answer_to_a_cancel_nobody_asked_for(self, database: Database):
        order = await place(database)
        reason = await self.bury(database, decided(order, ids.new_id(), accepted=True))
        assert reason == "order.cancel_not_found"

    async def test_a_refund_of_more_than_was_paid(self, database: Database):
        order = await place(database)
        await hear(database, confirmed(order))
        too_much = order.total_amount + 1
        assert await self.bury(database, refunded(order, too_much, too_much)) == "order.refund_exceeds_payment"
        assert (await read(database, order)).refunded_amount == 0


async def test_a_completed_order_is_told(database: Database):
    order = await place(database)
    await hear(database, confirmed(order), updated(order, "delivered", delivered=True))
    async with database.transaction() as tx:
        tx.now = LATER + 7 * DAY
        await handlers.complete_order(CompleteOrder(order.order_id, 7 * DAY), tx)
    (completed,) = await testing.published(database)
    assert (completed.type, completed.completed_at) == ("order-completed", LATER + 7 * DAY)
    async with database.read() as connection:
        assert (await orders.find(connection, order.order_id)).status is Status.COMPLETED
