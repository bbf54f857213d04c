"""Coupons as staff make and read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StrictInt, model_validator

from cart.commands import MakeCoupon
from cart.domain.promotions.coupons import normal
from cart.schemas.carts import CouponCode
from cart.schemas.moments import Moment
from common.wire import Body, View, plain_text

Uses = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]
MOST_CODES = 10_000


class CouponBody(Body):
    """Either one `code` that everybody may use, or `count` generated codes, each good for one use."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"label": "신규 가입 쿠폰", "code": "WELCOME10", "per_member": 1},
                {"label": "설문 감사 쿠폰", "count": 500, "valid_to": "2026-12-31T15:00:00Z"},
            ]
        }
    )

    label: Annotated[str, plain_text(80)] = Field(examples=["신규 가입 쿠폰"])
    code: CouponCode | None = None
    count: Annotated[StrictInt, Field(ge=1, le=MOST_CODES)] | None = Field(default=None, examples=[500])
    most_uses: Uses | None = Field(default=None, description="of all codes together; null: no limit")
    per_member: Annotated[StrictInt, Field(ge=1, le=1000)] | None = Field(
        default=None, description="1: once per member. Guests cannot use it then. null: no limit", examples=[1]
    )
    valid_from: Moment | None = None
    valid_to: Moment | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> CouponBody:
        if (self.code is None) == (self.count is None):
            raise ValueError("give either code or count")
        if self.valid_from is not None and self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        return self

    def to_command(self, coupon_id: UUID, promotion_id: UUID, made_by: str) -> MakeCoupon:
        return MakeCoupon(
            coupon_id=coupon_id,
            promotion_id=promotion_id,
            mall_id="",
            label=self.label,
            code=None if self.code is None else normal(self.code),
            count=self.count or 0,
            most=self.most_uses,
            per_member=self.per_member,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            made_by=made_by,
        )


class CouponView(View):
    id: UUID
    promotion_id: UUID
    label: str = Field(examples=["신규 가입 쿠폰"])
    kind: Literal["single", "many"]
    code: str | None = Field(
        description="of a single coupon; the codes of `many` have a list of their own", examples=["WELCOME10"]
    )
    codes: int = Field(description="how many codes there are", examples=[1])
    most_uses: int | None = Field(examples=[1000])
    per_member: int | None = Field(examples=[1])
    taken: int = Field(description="uses that orders hold or have", examples=[12])
    stopped: bool
    valid_from: datetime | None
    valid_to: datetime | None

    @classmethod
    def of(cls, row: Any) -> CouponView:
        return cls(
            id=row.id,
            promotion_id=row.promotion_id,
            label=row.label,
            kind=row.kind,
            code=row.code,
            codes=row.codes,
            most_uses=row.most,
            per_member=row.per_member,
            taken=row.taken,
            stopped=row.stopped,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )


class CouponsView(View):
    items: list[CouponView]


class CodeView(View):
    code: str = Field(examples=["K3QZ5M7ANB2C"])
    taken: int = Field(description="uses that orders hold or have", examples=[12])


def code_of(row: Any) -> CodeView:
    return CodeView(code=row.code, taken=row.taken)
