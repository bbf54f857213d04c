"""What other services are told of orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from contracts.orders import (
    Address,
    CancelledLine,
    OrderAddressChangeRequested,
    OrderCancelRequested,
    OrderContactRecorded,
    OrderPlaced,
    OrderRefundRequested,
    Person,
)
from contracts.orders import OrderCancelled as OrderCancelledEvent
from contracts.orders import OrderCompleted as OrderCompletedEvent
from contracts.orders import OrderPaid as OrderPaidEvent
from contracts.shared import OrderLine, SkuQuantity
from orders.commands import ChangeAddress, Contact, ShelfUnits
from orders.domain import Cancel, Fact, Order, facts


def contact_recorded(order: Order, contact: Contact, access_token_hash: bytes, now: datetime) -> Event:
    """Personal data on its own topic."""
    return OrderContactRecorded(
        order_id=order.order_id,
        order_number=order.number,
        mall_id=order.mall_id,
        orderer=Person(name=contact.orderer_name, email=contact.orderer_email, phone=contact.orderer_phone),
        ship_to=Address(
            recipient=contact.recipient,
            phone=contact.phone,
            zonecode=contact.zonecode,
            road_address=contact.road_address,
            jibun_address=contact.jibun_address,
            detail=contact.detail,
            memo=contact.memo,
        ),
        access_token_hash=access_token_hash.hex(),
        recorded_at=now,
    )


def address_change_requested(order: Order, command: ChangeAddress, now: datetime) -> Event:
    """Personal data on its own topic."""
    return OrderAddressChangeRequested(
        order_id=order.order_id,
        change_id=command.change_id,
        mall_id=order.mall_id,
        ship_to=Address(**asdict(command.ship_to)),
        requested_at=now,
    )


def event_of(order: Order, fact: Fact, now: datetime) -> Event | None:
    """None for what only belongs to the story."""
    event: Event | None = None
    match fact:
        case facts.OrderPlaced():
            event = _placed(order)
        case facts.OrderPaid():
            event = _paid(order, fact)
        case facts.CancelRequested():
            event = _cancel_requested(order, fact)
        case facts.OrderCancelled():
            event = _cancelled(order, fact, now)
        case facts.RefundRequested():
            event = _refund_requested(order, fact, now)
        case facts.OrderCompleted():
            event = OrderCompletedEvent(
                **about(order), completed_at=order.completed_at or now, by_customer=fact.by_customer
            )
        case _:
            pass
    return event


def _placed(order: Order) -> Event:
    return OrderPlaced(
        **about(order),
        lines=_lines(order),
        items_amount=order.items_amount,
        discount_amount=order.discount_amount,
        shipping_amount=order.shipping_amount,
        total_amount=order.total_amount,
        placed_at=order.placed_at,
        payment_due_at=order.payment_due_at,
    )


def _paid(order: Order, fact: facts.OrderPaid) -> Event:
    return OrderPaidEvent(
        **about(order),
        payment_id=fact.payment.payment_id,
        provider=fact.payment.provider,
        method=fact.payment.method,
        lines=_lines(order),
        shipping_amount=order.shipping_amount,
        discount_amount=order.discount_amount,
        total_amount=order.total_amount,
        placed_at=order.placed_at,
        paid_at=fact.payment.paid_at,
    )


def _cancel_requested(order: Order, fact: facts.CancelRequested) -> Event:
    return OrderCancelRequested(
        **about(order),
        cancel_id=fact.cancel.cancel_id,
        whole=fact.whole,
        reason=fact.cancel.reason,
        lines=_cancelled_lines(fact.cancel),
        requested_at=fact.cancel.requested_at,
    )


def _refund_requested(order: Order, fact: facts.RefundRequested, now: datetime) -> Event:
    """In the currency of the payment, which is not the order's where a payment did not fit."""
    return OrderRefundRequested(
        **about(order) | {"currency": fact.currency},
        refund_id=fact.refund_id,
        payment_id=fact.payment_id,
        amount=fact.worth.amount,
        tax_free_amount=fact.worth.tax_free,
        vat_amount=fact.worth.vat,
        reason=fact.reason,
        requested_at=now,
        paid_at=fact.paid_at,
    )


def _cancelled(order: Order, fact: facts.OrderCancelled, now: datetime) -> Event:
    cancel = fact.cancel
    return OrderCancelledEvent(
        **about(order),
        cancel_id=cancel.cancel_id,
        whole=fact.whole,
        was_paid=fact.was_paid,
        reason=cancel.reason,
        lines=_cancelled_lines(cancel),
        shipping_amount=cancel.shipping_amount,
        refund_amount=cancel.refund_amount,
        short=by_shelf(fact.short),
        placed_at=order.placed_at,
        cancelled_at=cancel.settled_at or now,
    )


def by_shelf(units: Iterable[ShelfUnits]) -> tuple[SkuQuantity, ...]:
    return tuple(SkuQuantity(sku=each.sku, quantity=each.quantity) for each in units)


def about(order: Order) -> dict[str, Any]:
    """What every event about an order says of it."""
    return {
        "order_id": order.order_id,
        "order_number": order.number,
        "mall_id": order.mall_id,
        "channel": order.channel,
        "currency": order.currency,
    }


def _cancelled_lines(cancel: Cancel) -> tuple[CancelledLine, ...]:
    return tuple(
        CancelledLine(
            line_id=units.line_id,
            sku=units.sku,
            product_id=units.product_id,
            category_ids=units.category_ids,
            quantity=units.quantity,
            amount=units.worth.amount,
        )
        for units in cancel.units
    )


def _lines(order: Order) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
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
        )
        for line in order.lines
    )
