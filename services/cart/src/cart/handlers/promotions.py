"""Promotions and coupons as staff make them, and a look at what one would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import MakeCoupon
from cart.domain.cart import Cart, Terms
from cart.domain.promotions.allowances import Allowance
from cart.domain.promotions.coupons import generated
from cart.domain.promotions.model import Gift, Offer, Promotion, Status
from cart.domain.quote import Line, Quote
from cart.errors import (
    CouponCodeTaken,
    CouponNotFound,
    PromotionChanged,
    PromotionInvalid,
    PromotionNotFound,
    SkuUnknown,
)
from cart.handlers.carts import check_channel, there
from cart.handlers.pricing import Occasion, currency, offers, price_with
from cart.repository import allowances, catalogue, coupons, promotions
from cart.repository import carts as cart_rows
from common import ids
from common.db import Tx


@dataclass(frozen=True)
class DryRun:
    """Either a stored promotion (`promotion_id`) or a draft, on either a stored cart (`cart_id`) or `lines`."""

    promotion_id: UUID | None
    promotion: Promotion | None
    cart_id: UUID | None
    lines: tuple[tuple[str, int], ...]
    channel: str
    member: bool
    tier: str | None
    zonecode: str | None
    at: datetime | None


@dataclass(frozen=True)
class Rehearsed:
    """What a cart costs without a promotion and with it."""

    promotion: Promotion
    without: Quote
    within: Quote


async def put_promotion(promotion: Promotion, set_by: str, tx: Tx) -> None:
    """A new promotion, or the next version of one. Active ones count from the commit on."""
    await _check(promotion, tx.connection)
    if promotion.valid_to is not None and promotion.valid_to <= (promotion.valid_from or tx.now):
        raise PromotionInvalid("valid_to is not after valid_from, or in the past")
    if promotion.gift_stock is not None:
        await allowances.put(tx.connection, "gift", Allowance(promotion.id, promotion.gift_stock, None, 0))
    await promotions.put(tx.connection, promotion, set_by, tx.now)


async def replace_promotion(promotion: Promotion, set_by: str, tx: Tx) -> None:
    """`promotion.version` is the one that was read. The mall stays: carts and coupons know it by that."""
    current, _taken = found(await promotions.lock(tx.connection, promotion.id))
    if current.version != promotion.version:
        raise PromotionChanged("the promotion was changed meanwhile", version=current.version)
    if current.mall_id != promotion.mall_id:
        raise PromotionInvalid("a promotion stays in its mall")
    if current.gift_stock is not None and promotion.gift_stock is None:
        raise PromotionInvalid("a gift's stock may be changed, not taken away")
    begins = promotion.valid_from or current.valid_from
    await put_promotion(replace(promotion, version=current.version + 1, valid_from=begins), set_by, tx)


def found(promotion: tuple[Promotion, int] | None) -> tuple[Promotion, int]:
    if promotion is None:
        raise PromotionNotFound("there is no such promotion")
    return promotion


async def make_coupon(command: MakeCoupon, tx: Tx) -> None:
    """Codes and their allowances, all or none."""
    promotion, _taken = found(await promotions.find(tx.connection, command.promotion_id))
    if not promotion.needs_coupon:
        raise PromotionInvalid("this promotion counts without a coupon")
    made = replace(command, mall_id=promotion.mall_id)
    await allowances.put(tx.connection, "coupon", Allowance(made.coupon_id, made.most, made.per_member, 0))
    if made.code is not None:
        codes = [(made.code, made.coupon_id)]
    else:
        secret = ids.new_token()
        codes = [(generated(secret, number), ids.new_id()) for number in range(made.count)]
        await allowances.put_many(tx.connection, "code", [allowance_id for _code, allowance_id in codes], 1)
    if await coupons.make(tx.connection, made, codes, tx.now) != len(codes):
        raise CouponCodeTaken("the mall has this code already", coupon=made.code)


async def coupons_of(promotion_id: UUID, connection: AsyncConnection) -> list[Any]:
    found(await promotions.find(connection, promotion_id))
    return await coupons.of_promotion(connection, promotion_id)


async def stop_coupon(promotion_id: UUID, coupon_id: UUID, tx: Tx) -> None:
    if not await coupons.stop(tx.connection, promotion_id, coupon_id):
        raise CouponNotFound("the promotion has no such coupon")


async def dry_run(command: DryRun, terms: Terms, connection: AsyncConnection, now: datetime) -> Rehearsed:
    """Prices the cart with and without the promotion, as if it were active and its coupon given. Changes nothing."""
    promotion = command.promotion
    if promotion is None:
        promotion, taken = found(await promotions.find(connection, command.promotion_id or UUID(int=0)))
    else:
        taken = 0
        await _check(promotion, connection)
    cart = await _cart(command, promotion, terms, connection, now)
    at = Occasion(command.at or now, command.zonecode)
    offered = await offers(connection, cart, at.now)
    others = [each for each in offered if each.promotion.id != promotion.id]
    own_codes = {each.code for each in offered if each.promotion.id == promotion.id}
    cart = replace(cart, coupon_codes=tuple(code for code in cart.coupon_codes if code not in own_codes))
    left = None if promotion.gift_stock is None else max(0, promotion.gift_stock - taken)
    tried = Offer(replace(promotion, status=Status.ACTIVE), left)
    without = await price_with(connection, cart, terms, at, others)
    within = await price_with(connection, cart, terms, at, (*others, tried))
    return Rehearsed(promotion, without, within)


async def _cart(
    command: DryRun, promotion: Promotion, terms: Terms, connection: AsyncConnection, now: datetime
) -> Cart:
    if command.cart_id is not None:
        cart = there(await cart_rows.find_by_id(connection, command.cart_id))
        if cart.mall_id != promotion.mall_id:
            raise PromotionInvalid("the cart is of another mall")
        return cart
    check_channel(command.channel, terms)
    lines = tuple(Line(UUID(int=number), *line) for number, line in enumerate(command.lines, 1))
    return Cart(
        UUID(int=0),
        promotion.mall_id,
        command.channel,
        promotion.currency,
        created_at=now,
        changed_at=now,
        lines=lines,
        member_id=UUID(int=0) if command.member else None,
        member_tier=command.tier,
    )


async def _check(promotion: Promotion, connection: AsyncConnection) -> None:
    """What the document alone cannot tell: the mall, its currency, the gift."""
    sells_in = await currency(connection, promotion.mall_id)
    if promotion.currency != sells_in:
        raise PromotionInvalid(f"{promotion.mall_id} sells in {sells_in}")
    if isinstance(promotion.benefit, Gift):
        item = (await catalogue.items(connection, [promotion.benefit.sku])).get(promotion.benefit.sku)
        if item is None or item.mall_id != promotion.mall_id:
            raise SkuUnknown(f"{promotion.mall_id} has no SKU {promotion.benefit.sku}", sku=promotion.benefit.sku)
