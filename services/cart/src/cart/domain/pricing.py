"""What a cart costs: one pure function. Discounts, then shipping, then gifts; see `cart.domain.promotions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cart.domain import limits
from cart.domain.catalogue import Catalogue
from cart.domain.promotions.discounts import discount
from cart.domain.promotions.gifts import give
from cart.domain.promotions.model import FreeShipping, Offer, Purchase
from cart.domain.quote import Line, Quote, QuoteLine
from cart.domain.shipping import Charges, ShippingRule, Surcharge, rule_in_force, ship

_NOBODY = Purchase(UUID(int=0), "")


@dataclass(frozen=True)
class Rules:
    """What prices depend on besides the catalogue. `default` applies where no rule of the mall is in force."""

    currency: str
    shipping: tuple[ShippingRule, ...] = ()
    default: ShippingRule | None = None
    offers: tuple[Offer, ...] = ()
    surcharge: Surcharge | None = None


def price(
    lines: Sequence[Line], catalogue: Catalogue, rules: Rules, now: datetime, purchase: Purchase = _NOBODY
) -> Quote:
    """The whole quote. Raises `ShippingRuleMissing` when something is to be sent and nothing says what that costs."""
    offers = [offer for offer in rules.offers if offer.promotion.currency == rules.currency]
    goods = discount(offers, [_quote_line(line, catalogue, rules.currency) for line in lines], purchase, now)
    free = [offer for offer in offers if isinstance(offer.promotion.benefit, FreeShipping)]
    shipped = ship(Charges(shipping_rule(rules, now), rules.surcharge), free, goods.lines, purchase, now)
    gifts = give(offers, goods.lines, catalogue, purchase, now)
    return Quote(
        rules.currency,
        (*goods.lines, *gifts.lines),
        (*goods.adjustments, *shipped.adjustments),
        (*goods.outcomes, *shipped.outcomes, *gifts.outcomes),
        (*goods.uses, *shipped.uses, *gifts.uses, *limits.uses(goods.lines)),
    )


def shipping_rule(rules: Rules, now: datetime) -> ShippingRule | None:
    """The rule in force: of several, the one that began last."""
    rule = rule_in_force(rules.shipping, rules.default, rules.currency, now)
    return rule if rule is not None and rule.currency == rules.currency else None


def _quote_line(line: Line, catalogue: Catalogue, currency: str) -> QuoteLine:
    item = catalogue.get(line.sku)
    available = item is not None and item.on_sale and item.currency == currency
    return QuoteLine(line.id, line.sku, line.quantity, item, available, item.unit_price if item is not None else 0)
