"""Everything that can be asked of notify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class RecordMall:
    """A mall's name and where its customers get help."""

    mall_id: str
    name: str
    storefront_url: str | None
    support_email: str | None
    support_phone: str | None
    changed_at: datetime


@dataclass(frozen=True)
class RecordOrder:
    """What messages need to know of an order. Amounts in minor units; `lines` as JSON objects."""

    order_id: UUID
    order_number: str
    mall_id: str
    currency: str
    lines: tuple[Mapping[str, Any], ...]
    discount_amount: int
    shipping_amount: int
    total_amount: int
    placed_at: datetime


@dataclass(frozen=True)
class RecordOption:
    """A line of an order is another option from now on."""

    order_id: UUID
    line_id: UUID
    variant_name: str | None


@dataclass(frozen=True)
class RecordContact:
    """Who ordered. Personal data."""

    order_id: UUID
    mall_id: str
    name: str
    email: str | None
    phone: str
    recorded_at: datetime


@dataclass(frozen=True)
class Tell:
    """Tell the customer of an order about a fact, once for ever: `kind` and `fact_id` name the message."""

    kind: str
    fact_id: UUID
    order_id: UUID
    mall_id: str
    fact_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class TakeDue:
    """Take so many due deliveries of these channels in hand."""

    channels: tuple[str, ...]
    most: int


@dataclass(frozen=True)
class Settle:
    """Write down how a delivery in hand ended: `held`, as it was taken, of `message`, if that is known. `outcome` is
    one of `domain.outcomes`.
    """

    held: Any
    message: Any
    outcome: Any


@dataclass(frozen=True)
class TakeReport:
    """The provider reports on a message. `trusted`: whoever said it knows our secret."""

    delivery_id: UUID
    provider_id: str
    to: str | None
    outcome: Any
    trusted: bool


@dataclass(frozen=True)
class ForgetContacts:
    """Erase contacts and addresses of orders older than `before`."""

    before: datetime
