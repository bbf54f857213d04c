"""Questions about many orders, and about who may see one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.domain import CancelStatus, Order, Status
from orders.repository import orders

_ORDER = tables.orders
_CANCEL = tables.order_cancels


@dataclass(frozen=True, slots=True)
class Search:
    """None means any. `before` is the last order of the page above, newest first."""

    mall_id: str | None = None
    status: Status | None = None
    number: str | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    before: UUID | None = None
    limit: int = 50


async def access_token_hash(connection: AsyncConnection, order_id: UUID) -> bytes | None:
    found: bytes | None = await connection.scalar(
        select(_ORDER.c.access_token_hash).where(_ORDER.c.order_id == order_id)
    )
    return found


async def other_order_of_cart(connection: AsyncConnection, cart_id: UUID, order_id: UUID) -> bool:
    """Whether the cart was ordered already by an order that is not cancelled and is not `order_id`."""
    found = await connection.scalar(
        select(_ORDER.c.order_id).where(
            _ORDER.c.cart_id == cart_id, _ORDER.c.status != Status.CANCELLED, _ORDER.c.order_id != order_id
        )
    )
    return found is not None


async def search(connection: AsyncConnection, wanted: Search) -> list[Order]:
    """Ids are UUIDv7, so the newest have the highest."""
    query: Select[Any] = select(_ORDER.c.order_id)
    if wanted.mall_id is not None:
        query = query.where(_ORDER.c.mall_id == wanted.mall_id)
    if wanted.status is not None:
        query = query.where(_ORDER.c.status == wanted.status.value)
    if wanted.number is not None:
        query = query.where(_ORDER.c.number == wanted.number)
    if wanted.placed_from is not None:
        query = query.where(_ORDER.c.placed_at >= wanted.placed_from)
    if wanted.placed_until is not None:
        query = query.where(_ORDER.c.placed_at < wanted.placed_until)
    if wanted.before is not None:
        query = query.where(_ORDER.c.order_id < wanted.before)
    order_ids = (await connection.scalars(query.order_by(_ORDER.c.order_id.desc()).limit(wanted.limit))).all()
    return await orders.find_many(connection, order_ids)


async def unpaid_since(
    connection: AsyncConnection, *, due_before: datetime, account_due_before: datetime, limit: int
) -> list[UUID]:
    """Unpaid orders due before the first moment, or the second where a deposit is awaited. Longest overdue first."""
    rows = await connection.scalars(
        select(_ORDER.c.order_id)
        .where(
            _ORDER.c.status == Status.PENDING_PAYMENT.value,
            or_(
                and_(_ORDER.c.awaited_payment_id.is_(None), _ORDER.c.payment_due_at <= due_before),
                _ORDER.c.payment_due_at <= account_due_before,
            ),
        )
        .order_by(_ORDER.c.payment_due_at)
        .limit(limit)
    )
    return list(rows.all())


async def delivered_since(connection: AsyncConnection, before: datetime, limit: int) -> list[UUID]:
    """Delivered orders whose last parcel arrived before the moment and of which no cancel is open."""
    waiting = exists().where(_CANCEL.c.order_id == _ORDER.c.order_id, _CANCEL.c.status == CancelStatus.REQUESTED.value)
    rows = await connection.scalars(
        select(_ORDER.c.order_id)
        .where(_ORDER.c.status == Status.DELIVERED.value, _ORDER.c.delivered_at <= before, ~waiting)
        .order_by(_ORDER.c.delivered_at)
        .limit(limit)
    )
    return list(rows.all())
