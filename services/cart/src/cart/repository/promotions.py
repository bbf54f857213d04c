"""Promotions, and the offers they are for one cart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.domain.promotions.allowances import State
from cart.domain.promotions.model import (
    KINDS,
    Benefit,
    Offer,
    Promotion,
    Scope,
    Stacking,
    Status,
    Step,
    kind_of,
)
from cart.tables import allowance_uses, allowances, promotions


async def active(connection: AsyncConnection, mall_id: str, cart_id: UUID, now: datetime) -> tuple[Offer, ...]:
    """What every cart of the mall is offered now, in one query. What this cart's own orders hold is left to it."""
    rows = await connection.execute(
        select(promotions, allowances.c.most, (allowances.c.taken - own_held(cart_id, allowances.c.id)).label("taken"))
        .outerjoin(allowances, allowances.c.id == promotions.c.id)
        .where(
            promotions.c.mall_id == mall_id,
            promotions.c.status == Status.ACTIVE,
            ~promotions.c.needs_coupon,
            promotions.c.valid_from <= now,
            or_(promotions.c.valid_to.is_(None), promotions.c.valid_to > now),
        )
    )
    return tuple(Offer(promotion_of(row), left(row.most, row.taken)) for row in rows)


def own_held(cart_id: UUID, allowance_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """Units of the row's allowance that orders of this cart hold."""
    return (
        select(func.coalesce(func.sum(allowance_uses.c.units), 0))
        .where(
            allowance_uses.c.allowance_id == allowance_id,
            allowance_uses.c.cart_id == cart_id,
            allowance_uses.c.state == State.HELD,
        )
        .scalar_subquery()
    )


def left(most: int | None, taken: int | None) -> int | None:
    return None if most is None else max(0, most - (taken or 0))


async def find(connection: AsyncConnection, promotion_id: UUID) -> tuple[Promotion, int] | None:
    """The promotion and how many of its gifts are taken."""
    return await _one(connection, promotion_id, lock=False)


async def lock(connection: AsyncConnection, promotion_id: UUID) -> tuple[Promotion, int] | None:
    return await _one(connection, promotion_id, lock=True)


async def _one(connection: AsyncConnection, promotion_id: UUID, *, lock: bool) -> tuple[Promotion, int] | None:
    query = _with_gifts().where(promotions.c.id == promotion_id)
    row = (await connection.execute(query.with_for_update(of=promotions) if lock else query)).one_or_none()
    return None if row is None else (promotion_of(row), row.taken or 0)


async def of_mall(
    connection: AsyncConnection, mall_id: str, status: Status | None, after: UUID | None, limit: int
) -> list[tuple[Promotion, int]]:
    """The mall's promotions, oldest first, from the one after `after` on."""
    wanted = [promotions.c.mall_id == mall_id]
    if status is not None:
        wanted.append(promotions.c.status == status)
    if after is not None:
        wanted.append(promotions.c.id > after)
    rows = await connection.execute(_with_gifts().where(and_(*wanted)).order_by(promotions.c.id).limit(limit))
    return [(promotion_of(row), row.taken or 0) for row in rows]


def _with_gifts() -> Any:
    return select(promotions, allowances.c.taken).outerjoin(allowances, allowances.c.id == promotions.c.id)


async def put(connection: AsyncConnection, promotion: Promotion, set_by: str, now: datetime) -> None:
    values = {
        "mall_id": promotion.mall_id,
        "label": promotion.label,
        "currency": promotion.currency,
        "status": promotion.status,
        "needs_coupon": promotion.needs_coupon,
        "priority": promotion.priority,
        "stacking": promotion.stacking,
        "kind": kind_of(promotion.benefit),
        "rule": _document(promotion),
        "valid_from": promotion.valid_from or now,
        "valid_to": promotion.valid_to,
        "version": promotion.version,
        "set_by": set_by,
        "set_at": now,
    }
    await connection.execute(
        insert(promotions).values(id=promotion.id, **values).on_conflict_do_update(index_elements=["id"], set_=values)
    )


def _document(promotion: Promotion) -> dict[str, Any]:
    return {
        "benefit": asdict(promotion.benefit),
        "scope": asdict(promotion.scope),
        "min_amount": promotion.min_amount,
        "min_quantity": promotion.min_quantity,
        "channels": promotion.channels,
        "tiers": promotion.tiers,
        "members_only": promotion.members_only,
        "gift_stock": promotion.gift_stock,
    }


def promotion_of(row: Row[Any]) -> Promotion:
    rule = row.rule
    return Promotion(
        id=row.id,
        mall_id=row.mall_id,
        label=row.label,
        currency=row.currency,
        benefit=_benefit(row.kind, rule["benefit"]),
        status=Status(row.status),
        priority=row.priority,
        stacking=Stacking(row.stacking),
        scope=Scope(**{name: tuple(named) for name, named in rule["scope"].items()}),
        min_amount=rule["min_amount"],
        min_quantity=rule["min_quantity"],
        channels=tuple(rule["channels"]),
        tiers=tuple(rule["tiers"]),
        members_only=rule["members_only"],
        needs_coupon=row.needs_coupon,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        gift_stock=rule["gift_stock"],
        version=row.version,
    )


def _benefit(kind: str, stored: dict[str, Any]) -> Benefit:
    if kind == "quantity_steps":
        steps: Sequence[dict[str, Any]] = stored["steps"]
        return KINDS[kind](**{**stored, "steps": tuple(Step(**step) for step in steps)})
    return KINDS[kind](**stored)
