"""Limits on how much of a product may be bought."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictInt, model_validator

from cart.commands import SetPurchaseLimit
from common.wire import Body, View

Most = Annotated[StrictInt, Field(ge=1, le=1_000_000, examples=[2])]


class PurchaseLimitBody(Body):
    """Units of the product, all its SKUs together. `max_per_member` looks at all orders of a member; guests cannot buy
    the product then. At least one of the two."""

    max_per_order: Most | None = None
    max_per_member: Most | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> PurchaseLimitBody:
        if self.max_per_order is None and self.max_per_member is None:
            raise ValueError("give max_per_order, max_per_member or both")
        return self

    def to_command(self, product_id: UUID, set_by: str) -> SetPurchaseLimit:
        return SetPurchaseLimit(product_id, self.max_per_order, self.max_per_member, set_by)


class PurchaseLimitView(View):
    product_id: UUID
    max_per_order: int | None = Field(examples=[2])
    max_per_member: int | None = Field(examples=[2])

    @classmethod
    def of(cls, row: Any) -> PurchaseLimitView:
        return cls(product_id=row.product_id, max_per_order=row.max_per_order, max_per_member=row.max_per_member)
