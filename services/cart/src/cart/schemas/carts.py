"""A cart as its holder sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from cart.domain.cart import Cart
from cart.domain.pricing import Adjustment, Quote, QuoteLine
from cart.handlers import Priced
from common.wire import Body, MallId, MoneyView, View, plain_text

Sku = Annotated[str, plain_text(64), Field(examples=["GR-1"])]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"), Field(examples=["pc"])]
Quantity = Annotated[StrictInt, Field(ge=1, le=2_147_483_647, examples=[2])]


class CreateCartBody(Body):
    mall_id: MallId = Field(examples=["intake"])
    channel: Channel


class AddLineBody(Body):
    sku: Sku
    quantity: Quantity


class ChangeLineBody(Body):
    quantity: Quantity


class LineView(View):
    """`amount` is what the line costs after discounts; 0 while `available` is false.

    `available` false: off sale, take it out before ordering. `sold_out` is a hint; the order's reservation decides.
    """

    id: UUID
    sku: str
    product_id: UUID | None
    product_name: str
    variant_name: str | None
    image_url: str | None
    unit_price: MoneyView
    quantity: int
    discount_amount: MoneyView
    amount: MoneyView
    available: bool
    sold_out: bool

    @classmethod
    def of(cls, line: QuoteLine, currency: str) -> LineView:
        item = line.item
        return cls(
            id=line.line_id,
            sku=line.sku,
            product_id=item and item.product_id,
            product_name=item.product_name if item is not None else line.sku,
            variant_name=item and item.variant_name,
            image_url=item and item.image_url,
            unit_price=MoneyView.of(line.unit_price, currency),
            quantity=line.quantity,
            discount_amount=MoneyView.of(line.discount_amount, currency),
            amount=MoneyView.of(line.amount, currency),
            available=line.available,
            sold_out=item is not None and item.sold_out,
        )


class AdjustmentView(View):
    """One reason why the total is not the sum of the goods' prices. All of them and `items_amount` make the total."""

    kind: Literal["discount", "shipping"]
    code: str = Field(examples=["shipping.fee"])
    label: str = Field(examples=["배송비"])
    amount: MoneyView

    @classmethod
    def of(cls, adjustment: Adjustment, currency: str) -> AdjustmentView:
        return cls.model_validate(
            {
                "kind": adjustment.kind,
                "code": adjustment.code,
                "label": adjustment.label,
                "amount": MoneyView.of(adjustment.amount, currency),
            }
        )


class CartView(View):
    """The whole cart with what it costs now. `status` `ordered`: with what it cost when it was ordered."""

    id: UUID
    mall_id: str
    channel: str
    status: Literal["open", "ordered"]
    order_id: UUID | None
    lines: list[LineView]
    items_amount: MoneyView
    discount_amount: MoneyView
    shipping_amount: MoneyView
    total_amount: MoneyView
    vat_amount: MoneyView = Field(description="the VAT inside the total")
    tax_free_amount: MoneyView
    adjustments: list[AdjustmentView]
    changed_at: datetime

    @classmethod
    def of(cls, priced: Priced) -> CartView:
        cart, quote = priced.cart, priced.quote
        return cls.model_validate(_head(cart) | _amounts(quote))


class CartCreated(CartView):
    """`token` is told this once: who holds it may read, change and order the cart (header X-Cart-Token)."""

    token: str


def _head(cart: Cart) -> dict[str, object]:
    return {
        "id": cart.id,
        "mall_id": cart.mall_id,
        "channel": cart.channel,
        "status": cart.status.value,
        "order_id": cart.ordered_order_id,
        "changed_at": cart.changed_at,
    }


def _amounts(quote: Quote) -> dict[str, object]:
    names = (
        "items_amount", "discount_amount", "shipping_amount", "total_amount", "vat_amount", "tax_free_amount",
    )  # fmt: skip
    amounts: dict[str, object] = {name: MoneyView.of(getattr(quote, name), quote.currency) for name in names}
    amounts["lines"] = [LineView.of(line, quote.currency) for line in quote.lines]
    amounts["adjustments"] = [AdjustmentView.of(adjustment, quote.currency) for adjustment in quote.adjustments]
    return amounts
