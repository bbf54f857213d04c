"""A parcel: goods under one waybill of one carrier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ParcelStatus(StrEnum):
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"


@dataclass(frozen=True)
class Packed:
    """So many units of an order line."""

    line_id: UUID
    sku: str
    quantity: int


@dataclass(frozen=True)
class Parcel:
    """`told_by`: the centre whose word it is that it left; None: staff entered it."""

    id: UUID
    carrier: str
    waybill: str
    lines: tuple[Packed, ...]
    shipped_at: datetime
    status: ParcelStatus = ParcelStatus.SHIPPED
    delivered_at: datetime | None = None
    told_by: str | None = None
