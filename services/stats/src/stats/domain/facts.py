"""What an event says, as rows that any grouping can be added up from.

A sale belongs to the moment the order was paid. Units cancelled after that are a second, opposite row at the moment
of the cancel: what a day sold never changes afterwards. An order cancelled before it was paid was never a sale. A line
that becomes another option is two rows at that moment, out of one SKU and into the other, which are no sale and no
cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from stats.commands import OrderKind, Record, RecordOptionChange, RecordOrder, RecordRefund, Units
from stats.errors import FactUnusable


@dataclass(frozen=True)
class OrderFact:
    kind: str
    fact_id: UUID
    order_id: UUID
    mall_id: str
    channel: str
    currency: str
    goods_amount: int
    shipping_amount: int
    total_amount: int
    whole: bool
    was_paid: bool
    at: datetime


@dataclass(frozen=True)
class LineFact:
    """`category_id` is the product's own category, the last of the path, so that each won counts in one category."""

    kind: str
    fact_id: UUID
    line_id: UUID
    order_id: UUID
    mall_id: str
    channel: str
    currency: str
    sku: str
    product_id: UUID
    product_name: str | None
    variant_name: str | None
    category_ids: tuple[str, ...]
    category_id: str | None
    quantity: int
    amount: int
    at: datetime


@dataclass(frozen=True)
class RefundFact:
    refund_id: UUID
    payment_id: UUID
    order_id: UUID
    mall_id: str
    currency: str
    amount: int
    at: datetime


@dataclass(frozen=True)
class Facts:
    orders: tuple[OrderFact, ...] = ()
    lines: tuple[LineFact, ...] = ()
    refunds: tuple[RefundFact, ...] = ()


def facts_of(command: Record) -> Facts:
    """Looks at nothing but the event, so events may come in any order and figures can be rebuilt from them.

    Raises `FactUnusable` when the event cannot be true.
    """
    if isinstance(command, RecordRefund):
        return _refund(command)
    if isinstance(command, RecordOptionChange):
        return _option_change(command)
    _check(command)
    goods = sum(line.amount for line in command.lines)
    order = OrderFact(
        kind=command.kind,
        fact_id=command.fact_id,
        order_id=command.order_id,
        mall_id=command.mall_id,
        channel=command.channel,
        currency=command.currency,
        goods_amount=goods,
        shipping_amount=command.shipping_amount,
        total_amount=goods + command.shipping_amount,
        whole=command.whole,
        was_paid=command.was_paid,
        at=command.at,
    )
    return Facts(orders=(order,), lines=_lines(command))


def _refund(command: RecordRefund) -> Facts:
    if command.amount <= 0:
        raise FactUnusable(f"the refund {command.refund_id} is of {command.amount}")
    refund = RefundFact(
        command.refund_id,
        command.payment_id,
        command.order_id,
        command.mall_id,
        command.currency,
        command.amount,
        command.at,
    )
    return Facts(refunds=(refund,))


def _option_change(command: RecordOptionChange) -> Facts:
    if command.old.amount < 0 or command.old.quantity <= 0:
        raise FactUnusable(f"the change {command.change_id} is of nothing or less")
    moved = (("changed_from", command.old), ("changed_to", command.new))
    return Facts(lines=tuple(_line(kind, command.change_id, command, units) for kind, units in moved))


def _check(command: RecordOrder) -> None:
    if any(line.amount < 0 or line.quantity <= 0 for line in command.lines):
        raise FactUnusable(f"the order {command.order_id} has a line of nothing or less")
    if len({line.line_id for line in command.lines}) != len(command.lines):
        raise FactUnusable(f"the order {command.order_id} names a line twice")
    if command.shipping_amount < 0 and command.kind is not OrderKind.CANCELLED:
        raise FactUnusable(f"the order {command.order_id} has a negative shipping fee")
    total = sum(line.amount for line in command.lines) + command.shipping_amount
    if command.told_amount not in (None, total):
        raise FactUnusable(f"the order {command.order_id} comes to {total}, not {command.told_amount}")


def _lines(command: RecordOrder) -> tuple[LineFact, ...]:
    if command.kind is OrderKind.PAID:
        kind = "sale"
    elif command.kind is OrderKind.CANCELLED and command.was_paid:
        kind = "cancel"
    else:
        return ()
    return tuple(_line(kind, command.fact_id, command, line) for line in command.lines)


def _line(kind: str, fact_id: UUID, of: RecordOrder | RecordOptionChange, units: Units) -> LineFact:
    return LineFact(
        kind=kind,
        fact_id=fact_id,
        line_id=units.line_id,
        order_id=of.order_id,
        mall_id=of.mall_id,
        channel=of.channel,
        currency=of.currency,
        sku=units.sku,
        product_id=units.product_id,
        product_name=units.product_name,
        variant_name=units.variant_name,
        category_ids=units.category_ids,
        category_id=units.category_ids[-1] if units.category_ids else None,
        quantity=units.quantity,
        amount=units.amount,
        at=of.at,
    )
