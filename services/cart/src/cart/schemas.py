"""What callers send and get: requests become commands, answers are made from a priced cart."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StrictInt, StringConstraints

from cart.commands import SetShippingRule
from cart.domain.cart import Cart
from cart.domain.pricing import Adjustment, Quote, QuoteLine, ShippingRule
from cart.handlers import Priced
from common.wire import Body, MallId, MoneyView, View

# PostgreSQL's text takes no NUL, and a control character in a code or label is always a mistake.
_PLAIN = r"^[^\x00-\x1f\x7f]+$"
Sku = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=_PLAIN), Field(examples=["GR-1"])
]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"), Field(examples=["pc"])]
Quantity = Annotated[StrictInt, Field(ge=1, le=2_147_483_647, examples=[2])]
Won = Annotated[StrictInt, Field(ge=0, le=1_000_000_000_000)]


class CreateCartBody(Body):
    mall_id: MallId = Field(examples=["intake"])
    channel: Channel


class AddLineBody(Body):
    sku: Sku
    quantity: Quantity


class ChangeLineBody(Body):
    quantity: Quantity


class FreezeBody(Body):
    order_id: UUID


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


class ShippingAmount(Body):
    amount: Won
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])


class ShippingRuleBody(Body):
    """`free_from` null: never free. `valid_from` null: from now on. A rule replaces the one before it as it begins."""

    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_PLAIN)] = (
        Field(default="배송비", description="what the customer reads")
    )
    fee: ShippingAmount
    free_from: ShippingAmount | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None

    def to_command(self, mall_id: str, set_by: str) -> SetShippingRule:
        # Amounts in two currencies make no rule: the odd one is passed on and refused as not the mall's.
        currencies = {self.fee.currency, self.free_from.currency if self.free_from else self.fee.currency}
        return SetShippingRule(
            mall_id=mall_id,
            label=self.label,
            fee=self.fee.amount,
            free_from=self.free_from.amount if self.free_from is not None else None,
            currency="/".join(sorted(currencies)),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            set_by=set_by,
        )


class ShippingRuleView(View):
    label: str
    fee: MoneyView
    free_from: MoneyView | None
    valid_from: datetime | None = Field(description="null for the default of the installation")
    valid_to: datetime | None

    @classmethod
    def of(cls, rule: ShippingRule) -> ShippingRuleView:
        return cls(
            label=rule.label,
            fee=MoneyView.of(rule.fee, rule.currency),
            free_from=None if rule.free_from is None else MoneyView.of(rule.free_from, rule.currency),
            valid_from=rule.valid_from,
            valid_to=rule.valid_to,
        )


class ShippingRulesView(View):
    """`in_force` null: nothing can be sent from this mall until a rule is set."""

    mall_id: str
    in_force: ShippingRuleView | None
    coming: list[ShippingRuleView]

    @classmethod
    def of(cls, mall_id: str, in_force: ShippingRule | None, coming: tuple[ShippingRule, ...]) -> ShippingRulesView:
        return cls(
            mall_id=mall_id,
            in_force=None if in_force is None else ShippingRuleView.of(in_force),
            coming=[ShippingRuleView.of(rule) for rule in coming],
        )
