"""Promotions as staff write and read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from cart.domain.promotions import model
from cart.domain.promotions.model import Promotion, Stacking, Status, kind_of
from cart.schemas.carts import Channel, Sku
from cart.schemas.moments import Moment
from common.wire import Body, MallId, View, plain_text

Minor = Annotated[StrictInt, Field(ge=0, le=1_000_000_000_000)]
Rate = Annotated[
    StrictInt, Field(ge=0, le=10_000, description="hundredths of a percent: 1000 is 10 %", examples=[1000])
]
Units = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
GiftUnits = Annotated[StrictInt, Field(ge=1, le=9_999)]
Tier = Annotated[str, plain_text(40)]
_Names = Field(default=(), max_length=1000)


class ScopeBody(Body):
    """Which goods. Nothing named means all; else one of the lists is enough. `except_skus` are never meant."""

    skus: tuple[Sku, ...] = _Names
    products: tuple[UUID, ...] = _Names
    categories: tuple[Annotated[str, plain_text(80)], ...] = _Names
    except_skus: tuple[Sku, ...] = _Names

    def to_scope(self) -> model.Scope:
        return model.Scope(self.skus, tuple(map(str, self.products)), self.categories, self.except_skus)


class PercentOffBody(Body):
    """A rate off the covered goods, rounded down once, never more than `at_most`."""

    kind: Literal["percent_off"]
    basis_points: Annotated[Rate, Field(ge=1)]
    at_most: Annotated[Minor, Field(ge=1)] | None = None


class AmountOffBody(Body):
    """An amount off the covered goods together, or with `each` off every unit of them."""

    kind: Literal["amount_off"]
    amount: Annotated[Minor, Field(ge=1)]
    each: StrictBool = False


class StepBody(Body):
    """From so many units on: a rate, an amount off every unit, or both."""

    from_quantity: Units
    basis_points: Rate = 0
    unit_amount: Minor = 0

    @model_validator(mode="after")
    def _gives_something(self) -> StepBody:
        if not self.basis_points and not self.unit_amount:
            raise ValueError("a step takes off a rate or an amount")
        return self


class QuantityStepsBody(Body):
    """The highest step reached counts for all covered units, counted together or line by line."""

    kind: Literal["quantity_steps"]
    steps: Annotated[tuple[StepBody, ...], Field(min_length=1, max_length=20)]
    together: StrictBool = True

    @model_validator(mode="after")
    def _in_steps(self) -> QuantityStepsBody:
        if len({step.from_quantity for step in self.steps}) < len(self.steps):
            raise ValueError("two steps begin at the same quantity")
        return self


class FreeShippingBody(Body):
    """Takes off the delivery fee; with `surcharge_too` what islands and Jeju cost as well."""

    kind: Literal["free_shipping"]
    surcharge_too: StrictBool = False


class GiftBody(Body):
    """A SKU the catalogue knows, on sale or not. `every` n: again for each n covered units, up to `at_most` units."""

    kind: Literal["gift"]
    sku: Sku
    quantity: GiftUnits = 1
    every: Units | None = None
    at_most: GiftUnits | None = None


BenefitBody = Annotated[
    PercentOffBody | AmountOffBody | QuantityStepsBody | FreeShippingBody | GiftBody, Field(discriminator="kind")
]

_EXAMPLE: dict[str, Any] = {
    "mall_id": "intake",
    "label": "봄맞이 간식 10%",
    "currency": "KRW",
    "status": "active",
    "benefit": {"kind": "percent_off", "basis_points": 1000, "at_most": 20000},
    "scope": {"categories": ["snacks"]},
    "min_amount": 30000,
    "stacking": "combinable",
    "priority": 10,
    "valid_to": "2026-12-31T15:00:00Z",
}


class PromotionBody(Body):
    """What a promotion asks for and gives. Amounts are minor units of `currency`, which is the mall's.

    `min_amount` and `min_quantity` look at the covered goods as they stand when its turn comes: discounts first, by
    falling `priority`, of equal ones the older first; then free delivery; then gifts. An `exclusive` promotion counts
    only if none of its kind counted before it, and none of its kind counts after it.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    mall_id: MallId
    label: Annotated[str, plain_text(80)] = Field(description="what the customer reads", examples=["봄맞이 10%"])
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])
    benefit: BenefitBody
    status: Status = Field(default=Status.DRAFT, description="only `active` promotions count")
    priority: Annotated[StrictInt, Field(ge=-1000, le=1000)] = 0
    stacking: Stacking = Stacking.COMBINABLE
    scope: ScopeBody = ScopeBody()
    min_amount: Minor = 0
    min_quantity: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = 0
    channels: Annotated[tuple[Channel, ...], Field(max_length=50)] = Field(
        default=(), description="empty: every channel"
    )
    tiers: Annotated[tuple[Tier, ...], Field(max_length=50)] = Field(default=(), description="empty: every customer")
    members_only: StrictBool = False
    needs_coupon: StrictBool = Field(default=False, description="counts only for carts with a code of its coupons")
    gift_stock: Annotated[StrictInt, Field(ge=0, le=1_000_000_000)] | None = Field(
        default=None, description="units of the gift to give away in all; null: as many as the shop has"
    )
    valid_from: Moment | None = Field(default=None, description="null: from now on")
    valid_to: Moment | None = Field(default=None, description="null: until it is stopped")

    @model_validator(mode="after")
    def _makes_sense(self) -> PromotionBody:
        if self.valid_from is not None and self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        if self.gift_stock is not None and self.benefit.kind != "gift":
            raise ValueError("only a gift has a gift_stock")
        return self

    def to_promotion(self, promotion_id: UUID, version: int = 1) -> Promotion:
        return Promotion(
            id=promotion_id,
            mall_id=self.mall_id,
            label=self.label,
            currency=self.currency,
            benefit=_benefit(self.benefit),
            status=self.status,
            priority=self.priority,
            stacking=self.stacking,
            scope=self.scope.to_scope(),
            min_amount=self.min_amount,
            min_quantity=self.min_quantity,
            channels=self.channels,
            tiers=self.tiers,
            members_only=self.members_only,
            needs_coupon=self.needs_coupon,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            gift_stock=self.gift_stock,
            version=version,
        )


