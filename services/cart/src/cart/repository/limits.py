"""Limits on how much of a product may be bought."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import SetPurchaseLimit
from cart.tables import products, purchase_limits


async def mall_of(connection: AsyncConnection, product_id: UUID) -> str | None:
    """The mall that sells the product; None when nobody knows it."""
    found: str | None = await connection.scalar(select(products.c.mall_id).where(products.c.product_id == product_id))
    return found


async def put(connection: AsyncConnection, command: SetPurchaseLimit, mall_id: str, now: datetime) -> None:
    values = {
        "mall_id": mall_id,
        "max_per_order": command.per_order,
        "max_per_member": command.per_member,
        "set_by": command.set_by,
        "set_at": now,
    }
    await connection.execute(
        insert(purchase_limits)
        .values(product_id=command.product_id, allowance_id=command.product_id, **values)
        .on_conflict_do_update(index_elements=["product_id"], set_=values)
    )


async def drop(connection: AsyncConnection, product_id: UUID) -> bool:
    """False: there was none. What members have bought stays counted."""
    result = await connection.execute(delete(purchase_limits).where(purchase_limits.c.product_id == product_id))
    return result.rowcount > 0


async def of_mall(connection: AsyncConnection, mall_id: str, after: UUID | None, limit: int) -> list[Any]:
    query = select(purchase_limits).where(purchase_limits.c.mall_id == mall_id)
    if after is not None:
        query = query.where(purchase_limits.c.product_id > after)
    return list((await connection.execute(query.order_by(purchase_limits.c.product_id).limit(limit))).all())
