from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StrictInt

from catalog.commands import OpenPreorder, SetSale
from catalog.schemas.products import Price
from catalog.schemas.stock import MAX_UNITS
from common.wire import Body, MoneyView, View


def _storable(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2200:
        raise ValueError("a moment between the years 2000 and 2200")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]


class SaleBody(Body):
    """A lower price from `starts_at` (left out: now) until `ends_at` (left out: until it is taken off)."""

    price: Price
    starts_at: Moment | None = Field(default=None, examples=["2026-11-27T00:00:00+09:00"])
    ends_at: Moment | None = Field(default=None, examples=["2026-12-01T00:00:00+09:00"])

    def to_command(self, sku: str, staff: str) -> SetSale:
        return SetSale(sku, self.price.amount, self.price.currency, self.starts_at, self.ends_at, staff)


class PreorderBody(Body):
    """Sold before it comes out: up to `limit` units may be promised beyond those on hand, until `release_at`."""

    release_at: Moment = Field(examples=["2026-12-24T00:00:00+09:00"])
    limit: Annotated[StrictInt, Field(ge=1, le=MAX_UNITS, examples=[500])]

    def to_command(self, sku: str) -> OpenPreorder:
        return OpenPreorder(sku, self.release_at, self.limit)


class PriceChangeView(View):
    """What the SKU cost from then on."""

    price: MoneyView
    list_price: MoneyView | None
    reason: Literal["added", "changed", "sale_started", "sale_ended"]
    staff: str | None = Field(
        description="who did it; null: time, or a version that did not note it", examples=["dev-staff"]
    )
    at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        list_price, currency = row["list_price_amount"], row["currency"]
        return cls(
            price=MoneyView.of(row["price_amount"], currency),
            list_price=None if list_price is None else MoneyView.of(list_price, currency),
            reason=row["reason"],
            staff=row["staff"],
            at=row["at"],
        )
