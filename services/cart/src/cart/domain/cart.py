"""A cart: lines while it is open, one order at the end. Asking for an order holds it, placing the order closes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from cart.commands import AddCoupon, AddLine, ChangeLine, FreezeCart, RemoveCoupon, RemoveLine
from cart.domain.catalogue import Item
from cart.domain.promotions.coupons import HOPELESS, not_usable
from cart.domain.promotions.model import Offer, Purchase
from cart.domain.quote import Line, Quote
from cart.domain.shipping import ShippingRule
from cart.errors import (
    CartBusy,
    CartEmpty,
    CartMerged,
    CartOrdered,
    CouponNotInCart,
    CouponUnknown,
    LineNotFound,
    LineUnavailable,
    QuantityTooLarge,
    SkuNotForSale,
    SkuUnknown,
    TooManyCoupons,
    TooManyLines,
)

MAX_COUPONS = 5


class Status(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    ORDERED = "ordered"


@dataclass(frozen=True)
class Terms:
    """What the settings decide. `hold` is how long an order that is being placed keeps others away."""

    max_lines: int
    max_quantity: int
    hold: timedelta
    channels: frozenset[str]
    default_shipping: ShippingRule


@dataclass(frozen=True)
class Cart:
    id: UUID
    mall_id: str
    channel: str
    currency: str
    created_at: datetime
    changed_at: datetime
    status: Status = Status.OPEN
    lines: tuple[Line, ...] = ()
    frozen_order_id: UUID | None = None
    frozen_at: datetime | None = None
    ordered_order_id: UUID | None = None
    ordered_at: datetime | None = None
    abandoned_at: datetime | None = None
    coupon_codes: tuple[str, ...] = ()
    member_id: UUID | None = None
    member_tier: str | None = None
    merged_into: UUID | None = None

    @property
    def purchase(self) -> Purchase:
        member = None if self.member_id is None else str(self.member_id)
        return Purchase(self.id, self.channel, member, self.member_tier)

    def line(self, line_id: UUID) -> Line:
        for line in self.lines:
            if line.id == line_id:
                return line
        raise LineNotFound("the cart has no such line")


@dataclass(frozen=True)
class CartChanged:
    cart: Cart
    at: datetime


@dataclass(frozen=True)
class CartAbandoned:
    cart: Cart
    at: datetime


@dataclass(frozen=True)
class Decision:
    state: Cart
    events: tuple[CartChanged | CartAbandoned, ...] = ()


def add(cart: Cart, command: AddLine, item: Item | None, terms: Terms, now: datetime) -> Decision:
    """The same SKU again adds up. Goods of another mall are as unknown as goods that do not exist."""
    _must_be_open(cart)
    if item is None or item.mall_id != cart.mall_id:
        raise SkuUnknown(f"{cart.mall_id} has no SKU {command.sku}", sku=command.sku)
    if not item.on_sale or item.currency != cart.currency:
        raise SkuNotForSale(f"{command.sku} is not on sale", sku=command.sku)
    there = next((line for line in cart.lines if line.sku == command.sku), None)
    if there is not None:
        return change(cart, ChangeLine(there.id, there.quantity + command.quantity), terms, now)
    if len(cart.lines) >= terms.max_lines:
        raise TooManyLines(f"a cart has at most {terms.max_lines} lines", max_lines=terms.max_lines)
    _check_quantity(command.quantity, terms)
    return _changed(cart, (*cart.lines, Line(command.line_id, command.sku, command.quantity)), now)


def change(cart: Cart, command: ChangeLine, terms: Terms, now: datetime) -> Decision:
    """The quantity it has already changes nothing and tells nobody."""
    _must_be_open(cart)
    line = cart.line(command.line_id)
    _check_quantity(command.quantity, terms)
    if line.quantity == command.quantity:
        return Decision(cart)
    changed = tuple(replace(other, quantity=command.quantity) if other.id == line.id else other for other in cart.lines)
    return _changed(cart, changed, now)


def remove(cart: Cart, command: RemoveLine, now: datetime) -> Decision:
    _must_be_open(cart)
    gone = cart.line(command.line_id)
    return _changed(cart, tuple(line for line in cart.lines if line.id != gone.id), now)


def add_coupon(cart: Cart, command: AddCoupon, offer: Offer | None, now: datetime) -> Decision:
    """A code that does not count yet (too little in the cart) is kept; one that never will is refused."""
    _must_be_open(cart)
    if offer is None:
        raise CouponUnknown("there is no such coupon", coupon=command.code)
    if offer.unusable in HOPELESS:
        raise not_usable(command.code, offer.unusable)
    if command.code in cart.coupon_codes:
        return Decision(cart)
    if len(cart.coupon_codes) >= MAX_COUPONS:
        raise TooManyCoupons(f"a cart has at most {MAX_COUPONS} coupons", max_coupons=MAX_COUPONS)
    return Decision(_touched(cart, now, coupon_codes=(*cart.coupon_codes, command.code)))


def remove_coupon(cart: Cart, command: RemoveCoupon, now: datetime) -> Decision:
    _must_be_open(cart)
    if command.code not in cart.coupon_codes:
        raise CouponNotInCart("the cart has no such coupon")
    return Decision(_touched(cart, now, coupon_codes=tuple(code for code in cart.coupon_codes if code != command.code)))


def freeze(cart: Cart, command: FreezeCart, terms: Terms, now: datetime) -> Cart:
    """Holds the cart for one order. Another order waits until the hold is over, released, or the cart was changed."""
    if cart.status is Status.MERGED:
        raise CartMerged("the cart went into its member's cart")
    if cart.status is Status.ORDERED:
        if cart.ordered_order_id == command.order_id:
            return cart
        raise CartOrdered("the cart was ordered")
    if cart.frozen_order_id not in (None, command.order_id) and held(cart, terms, now):
        raise CartBusy("another order of this cart is being placed; ask again in a moment")
    return replace(cart, frozen_order_id=command.order_id, frozen_at=now)


def held(cart: Cart, terms: Terms, now: datetime) -> bool:
    return cart.frozen_at is not None and now < cart.frozen_at + terms.hold


def check_orderable(quote: Quote) -> None:
    """Raises `CartEmpty` or `LineUnavailable`, which names the lines to take out first."""
    if not quote.lines:
        raise CartEmpty("the cart has no lines")
    gone = [{"line_id": str(line.line_id), "sku": line.sku} for line in quote.lines if not line.available]
    if gone:
        raise LineUnavailable("some lines cannot be ordered any more", lines=gone)


def release(cart: Cart, order_id: UUID) -> Cart:
    """Changes nothing unless this order holds the open cart."""
    if cart.status is not Status.OPEN or cart.frozen_order_id != order_id:
        return cart
    return replace(cart, frozen_order_id=None, frozen_at=None)


def close(cart: Cart, order_id: UUID, now: datetime) -> Cart:
    """The first order that was placed keeps the cart. One that was merged meanwhile is not open either."""
    if cart.status is not Status.OPEN:
        return cart
    return replace(cart, status=Status.ORDERED, ordered_order_id=order_id, ordered_at=now)


def abandon(cart: Cart, now: datetime) -> Decision:
    """Once per idle time: a change clears the mark."""
    if cart.status is not Status.OPEN or not cart.lines or cart.abandoned_at is not None:
        return Decision(cart)
    left = replace(cart, abandoned_at=now)
    return Decision(left, (CartAbandoned(left, now),))


def _must_be_open(cart: Cart) -> None:
    if cart.status is Status.MERGED:
        raise CartMerged("the cart went into its member's cart")
    if cart.status is Status.ORDERED:
        raise CartOrdered("the cart was ordered and cannot change any more")


def _check_quantity(quantity: int, terms: Terms) -> None:
    if quantity > terms.max_quantity:
        raise QuantityTooLarge(f"a line has at most {terms.max_quantity} units", max_quantity=terms.max_quantity)


def _changed(cart: Cart, lines: tuple[Line, ...], now: datetime) -> Decision:
    changed = _touched(cart, now, lines=lines)
    return Decision(changed, (CartChanged(changed, now),))


def _touched(cart: Cart, now: datetime, **changes: Any) -> Cart:
    # Whoever changes the cart has given up the order it was held for, or is about to order something else.
    return replace(cart, changed_at=now, abandoned_at=None, frozen_order_id=None, frozen_at=None, **changes)
