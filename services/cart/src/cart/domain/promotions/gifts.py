"""Gifts: lines of their own that cost nothing, as long as the promotion's own stock lasts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from cart.domain.catalogue import Catalogue, Item
from cart.domain.promotions.conditions import in_order, meant, refused
from cart.domain.promotions.model import Gift, Offer, Promotion, Purchase
from cart.domain.quote import LinePromotion, Outcome, Quote, QuoteLine, Use

# More of one gift than this in one order is a rule gone wrong.
MOST = 9_999


@dataclass(frozen=True)
class Given:
    lines: tuple[QuoteLine, ...]
    outcomes: tuple[Outcome, ...]
    uses: tuple[Use, ...]


def give(
    offers: Sequence[Offer], lines: Sequence[QuoteLine], catalogue: Catalogue, purchase: Purchase, now: datetime
) -> Given:
    gifts: list[QuoteLine] = []
    outcomes: list[Outcome] = []
    uses: list[Use] = []
    taken: list[Promotion] = []
    for offer in in_order(offers):
        promotion = offer.promotion
        if not isinstance(promotion.benefit, Gift):
            continue
        item = catalogue.get(promotion.benefit.sku)
        covered = meant(promotion, lines)
        units = _units(promotion.benefit, covered, offer.left)
        why = refused(offer, lines, purchase, now, taken) or _missing(item, promotion, units)
        outcomes.append(Outcome(promotion.id, promotion.label, offer.code, why))
        if why is not None or item is None:
            continue
        taken.append(promotion)
        gifts.append(_line(promotion, item, units, covered, purchase))
        if promotion.gift_stock is not None:
            uses.append(Use(promotion.id, units, promotion.id))
        uses.extend(Use(allowance, 1, promotion.id, offer.code) for allowance in offer.allowances)
    return Given(tuple(gifts), tuple(outcomes), tuple(uses))


def _units(gift: Gift, covered: Sequence[QuoteLine], left: int | None) -> int:
    """What is left of the gift's own stock is given, even if it is less than promised."""
    times = 1 if gift.every is None else sum(line.quantity for line in covered) // gift.every
    units = min(gift.quantity * times, MOST)
    if gift.at_most is not None:
        units = min(units, gift.at_most)
    return units if left is None else min(units, left)


def _missing(item: Item | None, promotion: Promotion, units: int) -> str | None:
    """A gift need not be on sale, but the catalogue must know it, and have some as far as anybody knows."""
    if item is None or item.mall_id != promotion.mall_id:
        return "gift_unknown"
    return "gift_gone" if units <= 0 or item.sold_out else None


def _line(promotion: Promotion, item: Item, units: int, covered: Sequence[QuoteLine], purchase: Purchase) -> QuoteLine:
    """The same gift of the same cart has the same line id at every quote."""
    by_item = not promotion.scope.everything or promotion.min_quantity > 0
    return QuoteLine(
        line_id=uuid5(purchase.cart_id, promotion.id.hex),
        sku=item.sku,
        quantity=units,
        item=item,
        available=True,
        kind="gift",
        gift_of=tuple(line.line_id for line in covered) if by_item else (),
        promotions=(LinePromotion(promotion.id, promotion.label, 0),),
    )


def only(quote: Quote, promotion_id: UUID, units: int) -> Quote:
    """The quote with so many units of the promotion's gift. None at all: nothing of the promotion is used either."""
    if units > 0:
        lines = (replace(line, quantity=units) if _given_by(line, promotion_id) else line for line in quote.lines)
        uses = (replace(use, units=units) if use.allowance_id == promotion_id else use for use in quote.uses)
        return replace(quote, lines=tuple(lines), uses=tuple(uses))
    return replace(
        quote,
        lines=tuple(line for line in quote.lines if not _given_by(line, promotion_id)),
        uses=tuple(use for use in quote.uses if use.promotion_id != promotion_id),
        outcomes=tuple(
            replace(outcome, reason="gift_gone") if outcome.promotion_id == promotion_id else outcome
            for outcome in quote.outcomes
        ),
    )


def without(quote: Quote, skus: Collection[str]) -> Quote:
    """The quote without gifts of these SKUs. They cost nothing, so no amount changes."""
    for line in quote.lines:
        if line.kind == "gift" and line.sku in skus:
            quote = only(quote, line.promotions[0].promotion_id, 0)
    return quote


def _given_by(line: QuoteLine, promotion_id: UUID) -> bool:
    return line.kind == "gift" and line.promotions[0].promotion_id == promotion_id
