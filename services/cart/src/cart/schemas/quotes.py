"""What a cart costs, as callers see it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from cart.domain.quote import Adjustment, Entry, LinePromotion, Outcome, Quote, QuoteLine
from common.wire import MoneyView, View

REASONS = (
    "null: it counts. Else why not: `minimum_amount`, `minimum_quantity`, `nothing_covered` (nothing in the cart is "
    "meant), `nothing_off` (nothing left to take off), `excluded` (another promotion counts that does not combine with "
    "it), `channel`, `tier`, `members_only`, `not_begun`, `over`, `stopped`, `used_up`, `already_used`, `unknown`, "
    "`gift_gone`, `gift_unknown`"
)


class LinePromotionView(View):
    """What one promotion takes off the line; 0 for a gift."""

    promotion_id: UUID
    label: str = Field(examples=["봄맞이 10%"])
    amount: MoneyView

    @classmethod
    def of(cls, off: LinePromotion, currency: str) -> LinePromotionView:
        return cls(promotion_id=off.promotion_id, label=off.label, amount=MoneyView.of(off.amount, currency))


class LineView(View):
    """`amount` is what the line costs after discounts; 0 while `available` is false.

    `available` false: off sale, take it out before ordering. `sold_out` is a hint; the order's reservation decides.
    """

    id: UUID
    kind: Literal["item", "gift"] = Field(description="`gift`: added by a promotion; it cannot be changed or taken out")
    gift_of: list[UUID] = Field(description="the lines a gift is given for; empty when it is given for the amount")
    sku: str = Field(examples=["GRANOLA-500"])
    product_id: UUID | None
    product_name: str = Field(examples=["유기농 그래놀라"])
    variant_name: str | None = Field(examples=["500 g"])
    image_url: str | None = Field(examples=["https://cdn.intake.example/granola.webp"])
    unit_price: MoneyView
    quantity: int = Field(examples=[2])
    discount_amount: MoneyView
    amount: MoneyView
    available: bool
    sold_out: bool
    promotions: list[LinePromotionView]

    @classmethod
    def of(cls, line: QuoteLine, currency: str) -> LineView:
        item = line.item
        return cls.model_validate(
            {
                "id": line.line_id,
                "kind": line.kind,
                "gift_of": list(line.gift_of),
                "sku": line.sku,
                "product_id": item and item.product_id,
                "product_name": item.product_name if item is not None else line.sku,
                "variant_name": item and item.variant_name,
                "image_url": item and item.image_url,
                "unit_price": MoneyView.of(line.unit_price, currency),
                "quantity": line.quantity,
                "discount_amount": MoneyView.of(line.discount_amount, currency),
                "amount": MoneyView.of(line.amount, currency),
                "available": line.available,
                "sold_out": item is not None and item.sold_out,
                "promotions": [LinePromotionView.of(off, currency) for off in line.promotions],
            }
        )


class AdjustmentView(View):
    """One reason why the total is not the sum of the goods' prices. All of them and `items_amount` make the total."""

    kind: Literal["discount", "shipping"]
    code: str = Field(examples=["shipping.fee"])
    label: str = Field(examples=["배송비"])
    amount: MoneyView
    promotion_id: UUID | None

    @classmethod
    def of(cls, adjustment: Adjustment, currency: str) -> AdjustmentView:
        return cls.model_validate(
            {
                "kind": adjustment.kind,
                "code": adjustment.code,
                "label": adjustment.label,
                "amount": MoneyView.of(adjustment.amount, currency),
                "promotion_id": adjustment.promotion_id,
            }
        )


class EntryView(View):
    """One row of the explanation. The amounts of all rows add up to the total."""

    kind: Literal["goods", "discount", "gift", "shipping"]
    code: str = Field(
        description="the SKU of goods and gifts, `promotion`, `shipping.fee`, `shipping.free` (the mall's threshold), "
        "`shipping.promotion`, `shipping.surcharge` (islands, Jeju), `shipping.surcharge_free`",
        examples=["shipping.surcharge"],
    )
    label: str = Field(examples=["제주 추가 배송비"])
    amount: MoneyView
    line_id: UUID | None
    promotion_id: UUID | None

    @classmethod
    def of(cls, entry: Entry, currency: str) -> EntryView:
        return cls.model_validate(
            {
                "kind": entry.kind,
                "code": entry.code,
                "label": entry.label,
                "amount": MoneyView.of(entry.amount, currency),
                "line_id": entry.line_id,
                "promotion_id": entry.promotion_id,
            }
        )


class CouponUseView(View):
    """A code in the cart and what comes of it. `amount` is what it takes off goods and delivery."""

    code: str = Field(examples=["WELCOME10"])
    label: str = Field(examples=["신규 가입 쿠폰"])
    applied: bool
    reason: str | None = Field(description=REASONS, examples=["minimum_amount"])
    amount: MoneyView

    @classmethod
    def of(cls, outcome: Outcome, currency: str) -> CouponUseView:
        return cls(
            code=outcome.code or "",
            label=outcome.label,
            applied=outcome.reason is None,
            reason=outcome.reason,
            amount=MoneyView.of(outcome.amount, currency),
        )


class QuoteView(View):
    """`items_amount` - `discount_amount` + `shipping_amount` = `total_amount`."""

    lines: list[LineView]
    items_amount: MoneyView
    discount_amount: MoneyView
    shipping_amount: MoneyView
    surcharge_amount: MoneyView = Field(description="for islands and Jeju, inside `shipping_amount`; needs a postcode")
    shipping_discount_amount: MoneyView = Field(description="what was spared of fee and surcharge")
    total_amount: MoneyView
    vat_amount: MoneyView = Field(description="the VAT inside the total")
    tax_free_amount: MoneyView
    adjustments: list[AdjustmentView]
    explanation: list[EntryView] = Field(description="every won of the total, line by line")
    coupons: list[CouponUseView]


_AMOUNTS = (
    "items_amount", "discount_amount", "shipping_amount", "surcharge_amount", "shipping_discount_amount",
    "total_amount", "vat_amount", "tax_free_amount",
)  # fmt: skip


def fields_of(quote: Quote) -> dict[str, Any]:
    """The fields of a `QuoteView`."""
    currency = quote.currency
    fields: dict[str, Any] = {name: MoneyView.of(getattr(quote, name), currency) for name in _AMOUNTS}
    fields["lines"] = [LineView.of(line, currency) for line in quote.lines]
    fields["adjustments"] = [AdjustmentView.of(adjustment, currency) for adjustment in quote.adjustments]
    fields["explanation"] = [EntryView.of(entry, currency) for entry in quote.explanation]
    fields["coupons"] = [CouponUseView.of(outcome, currency) for outcome in quote.coupons]
    return fields
