"""Coupons and their codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import MakeCoupon
from cart.domain.promotions.allowances import State
from cart.domain.promotions.coupons import Coupon, Standing, offer_of
from cart.domain.promotions.model import Offer
from cart.repository.promotions import left, own_held, promotion_of
from cart.tables import allowance_uses, allowances, coupon_codes, coupons, promotions

_BATCH = 5_000


async def offers(
    connection: AsyncConnection,
    mall_id: str,
    codes: Sequence[str],
    buyer: tuple[UUID, UUID | None],
    now: datetime,
) -> tuple[Offer, ...]:
    """What the codes are good for, for this cart and member; a code that nobody knows is missing."""
    cart_id, member_id = buyer
    own, gifts, single = allowances.alias("own"), allowances.alias("gifts"), allowances
    rows = await connection.execute(
        select(
            promotions,
            coupon_codes.c.code,
            coupon_codes.c.allowance_id,
            coupons.c.id.label("coupon_id"),
            coupons.c.stopped,
            coupons.c.valid_from.label("coupon_from"),
            coupons.c.valid_to.label("coupon_to"),
            single.c.most,
            single.c.per_member,
            (single.c.taken - own_held(cart_id, single.c.id)).label("taken"),
            own.c.most.label("code_most"),
            (own.c.taken - own_held(cart_id, own.c.id)).label("code_taken"),
            gifts.c.most.label("gift_most"),
            (gifts.c.taken - own_held(cart_id, gifts.c.id)).label("gift_taken"),
            _of_member(cart_id, member_id).label("of_member"),
        )
        .select_from(coupon_codes)
        .join(coupons, coupons.c.id == coupon_codes.c.coupon_id)
        .join(promotions, promotions.c.id == coupons.c.promotion_id)
        .join(single, single.c.id == coupons.c.id)
        .join(own, own.c.id == coupon_codes.c.allowance_id)
        .outerjoin(gifts, gifts.c.id == promotions.c.id)
        .where(coupon_codes.c.mall_id == mall_id, coupon_codes.c.code.in_(codes))
    )
    return tuple(_offer(row, member_id, now) for row in rows)


def _of_member(cart_id: UUID, member_id: UUID | None) -> Any:
    """What the member has taken of the coupon beside what this cart's own orders hold."""
    if member_id is None:
        return literal(0)
    uses = allowance_uses.c
    return (
        select(func.coalesce(func.sum(uses.units), 0))
        .where(
            uses.allowance_id == coupons.c.id,
            uses.member_id == member_id,
            (uses.state == State.USED) | ((uses.state == State.HELD) & (uses.cart_id != cart_id)),
        )
        .correlate(coupons)
        .scalar_subquery()
    )


def _offer(row: Row[Any], member_id: UUID | None, now: datetime) -> Offer:
    coupon = Coupon(row.coupon_id, row.allowance_id, row.stopped, row.coupon_from, row.coupon_to, row.per_member)
    standing = Standing(left(row.most, row.taken), left(row.code_most, row.code_taken), int(row.of_member))
    offer = Offer(promotion_of(row), left(row.gift_most, row.gift_taken), row.code)
    return offer_of(offer, coupon, standing, member_id, now)


async def make(
    connection: AsyncConnection, command: MakeCoupon, codes: Sequence[tuple[str, UUID]], now: datetime
) -> int:
    """Stores the coupon and its codes, each with its allowance. Returns how many codes were new to the mall."""
    await connection.execute(
        coupons.insert().values(
            id=command.coupon_id,
            promotion_id=command.promotion_id,
            mall_id=command.mall_id,
            label=command.label,
            kind="single" if command.code is not None else "many",
            stopped=False,
            valid_from=command.valid_from,
            valid_to=command.valid_to,
            made_by=command.made_by,
            made_at=now,
        )
    )
    written = 0
    for start in range(0, len(codes), _BATCH):
        rows = [
            {"mall_id": command.mall_id, "code": code, "coupon_id": command.coupon_id, "allowance_id": allowance_id}
            for code, allowance_id in codes[start : start + _BATCH]
        ]
        made = await connection.execute(
            insert(coupon_codes).values(rows).on_conflict_do_nothing().returning(coupon_codes.c.code)
        )
        written += len(made.all())
    return written


async def of_promotion(connection: AsyncConnection, promotion_id: UUID) -> list[Any]:
    """Each coupon with its limits, what is taken, and how many codes it has; of a single one, the code."""
    count = select(func.count()).where(coupon_codes.c.coupon_id == coupons.c.id).correlate(coupons).scalar_subquery()
    code = (
        select(func.min(coupon_codes.c.code))
        .where(coupon_codes.c.coupon_id == coupons.c.id, coupons.c.kind == "single")
        .correlate(coupons)
        .scalar_subquery()
    )
    rows = await connection.execute(
        select(
            coupons,
            allowances.c.most,
            allowances.c.per_member,
            allowances.c.taken,
            count.label("codes"),
            code.label("code"),
        )
        .join(allowances, allowances.c.id == coupons.c.id)
        .where(coupons.c.promotion_id == promotion_id)
        .order_by(coupons.c.id)
    )
    return list(rows.all())


async def codes_of(
    connection: AsyncConnection, promotion_id: UUID, coupon_id: UUID, after: str, limit: int
) -> list[Any]:
    """Codes in their order, with how often each is taken."""
    rows = await connection.execute(
        select(coupon_codes.c.code, allowances.c.taken, allowances.c.most)
        .join(allowances, allowances.c.id == coupon_codes.c.allowance_id)
        .join(coupons, coupons.c.id == coupon_codes.c.coupon_id)
        .where(
            coupon_codes.c.coupon_id == coupon_id,
            coupons.c.promotion_id == promotion_id,
            coupon_codes.c.code > after,
        )
        .order_by(coupon_codes.c.code)
        .limit(limit)
    )
    return list(rows.all())


async def stop(connection: AsyncConnection, promotion_id: UUID, coupon_id: UUID) -> bool:
    """False: the promotion has no such coupon."""
    result = await connection.execute(
        update(coupons).where(coupons.c.id == coupon_id, coupons.c.promotion_id == promotion_id).values(stopped=True)
    )
    return result.rowcount > 0
