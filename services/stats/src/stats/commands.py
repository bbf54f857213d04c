"""Everything that can be asked of stats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class OrderKind(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


@dataclass(frozen=True)
class Units:
    """So many units of an order line and what they cost, in minor units."""

    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str | None
    variant_name: str | None
    category_ids: tuple[str, ...]
    quantity: int
    amount: int


@dataclass(frozen=True)
class RecordOrder:
    """Something happened to an order at `at`. `fact_id` is the order's id, for a cancel the cancel's, or that of the
    return or of the stopped exchange.

    `told_amount` is the total as the event tells it, where it tells one: the lines and shipping must come to it.
    """

    kind: OrderKind
    fact_id: UUID
    order_id: UUID
    mall_id: str
    channel: str
    currency: str
    at: datetime
    lines: tuple[Units, ...] = ()
    shipping_amount: int = 0
    told_amount: int | None = None
    whole: bool = True
    was_paid: bool = False


@dataclass(frozen=True)
class RecordRefund:
    """Money went back to the customer at `at`."""

    refund_id: UUID
    payment_id: UUID
    order_id: UUID
    mall_id: str
    currency: str
    amount: int
    at: datetime


@dataclass(frozen=True)
class RecordOptionChange:
    """What was sold as `old` is `new` from `at` on, at the same price."""

    change_id: UUID
    order_id: UUID
    mall_id: str
    channel: str
    currency: str
    at: datetime
    old: Units
    new: Units


Record = RecordOrder | RecordRefund | RecordOptionChange


@dataclass(frozen=True)
class RequestRebuild:
    """Read the topics from the beginning, compare with the figures in use, and with `swap` use the rebuilt ones."""

    rebuild_id: UUID
    swap: bool
    requested_by: str
