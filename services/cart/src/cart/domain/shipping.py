"""What sending costs: the mall's fee and threshold, free delivery as a promotion, the surcharge for far places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cart.domain.promotions.conditions import in_order, refused
from cart.domain.promotions.model import FreeShipping, Offer, Promotion, Purchase
from cart.domain.quote import FEE, FREE, PROMOTED, SURCHARGE, SURCHARGE_FREE, Adjustment, Outcome, QuoteLine, Use
from cart.errors import ShippingRuleMissing


@dataclass(frozen=True)
class ShippingRule:
    """Shipping costs `fee`, and nothing from `free_from` on. `free_from` None: never free. Minor units."""

    label: str
    fee: int
    free_from: int | None
    currency: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        started = self.valid_from is None or self.valid_from <= now
        return started and (self.valid_to is None or now < self.valid_to)


@dataclass(frozen=True)
class Surcharge:
    """What delivery to the customer's postcode costs beside the fee. Minor units."""

    label: str
    amount: int


@dataclass(frozen=True)
class SurchargeRange:
    """Postcodes from `first` to `last`. `source`: where it is known from, for whoever checks it."""

    first: str
    last: str
    label: str
    fee: int
    source: str | None = None


def overlapping(ranges: Sequence[SurchargeRange]) -> SurchargeRange | None:
    """The first range that begins inside another, or ends before it begins."""
    end = ""
    for each in sorted(ranges, key=lambda each: each.first):
        if each.last < each.first or each.first <= end:
            return each
        end = each.last
    return None


@dataclass(frozen=True)
class Charges:
    """What would be asked for if nothing were spared."""

    rule: ShippingRule | None
    surcharge: Surcharge | None = None


@dataclass(frozen=True)
class _Owed:
    fee: int
    far: int


@dataclass(frozen=True)
class Shipped:
    adjustments: tuple[Adjustment, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    uses: tuple[Use, ...] = ()


def rule_in_force(
    rules: Sequence[ShippingRule], default: ShippingRule | None, currency: str, now: datetime
) -> ShippingRule | None:
    """Of several the one that began last; `default` only without any, and only in its own currency."""
    ruling = [rule for rule in rules if rule.in_force(now)]
    if ruling:
        return max(ruling, key=lambda rule: rule.valid_from.timestamp() if rule.valid_from else float("-inf"))
    return default if default is not None and default.currency == currency else None


def ship(
    charges: Charges, offers: Sequence[Offer], lines: Sequence[QuoteLine], purchase: Purchase, now: datetime
) -> Shipped:
    """The fee and what is spared of it as its counterpart, so that the customer sees both.

    Raises `ShippingRuleMissing` when something is to be sent and nothing says what that costs.
    """
    if not any(line.available for line in lines):
        told = (
            Outcome(each.promotion.id, each.promotion.label, each.code, "nothing_covered") for each in in_order(offers)
        )
        return Shipped(outcomes=tuple(told))
    rule, surcharge = charges.rule, charges.surcharge
    if rule is None:
        raise ShippingRuleMissing("no shipping rule in the cart's currency is in force")
    charged = [Adjustment("shipping", FEE, rule.label, rule.fee)]
    owed = rule.fee
    if rule.free_from is not None and rule.fee and sum(line.amount for line in lines) >= rule.free_from:
        charged.append(Adjustment("shipping", FREE, rule.label, -rule.fee, threshold=rule.free_from))
        owed = 0
    extra = surcharge.amount if surcharge is not None else 0
    if surcharge is not None and extra:
        charged.append(Adjustment("shipping", SURCHARGE, surcharge.label, extra))
    spared = _spare(_Owed(owed, extra), offers, lines, purchase, now)
    return Shipped((*charged, *spared.adjustments), spared.outcomes, spared.uses)


def _spare(
    owed: _Owed, offers: Sequence[Offer], lines: Sequence[QuoteLine], purchase: Purchase, now: datetime
) -> Shipped:
    """What the promotions take off."""
    told: list[Adjustment] = []
    outcomes: list[Outcome] = []
    uses: list[Use] = []
    taken: list[Promotion] = []
    for offer in in_order(offers):
        promotion, benefit = offer.promotion, offer.promotion.benefit
        far_too = isinstance(benefit, FreeShipping) and benefit.surcharge_too
        far = owed.far if far_too else 0
        why = refused(offer, lines, purchase, now, taken) or (None if owed.fee + far else "nothing_off")
        outcomes.append(Outcome(promotion.id, promotion.label, offer.code, why, 0 if why else owed.fee + far))
        if why is not None:
            continue
        taken.append(promotion)
        for code, amount in ((PROMOTED, owed.fee), (SURCHARGE_FREE, far)):
            if amount:
                told.append(Adjustment("shipping", code, promotion.label, -amount, promotion.id, far_too=far_too))
        owed = _Owed(0, owed.far - far)
        uses.extend(Use(allowance, 1, promotion.id, offer.code) for allowance in offer.allowances)
    return Shipped(tuple(told), tuple(outcomes), tuple(uses))
