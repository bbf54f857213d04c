"""Figures that were added up from facts. Amounts in minor units of the currency that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Dimension(StrEnum):
    PRODUCT = "product"
    CATEGORY = "category"
    SKU = "sku"
    CHANNEL = "channel"
    MALL = "mall"


@dataclass(frozen=True)
class Figures:
    """Goods only, without shipping. `orders` counts orders paid. `refunded_amount` is known per mall alone."""

    orders: int = 0
    quantity: int = 0
    gross_amount: int = 0
    cancelled_quantity: int = 0
    cancelled_amount: int = 0
    refunded_amount: int | None = None

    @property
    def net_quantity(self) -> int:
        return self.quantity - self.cancelled_quantity

    @property
    def net_amount(self) -> int:
        return self.gross_amount - self.cancelled_amount


@dataclass(frozen=True)
class Row:
    """The figures of one key in the period that starts at `period`."""

    period: datetime
    key: str | None
    label: str | None
    figures: Figures


@dataclass(frozen=True)
class Sales:
    rows: tuple[Row, ...]
    totals: Figures


@dataclass(frozen=True)
class OrderSummary:
    """Counts of what happened in a span, with amounts that include shipping.

    `paid_of_placed`: of the orders placed in the span, those paid since, whenever that was.
    """

    placed: int
    paid: int
    cancelled: int
    cancelled_after_payment: int
    completed: int
    paid_of_placed: int
    placed_amount: int
    paid_amount: int
    cancelled_amount: int
    refunds: int
    refunded_amount: int

    @property
    def conversion(self) -> float | None:
        """Share of the placed orders that were paid, to four places; None when none was placed."""
        return round(self.paid_of_placed / self.placed, 4) if self.placed else None


@dataclass(frozen=True)
class HeardType:
    type: str
    handled: int
    last_at: datetime | None


@dataclass(frozen=True)
class DailyReport:
    mall_id: str
    day: date
    currency: str
    orders: int
    paid_amount: int
    cancelled_amount: int


@dataclass(frozen=True)
class Difference:
    """`missing`: the topics tell it, the figures lack it. `extra`: the other way round. Values of the row, by side."""

    what: str
    table: str
    live: dict[str, Any] | None
    rebuilt: dict[str, Any] | None


@dataclass(frozen=True)
class Comparison:
    """Facts in use against facts rebuilt. `differences` holds the first of them, the counts count all."""

    compared: int
    missing: int = 0
    extra: int = 0
    different: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def equal(self) -> bool:
        return self.missing == self.extra == self.different == 0


@dataclass(frozen=True)
class Rebuild:
    """How far a rebuild has come and what it found. `attempt` counts processes that took it up."""

    id: UUID
    status: str
    swap: bool
    requested_at: datetime
    attempt: int = 0
    generation: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    records: int = 0
    events: int = 0
    repeated: int = 0
    unusable: int = 0
    comparison: Comparison | None = None
    swapped: bool = False
    error: str | None = None
