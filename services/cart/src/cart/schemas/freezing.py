"""A frozen quote as orders reads it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from cart.domain.quote import QuoteLine
from cart.handlers import Priced
from cart.schemas.carts import Sku, Zonecode
from common import ids
from common.wire import Body, View


class FreezeBody(Body):
    """`without_gifts`: SKUs of gifts that cannot be had; of the same order again they are taken out of its quote."""

    order_id: UUID
    ship_to_zonecode: Zonecode | None = Field(
        default=None,
        description="decides the surcharge for islands and Jeju; without it there is none",
        examples=["63100"],
    )
    without_gifts: tuple[Sku, ...] = Field(default=(), max_length=100)


class FrozenPromotion(View):
    promotion_id: UUID
    label: str = Field(examples=["봄맞이 10%"])
    amount: int = Field(description="what it takes off this line; 0 for a gift", examples=[1290])


class FrozenLine(View):
    line_id: UUID
    kind: Literal["item", "gift"]
    gift_of: list[UUID] = Field(description="the lines a gift is given for; empty when it is given for the amount")
    sku: str = Field(examples=["GRANOLA-500"])
    product_id: UUID
    product_name: str = Field(examples=["유기농 그래놀라"])
    variant_name: str | None = Field(examples=["500 g"])
    category_ids: list[str] = Field(examples=[["granola"]])
    quantity: int = Field(examples=[2])
    unit_price: int = Field(examples=[12900])
    discount_amount: int = Field(examples=[0])
    amount: int = Field(examples=[25800])
    vat_amount: int = Field(examples=[2345])
    tax_free_amount: int = Field(examples=[0])
    promotions: list[FrozenPromotion]


class FrozenQuote(View):
    """What the order will cost, for good. All amounts in minor units of `currency`.

    `surcharge_amount` is inside `shipping_amount`; `shipping_discount_amount` is what was spared and is in neither.
    `free_shipping_from`: what the goods had to come to for the fee to be waived; 0: it was not waived for that, null:
    not noted when it was frozen. `coupon_uses` are held until the order is placed, released or cancelled.
    """

    cart_id: UUID
    mall_id: str = Field(examples=["intake"])
    channel: str = Field(examples=["pc"])
    currency: str = Field(examples=["KRW"])
    lines: list[FrozenLine]
    items_amount: int = Field(examples=[25800])
    discount_amount: int = Field(examples=[0])
    shipping_amount: int = Field(examples=[3000])
    surcharge_amount: int = Field(examples=[0])
    shipping_discount_amount: int = Field(examples=[0])
    free_shipping_from: int | None = Field(default=None, examples=[0])
    total_amount: int = Field(examples=[28800])
    coupon_codes: list[str] = Field(examples=[["WELCOME10"]])
    coupon_uses: list[UUID]

    @classmethod
    def of(cls, priced: Priced, order_id: UUID) -> FrozenQuote:
        cart, quote = priced.cart, priced.quote
        codes = {use.code: use for use in reversed(quote.uses) if use.code is not None}
        return cls(
            cart_id=cart.id,
            mall_id=cart.mall_id,
            channel=cart.channel,
            currency=quote.currency,
            lines=[_line(line) for line in quote.lines],
            items_amount=quote.items_amount,
            discount_amount=quote.discount_amount,
            shipping_amount=quote.shipping_amount,
            surcharge_amount=quote.surcharge_amount,
            shipping_discount_amount=quote.shipping_discount_amount,
            free_shipping_from=quote.free_shipping_from,
            total_amount=quote.total_amount,
            coupon_codes=sorted(codes),
            coupon_uses=[
                ids.derived_id("coupon-use", str(order_id), str(codes[code].allowance_id)) for code in sorted(codes)
            ],
        )


def _line(line: QuoteLine) -> FrozenLine:
    if line.item is None:
        raise ValueError("a line that nobody knows is never frozen")
    return FrozenLine.model_validate(
        {
            "line_id": line.line_id,
            "kind": line.kind,
            "gift_of": list(line.gift_of),
            "sku": line.sku,
            "product_id": line.item.product_id,
            "product_name": line.item.product_name,
            "variant_name": line.item.variant_name,
            "category_ids": list(line.item.category_ids),
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount_amount": line.discount_amount,
            "amount": line.amount,
            "vat_amount": line.vat_amount,
            "tax_free_amount": line.tax_free_amount,
            "promotions": [
                FrozenPromotion(promotion_id=off.promotion_id, label=off.label, amount=off.amount)
                for off in line.promotions
            ],
        }
    )
