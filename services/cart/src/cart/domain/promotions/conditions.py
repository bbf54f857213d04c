"""Whether a promotion may count, and if not, why not: a stable word that the customer's page translates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cart.domain.promotions.model import Offer, Promotion, Purchase, Stacking
from cart.domain.quote import QuoteLine


def in_order(offers: Iterable[Offer]) -> list[Offer]:
    """Highest priority first, of equal ones the older (its id sorts by time), of one promotion the smaller code."""
    return sorted(offers, key=lambda offer: (-offer.promotion.priority, offer.promotion.id.int, offer.code or ""))


def meant(promotion: Promotion, lines: Sequence[QuoteLine]) -> list[QuoteLine]:
    return [line for line in lines if line.available and line.item is not None and promotion.scope.covers(line.item)]


def refused(
    offer: Offer, lines: Sequence[QuoteLine], purchase: Purchase, now: datetime, taken: Sequence[Promotion]
) -> str | None:
    """Why the offer does not count, None if it does. `taken` are those of its kind that counted before it."""
    if offer.unusable is not None:
        return offer.unusable
    promotion = offer.promotion
    not_for = _not_for(promotion, purchase, now)
    if not_for is not None:
        return not_for
    return "excluded" if _excluded(promotion, taken) else _too_little(promotion, lines)


def _excluded(promotion: Promotion, taken: Sequence[Promotion]) -> bool:
    if promotion.id in {other.id for other in taken}:
        return True
    return bool(taken) and Stacking.EXCLUSIVE in (promotion.stacking, taken[0].stacking)


def _too_little(promotion: Promotion, lines: Sequence[QuoteLine]) -> str | None:
    covered = meant(promotion, lines)
    if not covered:
        return "nothing_covered"
    if sum(line.amount for line in covered) < promotion.min_amount:
        return "minimum_amount"
    return "minimum_quantity" if sum(line.quantity for line in covered) < promotion.min_quantity else None


def _not_for(promotion: Promotion, purchase: Purchase, now: datetime) -> str | None:
    if promotion.valid_from is not None and now < promotion.valid_from:
        return "not_begun"
    if promotion.valid_to is not None and now >= promotion.valid_to:
        return "over"
    if promotion.channels and purchase.channel not in promotion.channels:
        return "channel"
    if promotion.members_only and purchase.member_id is None:
        return "members_only"
    if promotion.tiers and purchase.tier not in promotion.tiers:
        return "tier"
    return None
