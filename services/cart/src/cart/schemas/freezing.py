"""A frozen quote as orders reads it."""

from __future__ import annotations

from uuid import UUID

from cart.handlers import Priced
from common.wire import Body, View


class FreezeBody(Body):
    order_id: UUID


class FrozenLine(View):
    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str
    variant_name: str | None
    category_ids: list[str]
    quantity: int
    unit_price: int
    discount_amount: int
    amount: int
    vat_amount: int
    tax_free_amount: int


class FrozenQuote(View):
    """What the order will cost, for good. All amounts in minor units of `currency`."""

    cart_id: UUID
    mall_id: str
    channel: str
    currency: str
    lines: list[FrozenLine]
    items_amount: int
    discount_amount: int
    shipping_amount: int
    total_amount: int

    @classmethod
    def of(cls, priced: Priced) -> FrozenQuote:
        cart, quote = priced.cart, priced.quote
        return cls(
            cart_id=cart.id,
            mall_id=cart.mall_id,
            channel=cart.channel,
            currency=quote.currency,
            lines=[
                FrozenLine(
                    line_id=line.line_id,
                    sku=line.sku,
                    product_id=line.item.product_id,
                    product_name=line.item.product_name,
                    variant_name=line.item.variant_name,
                    category_ids=list(line.item.category_ids),
                    quantity=line.quantity,
                    unit_price=line.unit_price,
                    discount_amount=line.discount_amount,
                    amount=line.amount,
                    vat_amount=line.vat_amount,
                    tax_free_amount=line.tax_free_amount,
                )
                for line in quote.lines
                if line.item is not None
            ],
            items_amount=quote.items_amount,
            discount_amount=quote.discount_amount,
            shipping_amount=quote.shipping_amount,
            total_amount=quote.total_amount,
        )