class PromotionChange(PromotionBody):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | {"version": 1}]})

    version: Annotated[StrictInt, Field(ge=1, le=2_147_483_646, description="the one that was read")]


def _benefit(body: Any) -> model.Benefit:
    fields = body.model_dump(exclude={"kind"})
    if isinstance(body, QuantityStepsBody):
        fields["steps"] = tuple(model.Step(**step) for step in fields["steps"])
    return model.KINDS[body.kind](**fields)


class PromotionView(View):
    id: UUID
    version: int = Field(examples=[1])
    mall_id: str = Field(examples=["intake"])
    label: str = Field(examples=["봄맞이 10%"])
    currency: str = Field(examples=["KRW"])
    status: Status
    benefit: dict[str, Any] = Field(examples=[_EXAMPLE["benefit"]])
    scope: dict[str, list[str]] = Field(
        examples=[{"skus": [], "products": [], "categories": ["snacks"], "except_skus": []}]
    )
    priority: int = Field(examples=[10])
    stacking: Stacking
    min_amount: int = Field(examples=[30000])
    min_quantity: int = Field(examples=[0])
    channels: list[str] = Field(examples=[["pc"]])
    tiers: list[str] = Field(examples=[["gold"]])
    members_only: bool
    needs_coupon: bool
    gift_stock: int | None = Field(examples=[100])
    gifts_taken: int = Field(
        description="units of the gift that orders hold or have; counted while it has a stock", examples=[3]
    )
    valid_from: datetime | None
    valid_to: datetime | None

    @classmethod
    def of(cls, promotion: Promotion, gifts_taken: int) -> PromotionView:
        plain = (
            "id", "version", "mall_id", "label", "currency", "status", "priority", "stacking", "min_amount",
            "min_quantity", "channels", "tiers", "members_only", "needs_coupon", "gift_stock", "valid_from", "valid_to",
        )  # fmt: skip
        fields: dict[str, Any] = {name: getattr(promotion, name) for name in plain}
        scope = promotion.scope
        fields["channels"], fields["tiers"] = list(promotion.channels), list(promotion.tiers)
        fields["scope"] = {
            "skus": list(scope.skus),
            "products": list(scope.products),
            "categories": list(scope.categories),
            "except_skus": list(scope.except_skus),
        }
        fields["benefit"] = {"kind": kind_of(promotion.benefit), **_plain(promotion.benefit)}
        return cls.model_validate(fields | {"gifts_taken": gifts_taken})


def _plain(benefit: model.Benefit) -> dict[str, Any]:
    fields = dict(vars(benefit))
    if isinstance(benefit, model.QuantitySteps):
        fields["steps"] = [dict(vars(step)) for step in benefit.steps]
    return fields
