"""Products as a whole, for staff's changes. What customers read is in `listing`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog import tables
from catalog.domain import search
from catalog.domain.product import Picture, Product, Status, Tax, Variant
from catalog.repository import malls
from catalog.repository.body import prepare

_PRODUCT = text(
    "SELECT id, mall_id, slug, name, description, currency, category_id, status, published_at"
    " FROM products WHERE id = :id FOR UPDATE"
)
_VARIANTS = text(
    "SELECT id, sku, name, price_amount, list_price_amount, tax FROM variants WHERE product_id = :id ORDER BY position"
)
_PICTURES = text("SELECT id, object_key, alt FROM pictures WHERE product_id = :id ORDER BY position")


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
        variants=tuple(Variant(v.id, v.sku, v.name, v.price_amount, v.list_price_amount, Tax(v.tax)) for v in variants),
        categories=path,
        pictures=tuple(Picture(p.id, p.object_key, p.alt) for p in pictures),
        status=Status(row.status),
        published_at=row.published_at,
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


async def insert_variants(connection: AsyncConnection, product: Product) -> list[str]:
    """Writes a new product's variants, except those whose SKU exists: these are returned."""
    made = await connection.scalars(
        insert(tables.variants)
        .values(_variant_rows(product))
        .on_conflict_do_nothing(index_elements=["sku"])
        .returning(tables.variants.c.sku)
    )
    new = set(made)
    return [variant.sku for variant in product.variants if variant.sku not in new]


async def save(connection: AsyncConnection, product: Product, now: datetime) -> None:
    """Writes a locked product and what is prepared for its readers."""
    await connection.execute(
        tables.products.update()
        .where(tables.products.c.id == product.id)
        .values(**_columns(product, now), version=tables.products.c.version + 1)
    )
    await _save_variants(connection, product)
    if product.pictures:
        await _save_pictures(connection, product)


def _columns(product: Product, now: datetime) -> dict[str, object]:
    boiled = search.boil_down(" ".join([product.name, *(variant.name or "" for variant in product.variants)]))
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
        "lowest_price_amount": product.lowest_price,
        "search_text": boiled,
        "grams": list(search.grams(boiled)),
        "body": prepare(product),
        "updated_at": now,
    }


async def _save_variants(connection: AsyncConnection, product: Product) -> None:
    statement = insert(tables.variants)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in ("name", "price_amount", "list_price_amount", "tax")},
        ),
        _variant_rows(product),
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
        }
        for position, variant in enumerate(product.variants)
    ]


async def _save_pictures(connection: AsyncConnection, product: Product) -> None:
    await connection.execute(
        insert(tables.pictures).on_conflict_do_nothing(index_elements=["id"]),
        [
            {
                "id": picture.id,
                "product_id": product.id,
                "object_key": picture.key,
                "alt": picture.alt,
                "position": position,
            }
            for position, picture in enumerate(product.pictures)
        ],
    )
