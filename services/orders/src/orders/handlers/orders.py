"""Commands about orders themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from common.clock import business_day
from common.db import Tx
from orders import commands, domain, errors, events
from orders.domain import Order, Quote
from orders.handlers.changing import change, change_if_free, tell
from orders.repository import contacts, numbers, orders, reads


@dataclass(frozen=True, slots=True)
class Placing:
    """What the placing of an order needs besides the command."""

    quote: Quote
    access_token_hash: bytes
    payment_window: timedelta


async def place_order(command: commands.PlaceOrder, placing: Placing, tx: Tx) -> Order:
    """Raises `CartAlreadyOrdered`. An order of this id that is there already is returned as it is."""
    number = await numbers.draw(tx.connection, business_day(tx.now))
    due_at = tx.now + placing.payment_window
    decision = domain.place(command.order_id, number, placing.quote, due_at=due_at, now=tx.now)
    if not await orders.insert_order(tx.connection, decision.order, placing.access_token_hash):
        return await _placed_before(command, tx)
    await contacts.insert_contact(tx.connection, command.order_id, command.contact, tx.now)
    await tell(decision, tx)
    tx.publish(events.contact_recorded(decision.order, command.contact, placing.access_token_hash, tx.now))
    return decision.order


async def _placed_before(command: commands.PlaceOrder, tx: Tx) -> Order:
    before = await orders.find(tx.connection, command.order_id)
    if before is None:
        raise errors.CartAlreadyOrdered("this cart was ordered already")
    return before


async def check_cart_is_free(command: commands.PlaceOrder, tx: Tx) -> None:
    """Spares cart and catalog the work. Raises `CartAlreadyOrdered`; the unique index has the last word."""
    if await reads.other_order_of_cart(tx.connection, command.cart_id, command.order_id):
        raise errors.CartAlreadyOrdered("this cart was ordered already")


async def note_payment_pending(command: commands.NotePaymentPending, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_payment_pending(order, command))


async def note_payment_failed(command: commands.NotePaymentFailed, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_payment_failed(order, command))


async def note_payment_expired(command: commands.NotePaymentExpired, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_payment_expired(order, command, tx.now))


async def pay_order(command: commands.PayOrder, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.pay(order, command))


async def record_refund(command: commands.RecordRefund, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.record_refund(order, command))


async def note_deposit_reversed(command: commands.NoteDepositReversed, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_deposit_reversed(order, command, tx.now))


async def note_refund_waits(command: commands.NoteRefundWaits, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_refund_waits(order, command))


async def note_refund_refused(command: commands.NoteRefundRefused, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_refund_refused(order, command))


async def note_deposit_mismatch(command: commands.NoteDepositMismatch, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_deposit_mismatch(order, command))


async def note_surplus_returned(command: commands.NoteSurplusReturned, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_surplus_returned(order, command))


async def request_cancel(command: commands.RequestCancel, tx: Tx) -> Order:
    after = await change(command.order_id, tx, lambda order: domain.request_cancel(order, command, tx.now))
    if command.note:
        await contacts.keep_note(tx.connection, command.order_id, command.cancel_id, command.note)
    return after


async def settle_cancel(command: commands.SettleCancel, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.settle_cancel(order, command, tx.now))


async def note_shipment(command: commands.NoteShipment, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_shipment(order, command))


async def confirm_purchase(command: commands.ConfirmPurchase, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.confirm_purchase(order, command, tx.now))


async def note_stock_unavailable(command: commands.NoteStockUnavailable, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.note_stock_unavailable(order, command, tx.now))


async def expire_order(command: commands.ExpireOrder, tx: Tx) -> bool:
    """False: somebody else is changing the order, and it was left alone. It comes up again at the next turn."""
    return await change_if_free(command.order_id, tx, lambda order: domain.expire(order, command, tx.now))


async def complete_order(command: commands.CompleteOrder, tx: Tx) -> bool:
    """False: somebody else is changing the order, and it was left alone. It comes up again at the next turn."""
    return await change_if_free(command.order_id, tx, lambda order: domain.complete(order, command, tx.now))
