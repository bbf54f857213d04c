"""Shipping rules as staff set and read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints

from cart.commands import SetShippingRule, SetSurcharges
from cart.domain.shipping import ShippingRule
from cart.handlers import SurchargeTable
from cart.schemas.carts import Zonecode
from cart.schemas.moments import Moment
from common.wire import Body, MoneyView, View, plain_text

Minor = Annotated[StrictInt, Field(ge=0, le=1_000_000_000_000)]


class ShippingAmount(Body):
    amount: Minor = Field(examples=[3000])
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])


class ShippingRuleBody(Body):
    """`free_from` null: never free. `valid_from` null: from now on. A rule replaces the one before it as it begins."""

    label: Annotated[str, plain_text(60)] = Field(
        default="배송비", description="what the customer reads", examples=["배송비"]
    )
    fee: ShippingAmount
    free_from: ShippingAmount | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None

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
    label: str = Field(examples=["배송비"])
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

    mall_id: str = Field(examples=["intake"])
    in_force: ShippingRuleView | None
    coming: list[ShippingRuleView]

    @classmethod
    def of(cls, mall_id: str, in_force: ShippingRule | None, coming: tuple[ShippingRule, ...]) -> ShippingRulesView:
        return cls(
            mall_id=mall_id,
            in_force=None if in_force is None else ShippingRuleView.of(in_force),
            coming=[ShippingRuleView.of(rule) for rule in coming],
        )


class SurchargeRangeBody(Body):
    """Postcodes from `first` to `last`, both included. `fee` in minor units of the table's currency."""

    first: Zonecode = Field(examples=["63000"])
    last: Zonecode = Field(examples=["63644"])
    label: Annotated[str, plain_text(60)] = Field(examples=["제주 추가 배송비"])
    fee: Minor = Field(examples=[3000])
    source: Annotated[str, plain_text(200)] | None = Field(
        default=None, description="where it is known from", examples=["carrier's list of 2026-01"]
    )


class SurchargesBody(Body):
    """The whole table. No range means that nothing is added anywhere."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])
    ranges: Annotated[tuple[SurchargeRangeBody, ...], Field(max_length=5000)]

    def to_command(self, mall_id: str, set_by: str) -> SetSurcharges:
        ranges = tuple((each.first, each.last, each.label, each.fee, each.source) for each in self.ranges)
        return SetSurcharges(mall_id, self.currency, ranges, set_by)


class SurchargeRangeView(View):
    first: str = Field(examples=["63000"])
    last: str = Field(examples=["63644"])
    label: str = Field(examples=["제주 추가 배송비"])
    fee: int = Field(examples=[3000])
    source: str | None = Field(
        description="`memory: ...` was not checked against a carrier's list", examples=["carrier's list of 2026-01"]
    )


class SurchargeView(View):
    """In minor units of the mall's currency; 0 where nothing is added."""

    amount: int = Field(examples=[3000])


class SurchargesView(View):
    """`own` false: the mall has no table, the common one counts. `mall_id` `*`: the common one itself."""

    mall_id: str = Field(examples=["intake"])
    own: bool
    set_by: str | None = Field(examples=["dev-staff"])
    set_at: datetime | None
    ranges: list[SurchargeRangeView]

    @classmethod
    def of(cls, mall_id: str, table: SurchargeTable | None) -> SurchargesView:
        if table is None:
            return cls(mall_id=mall_id, own=False, set_by=None, set_at=None, ranges=[])
        ranges = [SurchargeRangeView(**vars(each)) for each in table.ranges]
        return cls(mall_id=mall_id, own=table.own, set_by=table.set_by, set_at=table.set_at, ranges=ranges)
