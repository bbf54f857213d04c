"""Placing an order, and giving it up when nobody pays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common.ids import derived_id
from common.money import Money
from orders import errors
from orders.commands import CancelReason, ExpireOrder, NotePaymentExpired, NoteStockUnavailable
from orders.domain import cancelling, facts
from orders.domain.decision import Decision
from orders.domain.order import Line, Order
from orders.domain.quote import Quote
from orders.domain.status import Status


def check_price(quote: Quote, expected: Money | None) -> None:
    """Raises `PriceChanged` unless the customer was shown this total, and what `Quote.check` raises."""
    quote.check()
    total = Money(quote.total_amount, quote.currency)
    if expected is not None and expected != total:
        raise errors.PriceChanged(
            f"the cart costs {total.amount} {total.currency} now",
            total={"amount": total.amount, "currency": total.currency},
        )


def place(order_id: UUID, number: str, quote: Quote, *, due_at: datetime, now: datetime) -> Decision:
    """Owed in full until `due_at`. Reserves nothing and asks nobody: the stock must be held already."""
    quote.check()
    order = Order(
        order_id=order_id,
        number=number,
        mall_id=quote.mall_id,
        channel=quote.channel,
        currency=quote.currency,
        cart_id=quote.cart_id,
        status=Status.PENDING_PAYMENT,
        lines=tuple(
            Line(
                line_id=line.line_id,
                sku=line.sku,
                product_id=line.product_id,
                product_name=line.product_name,
                variant_name=line.variant_name,
                category_ids=line.category_ids,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_amount=line.discount_amount,
                amount=line.amount,
                vat_amount=line.vat_amount,
                tax_free_amount=line.tax_free_amount,
                kind=line.kind,
                gift_of=line.gift_of,
            )
            for line in quote.lines
        ),
        items_amount=quote.items_amount,
        discount_amount=quote.discount_amount,
        shipping_amount=quote.shipping_amount,
        shipping_vat_amount=quote.shipping_vat_amount,
        total_amount=quote.total_amount,
        placed_at=now,
        payment_due_at=due_at,
        promotions=quote.promotions,
        coupon_uses=quote.coupon_uses,
        surcharge_amount=quote.surcharge_amount,
        shipping_discount_amount=quote.shipping_discount_amount,
        free_shipping_from=quote.free_shipping_from,
    )
    return Decision(order, (facts.OrderPlaced(order.total_amount, order.currency, due_at, actor="customer"),))


def expire(order: Order, command: ExpireOrder, now: datetime) -> Decision:
    """The clock's side of giving up. While a deposit is awaited payments has the say: the clock steps in only after
    `account_grace` of silence, so that money on its way does not find the order gone.
    """
    if order.status is not Status.PENDING_PAYMENT:
        raise errors.NotPending(f"the order is {order.status}, nothing is awaited")
    grace = command.grace if order.awaited_payment_id is None else command.account_grace
    if now < order.payment_due_at + grace:
        raise errors.NotDue("the time to pay is not over")
    return _give_up(order, "payment_expired", "orders", now)


def note_payment_expired(order: Order, command: NotePaymentExpired, now: datetime) -> Decision:
    """Cancels an order that waited for this very payment, or whose time is over. Else the customer may try another."""
    if order.status is Status.PENDING_PAYMENT and (
        order.awaited_payment_id == command.payment_id
        or (order.awaited_payment_id is None and now >= order.payment_due_at)
    ):
        return _give_up(order, "payment_expired", "payments", now)
    if order.status is Status.CANCELLED and order.cancels[-1].reason == "payment_expired":
        return Decision(order)
    return Decision(order, (facts.PaymentExpired(command.payment_id, actor="payments"),))


def note_stock_unavailable(order: Order, command: NoteStockUnavailable, now: datetime) -> Decision:
    """Without goods there is no order: given up at once while unpaid, else cancelled whole as any paid order is."""
    cancel_id = _cancel_id(order, "stock_unavailable")
    if any(cancel.cancel_id == cancel_id for cancel in order.cancels):  # redelivered
        return Decision(order)
    open_units = any(line.open for line in order.lines)
    goods_are_ours = order.status in {Status.PAID, Status.PREPARING} and open_units
    missing = facts.StockMissing(
        command.skus, too_late=not goods_are_ours and order.status is not Status.PENDING_PAYMENT, actor="catalog"
    )
    if order.status in {Status.PAID, Status.PREPARING}:
        order = replace(order, stock_missing=True)
    noted = Decision(order, (missing,))
    if order.status is Status.PENDING_PAYMENT:
        given_up = _give_up(order, "stock_unavailable", "catalog", now)
        return noted.then(given_up.order, given_up.facts)
    if goods_are_ours:
        asked = cancelling.ask_centre(order, cancelling.rest_of(order, cancel_id, "stock_unavailable", "catalog", now))
        return noted.then(asked.order, asked.facts)
    return noted


def _give_up(order: Order, reason: CancelReason, actor: str, now: datetime) -> Decision:
    cancel = cancelling.rest_of(order, _cancel_id(order, reason), reason, actor, now)
    return cancelling.cancel_unpaid(order, cancel, now)


def _cancel_id(order: Order, reason: CancelReason) -> UUID:
    return derived_id("cancel", str(order.order_id), reason)
