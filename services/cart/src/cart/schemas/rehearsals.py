"""A dry run: a promotion tried on a cart."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, model_validator

from cart.domain.quote import Outcome, Quote
from cart.handlers import DryRun, Rehearsed
from cart.schemas.carts import AddLineBody, Channel, Zonecode
from cart.schemas.moments import Moment
from cart.schemas.promotions import PromotionBody, Tier
from cart.schemas.quotes import REASONS, QuoteView, fields_of
from common import ids
from common.wire import Body, MoneyView, View


class DryRunBody(Body):
    """Either `promotion` (a draft, stored nowhere) or `promotion_id`; either `cart_id` or `lines`.

    A coupon's promotion is tried as if its code had been given. `at` looks at another moment.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "promotion": {
                        "mall_id": "intake",
                        "label": "3개 이상 15%",
                        "currency": "KRW",
                        "benefit": {
                            "kind": "quantity_steps",
                            "steps": [{"from_quantity": 3, "basis_points": 1500}],
                        },
                    },
                    "lines": [{"sku": "GR-1", "quantity": 3}],
                    "channel": "mobile",
                    "tier": "gold",
                    "ship_to_zonecode": "63100",
                }
            ]
        }
    )

    promotion: PromotionBody | None = None
    promotion_id: UUID | None = None
    cart_id: UUID | None = None
    lines: Annotated[list[AddLineBody], Field(min_length=1, max_length=100)] | None = None
    channel: Channel = Field(default="pc", description="of `lines`; a cart has its own")
    member: StrictBool = Field(default=False, description="whether `lines` are a member's")
    tier: Tier | None = None
    ship_to_zonecode: Zonecode | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> DryRunBody:
        if (self.promotion is None) == (self.promotion_id is None):
            raise ValueError("give either promotion or promotion_id")
        if (self.cart_id is None) == (self.lines is None):
            raise ValueError("give either cart_id or lines")
        skus = [line.sku for line in self.lines or ()]
        if len(set(skus)) < len(skus):
            raise ValueError("each SKU stands in one line")
        return self

    def to_command(self) -> DryRun:
        return DryRun(
            promotion_id=self.promotion_id,
            promotion=None if self.promotion is None else self.promotion.to_promotion(ids.new_id()),
            cart_id=self.cart_id,
            lines=tuple((line.sku, line.quantity) for line in self.lines or ()),
            channel=self.channel,
            member=self.member or self.tier is not None,
            tier=self.tier,
            zonecode=self.ship_to_zonecode,
            at=self.at,
        )


class OutcomeView(View):
    """What came of one promotion in the quote `within`."""

    promotion_id: UUID | None
    label: str = Field(examples=["봄맞이 10%"])
    code: str | None = Field(examples=["WELCOME10"])
    applied: bool
    reason: str | None = Field(description=REASONS, examples=["minimum_amount"])
    amount: MoneyView

    @classmethod
    def of(cls, outcome: Outcome, currency: str) -> OutcomeView:
        return cls(
            promotion_id=outcome.promotion_id,
            label=outcome.label,
            code=outcome.code,
            applied=outcome.reason is None,
            reason=outcome.reason,
            amount=MoneyView.of(outcome.amount, currency),
        )


class DryRunView(View):
    """The same cart without the promotion and with it. Nothing was changed."""

    applied: bool
    reason: str | None = Field(description=REASONS, examples=["minimum_amount"])
    difference: MoneyView = Field(description="of the total: negative is cheaper with the promotion")
    without: QuoteView
    within: QuoteView
    outcomes: list[OutcomeView] = Field(description="every promotion that was looked at, in order of evaluation")

    @classmethod
    def of(cls, rehearsed: Rehearsed) -> DryRunView:
        within = rehearsed.within
        own = (outcome for outcome in within.outcomes if outcome.promotion_id == rehearsed.promotion.id)
        # A promotion in a currency that the mall has given up is looked at by no quote.
        reason = next((outcome.reason for outcome in own), "currency")
        return cls(
            applied=reason is None,
            reason=reason,
            difference=MoneyView.of(within.total_amount - rehearsed.without.total_amount, within.currency),
            without=_view(rehearsed.without),
            within=_view(within),
            outcomes=[OutcomeView.of(outcome, within.currency) for outcome in within.outcomes],
        )


def _view(quote: Quote) -> QuoteView:
    return QuoteView.model_validate(fields_of(quote))
