"""The copy of the catalogue: the last event of a key wins.

Events of one key come in their order, so the one being handled is the newest. The exception is a dead letter that
somebody replays after newer events were handled: it is known by its age and changes nothing. Times alone cannot decide:
an event's time is when its transaction began, and of two that wait for one lock the later may have begun first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, and_, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import RecordedVariant, RecordMall, RecordPrice, RecordProduct, RecordStock
from cart.domain.catalogue import Inside, Item, PurchaseLimit
from cart.tables import malls, products, purchase_limits, stock, variants

# Longer than any transaction may last.
_LATE = timedelta(minutes=5)


async def currency_of(connection: AsyncConnection, mall_id: str) -> str | None:
    """The mall's currency; None when the mall is not known."""
    found: str | None = await connection.scalar(select(malls.c.currency).where(malls.c.mall_id == mall_id))
    return found


async def items(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, Item]:
    """What is known of the SKUs, in one query; with sets among them, in two."""
    wanted = sorted(set(skus))
    if not wanted:
        return {}
    found = await connection.execute(
        select(
            variants.c.sku,
            products.c.mall_id,
            products.c.product_id,
            products.c.name.label("product_name"),
            variants.c.name.label("variant_name"),
            products.c.category_ids,
            products.c.image_url,
            variants.c.price.label("unit_price"),
            products.c.currency,
            variants.c.tax,
            and_(variants.c.on_sale, products.c.on_sale).label("on_sale"),
            stock.c.available,
            variants.c.parts,
            purchase_limits.c.allowance_id,
            purchase_limits.c.max_per_order,
            purchase_limits.c.max_per_member,
        )
        .join(products, products.c.product_id == variants.c.product_id)
        .outerjoin(stock, stock.c.sku == variants.c.sku)
        .outerjoin(purchase_limits, purchase_limits.c.product_id == products.c.product_id)
        .where(variants.c.sku.in_(wanted))
    )
    rows = list(found)
    parts = await _products_of(connection, {sku for row in rows for sku, _ in row.parts})
    return {
        row.sku: Item(
            sku=row.sku,
            mall_id=row.mall_id,
            product_id=row.product_id,
            product_name=row.product_name,
            variant_name=row.variant_name,
            category_ids=tuple(row.category_ids),
            image_url=row.image_url,
            unit_price=row.unit_price,
            currency=row.currency,
            tax_free=row.tax == "tax_free",
            on_sale=row.on_sale,
            sold_out=row.available is not None and row.available <= 0,
            limit=_limit(row),
            inside=_inside(row.parts, parts),
        )
        for row in rows
    }


async def _products_of(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, Inside]:
    """The product of each SKU that is known, one unit of it. No parts: no query."""
    wanted = sorted(skus)
    if not wanted:
        return {}
    rows = await connection.execute(
        select(
            variants.c.sku,
            variants.c.product_id,
            purchase_limits.c.allowance_id,
            purchase_limits.c.max_per_order,
            purchase_limits.c.max_per_member,
        )
        .outerjoin(purchase_limits, purchase_limits.c.product_id == variants.c.product_id)
        .where(variants.c.sku.in_(wanted))
    )
    return {row.sku: Inside(row.product_id, 1, _limit(row)) for row in rows}


def _inside(parts: Iterable[tuple[str, int]], known: Mapping[str, Inside]) -> tuple[Inside, ...]:
    """Units by product. A part that was never on sale is not known here, and has no limit."""
    found: dict[UUID, Inside] = {}
    for sku, quantity in parts:
        if (one := known.get(sku)) is not None:
            so_far = found[one.product_id].quantity if one.product_id in found else 0
            found[one.product_id] = replace(one, quantity=so_far + quantity)
    return tuple(found.values())


def _limit(row: Any) -> PurchaseLimit | None:
    return row.allowance_id and PurchaseLimit(row.allowance_id, row.max_per_order, row.max_per_member)


async def record_mall(connection: AsyncConnection, command: RecordMall) -> None:
    values = {"name": command.name, "currency": command.currency, "changed_at": command.changed_at}
    await _put(connection, malls, {"mall_id": command.mall_id}, values)


async def record_product(connection: AsyncConnection, command: RecordProduct) -> None:
    """The event names every variant of the product: one that it does not name is not sold any more."""
    values = {
        "mall_id": command.mall_id,
        "name": command.name,
        "currency": command.currency,
        "on_sale": command.on_sale,
        "category_ids": list(command.category_ids),
        "image_url": command.image_url,
        "changed_at": command.changed_at,
    }
    if not await _put(connection, products, {"product_id": command.product_id}, values):
        return
    for variant in sorted(command.variants, key=lambda variant: variant.sku):
        await _put_variant(connection, command, variant)
    await connection.execute(
        update(variants)
        .where(
            variants.c.product_id == command.product_id,
            variants.c.sku.not_in([variant.sku for variant in command.variants]),
        )
        .values(on_sale=False, changed_at=command.changed_at)
    )


async def _put_variant(connection: AsyncConnection, product: RecordProduct, variant: RecordedVariant) -> None:
    """A SKU that another product sells stays there, unless this event is the newer one: keys have no common order."""
    free = or_(variants.c.product_id == product.product_id, ~variants.c.on_sale)
    values = {
        "product_id": product.product_id,
        "variant_id": variant.variant_id,
        "name": variant.name,
        "price": variant.price,
        "tax": "tax_free" if variant.tax_free else "taxable",
        "on_sale": True,
        "changed_at": product.changed_at,
        "parts": [list(part) for part in variant.parts],
    }
    statement = insert(variants).values(sku=variant.sku, **values)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["sku"],
            set_={name: statement.excluded[name] for name in values},
            where=or_(free, variants.c.changed_at <= product.changed_at),
        )
    )


async def record_price(connection: AsyncConnection, command: RecordPrice) -> None:
    """Of a SKU that is not known yet nothing is kept: the product's own event brings the price too."""
    await connection.execute(
        update(variants)
        .where(
            variants.c.sku == command.sku,
            variants.c.product_id == command.product_id,
            variants.c.changed_at <= command.changed_at + _LATE,
        )
        .values(price=command.price)
    )


async def record_stock(connection: AsyncConnection, command: RecordStock) -> None:
    values = {"available": command.available, "changed_at": command.changed_at}
    await _put(connection, stock, {"sku": command.sku}, values)


async def _put(connection: AsyncConnection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> bool:
    """Inserts the row, or replaces one that is not much newer. False: the event came too late to count."""
    statement = insert(table).values(**key, **values)
    written = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(key),
            set_={name: statement.excluded[name] for name in values},
            where=table.c.changed_at <= statement.excluded.changed_at + _LATE,
        ).returning(literal(1))
    )
    return written.first() is not None
