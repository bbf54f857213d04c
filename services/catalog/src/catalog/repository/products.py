"""Products as a whole, for staff's changes. What customers read is in `listing`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog import tables
from catalog.domain import search
from catalog.domain.media import Rendition
from catalog.domain.offers import Preorder, Sale
from catalog.domain.product import Picture, Product, Status, Tax, Variant
from catalog.repository import malls
from catalog.repository.body import prepare

# Raise it when bodies or search columns get another form: rows of before are prepared anew by a job.
PREPARED = 3

_PRODUCT = text(
    "SELECT id, mall_id, slug, name, description, currency, category_id, status, published_at, tags, rank,"
    " (SELECT media_url FROM malls m WHERE m.id = mall_id) AS media_url FROM products WHERE id = :id FOR UPDATE"
)
_VARIANTS = text(
    "SELECT id, sku, name, coalesce(regular_price_amount, price_amount) AS regular_price, list_price_amount, tax,"
    " sale_price_amount, sale_starts_at, sale_ends_at, sale_running, preorder_release_at, preorder_limit, options,"
    " CASE WHEN is_set THEN (SELECT jsonb_agg(jsonb_build_array(c.sku, c.quantity) ORDER BY c.sku)"
    "  FROM set_components c WHERE c.set_sku = v.sku) END AS parts"
    " FROM variants v WHERE product_id = :id ORDER BY position"
)
_PICTURES = text(
    "SELECT id, object_key, alt, width, height, renditions, render_problem FROM pictures"
    " WHERE product_id = :id ORDER BY position"
)


async def lock(connection: AsyncConnection, product_id: UUID) -> Product | None:
    """The whole product, locked until the transaction ends."""
    row = (await connection.execute(_PRODUCT, {"id": product_id})).one_or_none()
    if row is None:
        return None
    variants = await connection.execute(_VARIANTS, {"id": product_id})
    pictures = await connection.execute(_PICTURES, {"id": product_id})
    path = await malls.path_to(connection, row.mall_id, row.category_id) if row.category_id else ()
    return Product(
        id=row.id,
        mall_id=row.mall_id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        currency=row.currency,
        variants=tuple(_variant(found) for found in variants),
        categories=path,
        pictures=tuple(_picture(found) for found in pictures),
        status=Status(row.status),
        published_at=row.published_at,
        tags=tuple(row.tags),
        rank=row.rank,
        media_url=row.media_url,
    )


def _picture(row: Any) -> Picture:
    renditions = tuple(Rendition(**each) for each in row.renditions)
    return Picture(row.id, row.object_key, row.alt, row.width, row.height, renditions, row.render_problem)


def _variant(row: Any) -> Variant:
    sale = preorder = None
    if row.sale_price_amount is not None:
        sale = Sale(row.sale_price_amount, row.sale_starts_at, row.sale_ends_at, row.sale_running)
    if row.preorder_limit is not None:
        preorder = Preorder(row.preorder_release_at, row.preorder_limit)
    return Variant(
        id=row.id,
        sku=row.sku,
        name=row.name,
        regular_price=row.regular_price,
        list_price=row.list_price_amount,
        tax=Tax(row.tax),
        sale=sale,
        preorder=preorder,
        options=tuple((name, value) for name, value in row.options),
        parts=tuple((sku, quantity) for sku, quantity in row.parts or ()),
    )


async def product_of_sku(connection: AsyncConnection, sku: str) -> UUID | None:
    found: UUID | None = await connection.scalar(text("SELECT product_id FROM variants WHERE sku = :sku"), {"sku": sku})
    return found


async def insert_product(connection: AsyncConnection, product: Product, now: datetime) -> bool:
    """Writes a new product without its variants. False: the mall has one of this slug already."""
    values = {**_columns(product, now), "version": 1, "created_at": now}
    made = await connection.execute(
        insert(tables.products).values(**values).on_conflict_do_nothing(index_elements=["mall_id", "slug"])
    )
    return made.rowcount == 1


async def insert_variants(connection: AsyncConnection, product: Product, new: Collection[str]) -> list[str]:
    """Writes those variants of a product that are new, except those whose SKU exists: these are returned."""
    rows = [row for row in _variant_rows(product) if row["sku"] in new]
    made = await connection.scalars(
        insert(tables.variants)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["sku"])
        .returning(tables.variants.c.sku)
    )
    there = set(made)
    return [sku for sku in new if sku not in there]


async def save(connection: AsyncConnection, product: Product, now: datetime) -> None:
    """Writes a locked product and what is prepared for its readers."""
    await connection.execute(
        tables.products.update()
        .where(tables.products.c.id == product.id)
        .values(**_columns(product, now), version=tables.products.c.version + 1)
    )
    await _save_variants(connection, product)
    if product.pictures:
        await _save_pictures(connection, product, now)


def _columns(product: Product, now: datetime | None) -> dict[str, object]:
    indexed = search.index(product.name, *(variant.name or "" for variant in product.variants), *product.tags)
    return {
        "id": product.id,
        "mall_id": product.mall_id,
        "slug": product.slug,
        "name": product.name,
        "description": product.description,
        "currency": product.currency,
        "category_id": product.category_path[-1] if product.category_path else None,
        "category_path": list(product.category_path),
        "status": product.status,
        "published_at": product.published_at,
        "tags": list(product.tags),
        "rank": product.rank,
        "lowest_price_amount": product.lowest_price,
        "search_text": indexed.text,
        "grams": list(indexed.grams),
        "learned": False,
        "body": prepare(product),
        "prepared": PREPARED,
        "updated_at": now,
    }


async def _save_variants(connection: AsyncConnection, product: Product) -> None:
    statement = insert(tables.variants)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in _CHANGEABLE},
        ),
        _variant_rows(product),
    )


_CHANGEABLE = (
    "name",
    "price_amount",
    "list_price_amount",
    "tax",
    "regular_price_amount",
    "sale_price_amount",
    "sale_starts_at",
    "sale_ends_at",
    "sale_running",
    "preorder_release_at",
    "preorder_limit",
    "turns_at",
)


def _variant_rows(product: Product) -> list[dict[str, object]]:
    return [
        {
            "id": variant.id,
            "sku": variant.sku,
            "product_id": product.id,
            "mall_id": product.mall_id,
            "name": variant.name,
            "price_amount": variant.price,
            "list_price_amount": variant.list_price,
            "currency": product.currency,
            "tax": variant.tax,
            "position": position,
            "options": [list(option) for option in variant.options],
            "is_set": bool(variant.parts),
            **_offers(variant.sale, variant.preorder),
            "regular_price_amount": variant.regular_price,
        }
        for position, variant in enumerate(product.variants)
    ]


def _offers(sale: Sale | None, preorder: Preorder | None) -> dict[str, object]:
    moments = [sale.turns_at if sale else None, preorder.release_at if preorder else None]
    return {
        "sale_price_amount": sale and sale.price,
        "sale_starts_at": sale and sale.starts_at,
        "sale_ends_at": sale and sale.ends_at,
        "sale_running": sale is not None and sale.running,
        "preorder_release_at": preorder and preorder.release_at,
        "preorder_limit": preorder and preorder.limit,
        "turns_at": min((moment for moment in moments if moment is not None), default=None),
    }


async def turning(connection: AsyncConnection, now: datetime, limit: int) -> list[UUID]:
    """Products of which an offer has its moment, longest ago first."""
    rows = await connection.scalars(
        text(
            "SELECT product_id FROM variants WHERE turns_at <= :now GROUP BY product_id"
            " ORDER BY min(turns_at), product_id LIMIT :limit"
        ),
        {"now": now, "limit": limit},
    )
    return list(rows)


async def unprepared(connection: AsyncConnection, limit: int) -> list[UUID]:
    """Products whose bodies have the form of an older version."""
    rows = await connection.scalars(
        text("SELECT id FROM products WHERE prepared < :prepared ORDER BY prepared, id LIMIT :limit"),
        {"prepared": PREPARED, "limit": limit},
    )
    return list(rows)


async def prepare_anew(connection: AsyncConnection, product: Product) -> None:
    """Writes what is prepared for readers of a locked product. Nothing about it has changed."""
    columns = _columns(product, None)
    fresh = {name: columns[name] for name in ("search_text", "grams", "learned", "body", "prepared")}
    await connection.execute(tables.products.update().where(tables.products.c.id == product.id).values(**fresh))


async def arrange_pictures(connection: AsyncConnection, product: Product) -> None:
    """Forgets pictures that the locked product has no more, and puts the others in their order."""
    ids = [picture.id for picture in product.pictures]
    where = {"id": product.id, "ids": ids}
    await connection.execute(
        text("DELETE FROM pictures WHERE product_id = :id AND NOT id = ANY(CAST(:ids AS uuid[]))"), where
    )
    # Places are unique at every moment: all step aside first.
    await connection.execute(text("UPDATE pictures SET position = -1 - position WHERE product_id = :id"), where)
    await connection.execute(
        text("UPDATE pictures SET position = array_position(CAST(:ids AS uuid[]), id) - 1 WHERE product_id = :id"),
        where,
    )


async def _save_pictures(connection: AsyncConnection, product: Product, now: datetime) -> None:
    statement = insert(tables.pictures)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in ("width", "height", "renditions", "rendered_at")},
            where=tables.pictures.c.rendered_at.is_(None),
        ),
        [
            {
                "id": picture.id,
                "product_id": product.id,
                "object_key": picture.key,
                "alt": picture.alt,
                "position": position,
                "width": picture.width,
                "height": picture.height,
                "renditions": [asdict(each) for each in picture.renditions],
                "rendered_at": now if picture.renditions else None,
            }
            for position, picture in enumerate(product.pictures)
        ],
    )
