"""Questions about many orders, and about who may see one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.domain import CancelStatus, Order, Status
from orders.repository import orders

_ORDER = tables.orders
_CANCEL = tables.order_cancels
# An order's id is made when its Idempotency-Key first comes, so up to a day before it is placed.
_ID_AGE = timedelta(days=2)
_CLAIM = tables.order_claims


@dataclass(frozen=True, slots=True)
class Search:
    """None means any. `before` is the last order of the page above, newest first."""

    mall_id: str | None = None
    status: Status | None = None
    channel: str | None = None
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
    if wanted.channel is not None:
        query = query.where(_ORDER.c.channel == wanted.channel)
    if wanted.number is not None:
        query = query.where(_ORDER.c.number == wanted.number)
    if wanted.placed_from is not None:
        query = query.where(_ORDER.c.placed_at >= wanted.placed_from)
    if wanted.placed_until is not None:
        query = query.where(_ORDER.c.placed_at < wanted.placed_until)
    if wanted.before is not None:
        query = query.where(_ORDER.c.order_id < wanted.before)
    for bound in await _bounds(connection, wanted):
        query = query.where(bound)
    order_ids = (await connection.scalars(query.order_by(_ORDER.c.order_id.desc()).limit(wanted.limit))).all()
    return await orders.find_many(connection, order_ids)


async def _bounds(connection: AsyncConnection, wanted: Search) -> list[ColumnElement[bool]]:
    """The days as bounds of the ids too, which the list is read along: it need not pass over all newer orders."""
    bounds: list[ColumnElement[bool]] = []
    if wanted.placed_from is not None:
        after = select(_ORDER.c.order_id).where(_ORDER.c.placed_at >= wanted.placed_from)
        oldest = await connection.scalar(after.order_by(_ORDER.c.placed_at).limit(1))
        bounds.append(_ORDER.c.order_id >= _moved(oldest, -_ID_AGE) if oldest else false())
    if wanted.placed_until is not None:
        until = select(_ORDER.c.order_id).where(_ORDER.c.placed_at < wanted.placed_until)
        newest = await connection.scalar(until.order_by(_ORDER.c.placed_at.desc()).limit(1))
        bounds.append(_ORDER.c.order_id <= _moved(newest, _ID_AGE) if newest else false())
    return bounds


def _moved(order_id: UUID, by: timedelta) -> UUID:
    """Ids are UUIDv7: the first 48 bits are milliseconds."""
    return UUID(int=max(0, order_id.int + (int(by.total_seconds() * 1000) << 80)))


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
    """Delivered orders whose last parcel arrived before the moment and of which no cancel and no claim is open."""
    waiting = exists().where(_CANCEL.c.order_id == _ORDER.c.order_id, _CANCEL.c.status == CancelStatus.REQUESTED.value)
    undecided = _CLAIM.c.status.in_(["requested", "approved"]) | (_CLAIM.c.stop_status == "requested")
    claimed = exists().where(_CLAIM.c.order_id == _ORDER.c.order_id, undecided)
    rows = await connection.scalars(
        select(_ORDER.c.order_id)
        .where(_ORDER.c.status == Status.DELIVERED.value, _ORDER.c.delivered_at <= before, ~waiting, ~claimed)
        .order_by(_ORDER.c.delivered_at)
        .limit(limit)
    )
    return list(rows.all())
