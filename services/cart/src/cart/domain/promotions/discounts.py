"""Money off goods, spread over the lines by what they still cost, largest remainder first: the sum is exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cart.domain.promotions.conditions import in_order, meant, refused
from cart.domain.promotions.model import (
    WHOLE,
    AmountOff,
    Offer,
    PercentOff,
    Promotion,
    Purchase,
    QuantitySteps,
    Step,
)
from cart.domain.quote import Adjustment, LinePromotion, Outcome, QuoteLine, Use
from common.money import allocate


@dataclass(frozen=True)
class Discounted:
    lines: tuple[QuoteLine, ...]
    adjustments: tuple[Adjustment, ...]
    outcomes: tuple[Outcome, ...]
    uses: tuple[Use, ...]


def discount(offers: Sequence[Offer], lines: Sequence[QuoteLine], purchase: Purchase, now: datetime) -> Discounted:
    left = list(lines)
    taken: list[Promotion] = []
    adjustments: list[Adjustment] = []
    outcomes: list[Outcome] = []
    uses: list[Use] = []
    for offer in in_order(offers):
        promotion = offer.promotion
        if not isinstance(promotion.benefit, PercentOff | AmountOff | QuantitySteps):
            continue
        why = refused(offer, left, purchase, now, taken)
        covered = meant(promotion, left)
        shares = _shares(promotion.benefit, covered) if why is None else []
        amount = sum(shares)
        if amount == 0:
            outcomes.append(Outcome(promotion.id, promotion.label, offer.code, why or "nothing_off"))
            continue
        off = {line.line_id: share for line, share in zip(covered, shares, strict=True)}
        left = [_reduced(line, promotion, off.get(line.line_id, 0)) for line in left]
        taken.append(promotion)
        adjustments.append(Adjustment("discount", "promotion", promotion.label, -amount, promotion.id))
        outcomes.append(Outcome(promotion.id, promotion.label, offer.code, None, amount))
        uses.extend(Use(allowance, 1, promotion.id, offer.code) for allowance in offer.allowances)
    return Discounted(tuple(left), tuple(adjustments), tuple(outcomes), tuple(uses))


def _reduced(line: QuoteLine, promotion: Promotion, amount: int) -> QuoteLine:
    if amount == 0:
        return line
    told = (*line.promotions, LinePromotion(promotion.id, promotion.label, amount))
    return replace(line, discount_amount=line.discount_amount + amount, promotions=told)


def _shares(benefit: PercentOff | AmountOff | QuantitySteps, lines: Sequence[QuoteLine]) -> list[int]:
    """What each line gets, never more than it still costs."""
    if isinstance(benefit, PercentOff):
        return _rate(benefit.basis_points, benefit.at_most, lines)
    if isinstance(benefit, AmountOff):
        if benefit.each:
            return _units(benefit.amount, lines)
        return allocate(min(benefit.amount, sum(line.amount for line in lines)), [line.amount for line in lines])
    if benefit.together:
        return _step(benefit, lines)
    return [share for line in lines for share in _step(benefit, [line])]


def _rate(basis_points: int, at_most: int | None, lines: Sequence[QuoteLine]) -> list[int]:
    """Rounded down once, over all lines together: one rate of three lines is not three rounded rates."""
    amounts = [line.amount for line in lines]
    off = sum(amounts) * basis_points // WHOLE
    return allocate(off if at_most is None else min(off, at_most), amounts)


def _units(amount: int, lines: Sequence[QuoteLine]) -> list[int]:
    return [min(amount * line.quantity, line.amount) for line in lines]


def _step(benefit: QuantitySteps, lines: Sequence[QuoteLine]) -> list[int]:
    step = reached(benefit.steps, sum(line.quantity for line in lines))
    if step is None:
        return [0] * len(lines)
    rates = _rate(step.basis_points, None, lines)
    units = _units(step.unit_amount, lines)
    return [min(rate + unit, line.amount) for rate, unit, line in zip(rates, units, lines, strict=True)]


def reached(steps: Sequence[Step], quantity: int) -> Step | None:
    """The highest step that so many units reach."""
    below = [step for step in steps if step.from_quantity <= quantity]
    return max(below, key=lambda step: step.from_quantity, default=None)
