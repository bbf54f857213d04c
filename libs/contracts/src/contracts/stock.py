"""Said by catalog about sellable stock."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from contracts import topics
from contracts.envelope import Event, Payload
from contracts.shared import MallId, Sku


class StockChanged(Event):
    """The units on hand of a SKU changed, or it became sold out, or available again.

    `available` = `on_hand` - `reserved` + `preorder`, the units an open pre-order promises beyond those on hand; never
    below 0, though a closed pre-order may have promised units that have not come in yet. The numbers of a set say how
    many can be put together of its parts. `reason` is one of `received`, `counted`, `sold`, `restocked`, `sold_out`,
    `available`; `reference` is the order or count it came from.
    """

    type: ClassVar[str] = "stock-changed"
    topic = topics.STOCK
    key_field = "sku"

    sku: Sku
    mall_id: MallId
    on_hand: int
    reserved: int
    available: int
    preorder: int = 0
    reason: str
    reference: str | None = None
    occurred_at: datetime


class Shortage(Payload):
    sku: Sku
    wanted: int
    available: int


class StockUnavailable(Event):
    """What an order was placed for, or changed to, was no longer held, and the stock is gone. Orders must cancel it."""

    type: ClassVar[str] = "stock-unavailable"
    topic = topics.STOCK
    key_field = "order_id"

    order_id: UUID
    mall_id: MallId
    shortages: tuple[Shortage, ...]
    occurred_at: datetime
