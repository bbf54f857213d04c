"""A cart and the rows it is priced from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from cart.domain import pricing
from cart.domain.cart import Cart, Terms
from cart.domain.catalogue import Catalogue
from cart.domain.pricing import Rules
from cart.domain.promotions.coupons import with_unknown
from cart.domain.promotions.model import Gift, Offer
from cart.domain.quote import Quote
from cart.errors import MallUnknown
from cart.repository import catalogue, coupons, promotions, shipping, surcharges


@dataclass(frozen=True)
class Priced:
    """A cart with what it costs."""

    cart: Cart
    quote: Quote


@dataclass(frozen=True)
class Occasion:
    """When, and where to as far as it is known: without a postcode nothing is added for far places."""

    now: datetime
    zonecode: str | None = None


async def price(
    connection: AsyncConnection, cart: Cart, terms: Terms, at: Occasion, read: Catalogue | None = None
) -> Quote:
    """`read`: what was read of the catalogue already; only what is missing is asked for."""
    return await price_with(connection, cart, terms, at, await offers(connection, cart, at.now), read=read)


async def price_with(
    connection: AsyncConnection,
    cart: Cart,
    terms: Terms,
    at: Occasion,
    offered: Sequence[Offer],
    *,
    read: Catalogue | None = None,
) -> Quote:
    """What the cart costs under these promotions and no others."""
    gifts = (offer.promotion.benefit.sku for offer in offered if isinstance(offer.promotion.benefit, Gift))
    items = dict(read or {})
    items |= await catalogue.items(connection, {*(line.sku for line in cart.lines), *gifts} - items.keys())
    rules = Rules(
        cart.currency,
        await shipping.rules(connection, cart.mall_id, at.now),
        terms.default_shipping,
        tuple(offered),
        (at.zonecode and await surcharges.find(connection, cart.mall_id, cart.currency, at.zonecode)) or None,
    )
    return with_unknown(pricing.price(cart.lines, items, rules, at.now, cart.purchase), cart.coupon_codes)


async def offers(connection: AsyncConnection, cart: Cart, now: datetime) -> tuple[Offer, ...]:
    """What the mall offers now, and what the cart's codes are good for. An empty cart is offered nothing."""
    found: tuple[Offer, ...] = ()
    if cart.lines:
        found = await promotions.active(connection, cart.mall_id, cart.id, now)
    if cart.coupon_codes:
        buyer = (cart.id, cart.member_id)
        found += await coupons.offers(connection, cart.mall_id, cart.coupon_codes, buyer, now)
    return found


async def currency(connection: AsyncConnection, mall_id: str) -> str:
    return known(await catalogue.currency_of(connection, mall_id), mall_id)


def known(currency: str | None, mall_id: str) -> str:
    if currency is None:
        raise MallUnknown(f"there is no mall {mall_id}")
    return currency
