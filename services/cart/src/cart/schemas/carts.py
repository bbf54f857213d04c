"""A cart as its holder sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from cart.domain.promotions.coupons import normal
from cart.handlers import MemberCart, Priced
from cart.schemas.quotes import QuoteView, fields_of
from common.wire import NFC, Body, MallId, plain_text

Sku = Annotated[str, plain_text(64), NFC, Field(examples=["GR-1"])]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"), Field(examples=["pc"])]
Quantity = Annotated[StrictInt, Field(ge=1, le=2_147_483_647, examples=[2])]
Zonecode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
# What staff may choose, and what a customer may type around it.
CODE = r"^[A-Za-z0-9가-힣_-]{3,40}$"
CouponCode = Annotated[str, StringConstraints(strip_whitespace=True, pattern=CODE), Field(examples=["WELCOME10"])]


class CreateCartBody(Body):
    mall_id: MallId = Field(examples=["intake"])
    channel: Channel


class AddLineBody(Body):
    sku: Sku
    quantity: Quantity


class ChangeLineBody(Body):
    quantity: Quantity


class AddCouponBody(Body):
    code: CouponCode = Field(description="capitals or not is the same")

    @property
    def normal(self) -> str:
        return normal(self.code)


class CartView(QuoteView):
    """The whole cart with what it costs now. `status` `ordered`: with what it cost when it was ordered."""

    id: UUID
    mall_id: str = Field(examples=["intake"])
    channel: str = Field(examples=["pc"])
    status: Literal["open", "merged", "ordered"] = Field(description="`merged`: it went into its member's cart")
    member: bool = Field(description="whether it is a member's cart")
    order_id: UUID | None
    changed_at: datetime

    @classmethod
    def of(cls, priced: Priced) -> CartView:
        cart = priced.cart
        head = {
            "id": cart.id,
            "mall_id": cart.mall_id,
            "channel": cart.channel,
            "status": cart.status.value,
            "order_id": cart.ordered_order_id,
            "changed_at": cart.changed_at,
            "member": cart.member_id is not None,
        }
        return cls.model_validate(head | fields_of(priced.quote))


class CartCreated(CartView):
    """`token` is told this once: who holds it may read, change and order the cart (header X-Cart-Token)."""

    token: str = Field(examples=["kx3VqZ0m9cT1uY7wLr5eBg"])


class MemberCartView(CartCreated):
    """`token` is the same on every device of the member, and orders the cart like a guest's."""

    left_out: list[str] = Field(default=[], description="SKUs that did not fit at a merge", examples=[["GR-1"]])

    @classmethod
    def of_member(cls, mine: MemberCart) -> MemberCartView:
        seen = CartView.of(mine.priced).model_dump()
        return cls.model_validate(seen | {"token": mine.token, "left_out": list(mine.left_out)})
