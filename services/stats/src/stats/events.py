"""The only place that knows both the contracts and stats' own words: events in as commands, reports out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contracts.claims import ClaimCompleted, ReplacementStopped
from contracts.envelope import Event
from contracts.orders import CancelledLine, OrderCancelled, OrderCompleted, OrderOptionChanged, OrderPaid, OrderPlaced
from contracts.payments import PaymentRefunded
from contracts.reports import DailyReportReady
from contracts.shared import OrderLine
from stats.commands import OrderKind, Record, RecordOptionChange, RecordOrder, RecordRefund, Units
from stats.domain.figures import DailyReport


def _units(line: OrderLine | CancelledLine) -> Units:
    named = line if isinstance(line, OrderLine) else None
    return Units(
        line_id=line.line_id,
        sku=line.sku,
        product_id=line.product_id,
        product_name=None if named is None else named.product_name,
        variant_name=None if named is None else named.variant_name,
        category_ids=line.category_ids,
        quantity=line.quantity,
        amount=line.amount,
    )


def _placed(event: OrderPlaced) -> Record:
    return RecordOrder(
        OrderKind.PLACED,
        event.order_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.placed_at,
        lines=tuple(map(_units, event.lines)),
        shipping_amount=event.shipping_amount,
        told_amount=event.total_amount,
    )


def _paid(event: OrderPaid) -> Record:
    return RecordOrder(
        OrderKind.PAID,
        event.order_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.paid_at,
        lines=tuple(map(_units, event.lines)),
        shipping_amount=event.shipping_amount,
        told_amount=event.total_amount,
        was_paid=True,
    )


def _cancelled(event: OrderCancelled) -> Record:
    return RecordOrder(
        OrderKind.CANCELLED,
        event.cancel_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.cancelled_at,
        lines=tuple(map(_units, event.lines)),
        shipping_amount=event.shipping_amount,
        whole=event.whole,
        was_paid=event.was_paid,
    )


def _returned(event: ClaimCompleted) -> Record:
    """Units that came back for money were not sold after all, as if they had been cancelled when they were looked at.

    What the fees took is kept. An exchange sells nothing and takes nothing back, so what it brought comes back as what
    was sold.
    """
    came = [(line, line.resellable + line.damaged) for line in event.lines] if event.kind == "return" else []
    return RecordOrder(
        OrderKind.CANCELLED,
        event.claim_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.completed_at,
        lines=tuple(
            Units(
                line_id=line.line_id,
                sku=line.bought_sku or line.sku,
                product_id=line.product_id,
                product_name=None,
                variant_name=None,
                category_ids=line.category_ids,
                quantity=units,
                amount=line.amount,
            )
            for line, units in came
            if units
        ),
        shipping_amount=event.shipping_amount - event.fee_amount if came else 0,
        whole=False,
        was_paid=True,
    )


def _stopped(event: ReplacementStopped) -> Record:
    """The exchange moved no figure: what comes off now is what was bought, not what was to be sent for it."""
    return RecordOrder(
        OrderKind.CANCELLED,
        event.stop_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.stopped_at,
        lines=tuple(
            Units(
                line_id=line.line_id,
                sku=line.bought_sku,
                product_id=line.product_id,
                product_name=None,
                variant_name=None,
                category_ids=line.category_ids,
                quantity=line.quantity,
                amount=line.amount,
            )
            for line in event.lines
        ),
        shipping_amount=event.shipping_amount,
        whole=False,
        was_paid=True,
    )


def _option_changed(event: OrderOptionChanged) -> Record:
    def units(sku: str, variant_name: str | None) -> Units:
        return Units(
            line_id=event.line_id,
            sku=sku,
            product_id=event.product_id,
            product_name=event.product_name,
            variant_name=variant_name,
            category_ids=event.category_ids,
            quantity=event.quantity,
            amount=event.amount,
        )

    return RecordOptionChange(
        event.change_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.changed_at,
        old=units(event.sku, event.variant_name),
        new=units(event.new_sku, event.new_variant_name),
    )


def _completed(event: OrderCompleted) -> Record:
    return RecordOrder(
        OrderKind.COMPLETED,
        event.order_id,
        event.order_id,
        event.mall_id,
        event.channel,
        event.currency,
        event.completed_at,
        was_paid=True,
    )


def _refunded(event: PaymentRefunded) -> Record:
    return RecordRefund(
        event.refund_id,
        event.payment_id,
        event.order_id,
        event.mall_id,
        event.currency,
        event.refund_amount,
        event.refunded_at,
    )


_READ: dict[type[Event], Callable[[Any], Record]] = {
    OrderPlaced: _placed,
    OrderPaid: _paid,
    OrderCancelled: _cancelled,
    OrderCompleted: _completed,
    OrderOptionChanged: _option_changed,
    ClaimCompleted: _returned,
    ReplacementStopped: _stopped,
    PaymentRefunded: _refunded,
}
HEARD = tuple(_READ)
TOPICS = tuple(sorted({event_class.topic for event_class in HEARD}))


def to_command(event: Event) -> Record:
    """What a heard event asks of stats."""
    return _READ[type(event)](event)


def daily_report_ready(report: DailyReport, now: datetime) -> Event:
    return DailyReportReady(
        mall_id=report.mall_id,
        day=report.day,
        currency=report.currency,
        orders=report.orders,
        paid_amount=report.paid_amount,
        cancelled_amount=report.cancelled_amount,
        occurred_at=now,
    )
