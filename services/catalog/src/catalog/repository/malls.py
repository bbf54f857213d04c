"""Malls and their categories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog import tables
from catalog.domain.product import Category, Mall

_MALL = select(
    tables.malls.c.id,
    tables.malls.c.name,
    tables.malls.c.currency,
    tables.malls.c.storefront_url,
    tables.malls.c.support_email,
    tables.malls.c.support_phone,
    tables.malls.c.media_url,
)
_PATH = text(
    "SELECT mall_id, id, name, path, position FROM categories WHERE mall_id = :mall_id AND id = ANY("
    " SELECT unnest(path) FROM categories WHERE mall_id = :mall_id AND id = :id) ORDER BY cardinality(path)"
)
_ALL = text(
    "SELECT mall_id, id, name, path, position FROM categories WHERE mall_id = :mall_id"
    " ORDER BY cardinality(path), position, id"
)


def _category(row: Any) -> Category:
    return Category(row.mall_id, row.id, row.name, tuple(row.path), row.position)


async def insert_mall(connection: AsyncConnection, mall: Mall, now: datetime) -> bool:
    """False: there is a mall of this id already."""
    made = await connection.execute(
        insert(tables.malls)
        .values(
            id=mall.id,
            name=mall.name,
            currency=mall.currency,
            storefront_url=mall.storefront_url,
            support_email=mall.support_email,
            support_phone=mall.support_phone,
            media_url=mall.media_url,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
    )
    return made.rowcount == 1


async def read_mall(connection: AsyncConnection, mall_id: str, *, lock: bool = False) -> Mall | None:
    query = _MALL.where(tables.malls.c.id == mall_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else Mall(*row)


async def save_mall(connection: AsyncConnection, mall: Mall, now: datetime) -> None:
    await connection.execute(
        tables.malls.update()
        .where(tables.malls.c.id == mall.id)
        .values(
            name=mall.name,
            storefront_url=mall.storefront_url,
            support_email=mall.support_email,
            support_phone=mall.support_phone,
            media_url=mall.media_url,
            updated_at=now,
        )
    )


async def insert_category(connection: AsyncConnection, category: Category) -> bool:
    """False: the mall has a category of this id already."""
    made = await connection.execute(
        insert(tables.categories)
        .values(
            mall_id=category.mall_id,
            id=category.id,
            name=category.name,
            parent_id=category.path[-2] if len(category.path) > 1 else None,
            path=list(category.path),
            position=category.position,
        )
        .on_conflict_do_nothing()
    )
    return made.rowcount == 1


async def path_to(connection: AsyncConnection, mall_id: str, category_id: str) -> tuple[Category, ...]:
    """The categories from the top down to this one; empty when the mall does not have it."""
    rows = await connection.execute(_PATH, {"mall_id": mall_id, "id": category_id})
    return tuple(_category(row) for row in rows)


async def categories(connection: AsyncConnection, mall_id: str) -> list[Category]:
    """All categories of a mall, parents before children."""
    rows = await connection.execute(_ALL, {"mall_id": mall_id})
    return [_category(row) for row in rows]
