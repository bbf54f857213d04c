"""What sets are made of, and what was told about them."""

# ruff: noqa: S608 - only constants of this file are put into texts; what callers send is bound
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.domain.product import Product
from catalog.domain.stock import Level

_LEVELS = (
    "SELECT s.sku, s.mall_id, s.told_on_hand, s.told_available,"
    " greatest(0, min(floor(t.on_hand::numeric / c.quantity)))::bigint AS on_hand,"
    " greatest(0, min(floor((t.on_hand - t.reserved + CASE WHEN t.preorder_open THEN t.preorder_limit ELSE 0 END)"
    "  ::numeric / c.quantity)))::bigint AS available"
    " FROM sets s JOIN set_components c ON c.set_sku = s.sku JOIN stock t ON t.sku = c.sku"
)
_UNTOLD = text(
    f"SELECT * FROM ({_LEVELS} GROUP BY s.sku) s WHERE told_on_hand IS DISTINCT FROM on_hand"
    " OR (told_available > 0) IS DISTINCT FROM (available > 0) ORDER BY sku LIMIT :limit"
)
_OF = text(f"{_LEVELS} WHERE s.sku = ANY(CAST(:skus AS text[])) GROUP BY s.sku")
_TELL = text(
    "UPDATE sets SET told_on_hand = :on_hand, told_available = :available WHERE sku = :sku"
    " AND told_on_hand IS NOT DISTINCT FROM CAST(:old_on_hand AS bigint)"
    " AND told_available IS NOT DISTINCT FROM CAST(:old_available AS bigint)"
)
_PARTS = text(
    "SELECT c.set_sku, c.sku, c.quantity, p.name AS product_name, v.name AS variant_name FROM set_components c"
    " JOIN variants v ON v.sku = c.sku JOIN products p ON p.id = v.product_id"
    " WHERE c.set_sku = ANY(CAST(:skus AS text[])) ORDER BY c.set_sku, c.sku"
)


@dataclass(frozen=True, slots=True)
class PartOf:
    """`quantity` units of a SKU are in one `set_sku`."""

    set_sku: str
    sku: str
    quantity: int
    product_name: str
    variant_name: str | None


@dataclass(frozen=True, slots=True)
class SetLevel:
    """How many sets can be put together, and what others were told last; None: nothing yet."""

    level: Level
    told: Level | None


async def sets_among(connection: AsyncConnection, skus: Iterable[str]) -> list[str]:
    """Which of the SKUs are sets, sorted."""
    rows = await connection.scalars(
        text("SELECT sku FROM sets WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku"), {"skus": list(skus)}
    )
    return list(rows)


async def parts_of(connection: AsyncConnection, skus: Iterable[str]) -> list[PartOf]:
    """By set and part, of those of the SKUs that are sets, on sale or not."""
    rows = await connection.execute(_PARTS, {"skus": list(skus)})
    return [PartOf(**row) for row in rows.mappings()]


async def unfit_parts(connection: AsyncConnection, skus: Iterable[str]) -> list[str]:
    """Which of the SKUs can be no part of a set: they do not exist, or are sets."""
    rows = await connection.scalars(
        text(
            "SELECT wanted.sku FROM unnest(CAST(:skus AS text[])) AS wanted(sku)"
            " LEFT JOIN variants v ON v.sku = wanted.sku WHERE v.sku IS NULL OR v.is_set ORDER BY 1"
        ),
        {"skus": list(skus)},
    )
    return list(rows)


async def wrongly_tax_free(connection: AsyncConnection, skus: Iterable[str]) -> list[str]:
    """Of the sets that these SKUs are or are in: those that are tax-free though no part of them is."""
    rows = await connection.scalars(
        text(
            "SELECT v.sku FROM variants v WHERE v.tax = 'tax_free' AND v.sku IN (SELECT set_sku FROM set_components"
            "  WHERE set_sku = ANY(CAST(:skus AS text[])) OR sku = ANY(CAST(:skus AS text[])))"
            " AND NOT EXISTS (SELECT 1 FROM set_components c JOIN variants p ON p.sku = c.sku"
            "  WHERE c.set_sku = v.sku AND p.tax = 'tax_free') ORDER BY v.sku"
        ),
        {"skus": list(skus)},
    )
    return list(rows)


async def insert(connection: AsyncConnection, product: Product) -> None:
    """Writes what the product's new variants are made of. Their counters and those of their parts exist."""
    made = [variant for variant in product.variants if variant.parts]
    if not made:
        return
    await connection.execute(
        text("INSERT INTO sets (sku, mall_id) SELECT unnest(CAST(:skus AS text[])), :mall_id ON CONFLICT DO NOTHING"),
        {"skus": [variant.sku for variant in made], "mall_id": product.mall_id},
    )
    await connection.execute(
        text(
            "INSERT INTO set_components (set_sku, sku, mall_id, quantity)"
            " VALUES (:set_sku, :sku, :mall_id, :quantity) ON CONFLICT DO NOTHING"
        ),
        [
            {"set_sku": variant.sku, "sku": sku, "mall_id": product.mall_id, "quantity": quantity}
            for variant in made
            for sku, quantity in variant.parts
        ],
    )


def _set_level(row: Any) -> SetLevel:
    def level(on_hand: int, available: int) -> Level:
        reserved, preorder = max(0, on_hand - available), max(0, available - on_hand)
        return Level(row.sku, row.mall_id, on_hand, reserved, 0, preorder)

    told = None if row.told_on_hand is None else level(row.told_on_hand, row.told_available)
    return SetLevel(level(row.on_hand, row.available), told)


async def levels(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, SetLevel]:
    """How many can be put together of those SKUs that are sets."""
    rows = await connection.execute(_OF, {"skus": list(skus)})
    return {row.sku: _set_level(row) for row in rows}


async def untold(connection: AsyncConnection, limit: int) -> list[SetLevel]:
    """Sets whose units others know wrongly, by the rule by which changes of a SKU are told."""
    return [_set_level(row) for row in await connection.execute(_UNTOLD, {"limit": limit})]


async def mark_told(connection: AsyncConnection, found: SetLevel) -> bool:
    """False: somebody told something else meanwhile."""
    told = found.told
    done = await connection.execute(
        _TELL,
        {
            "sku": found.level.sku,
            "on_hand": found.level.on_hand,
            "available": found.level.available,
            "old_on_hand": told and told.on_hand,
            "old_available": told and told.available,
        },
    )
    return done.rowcount == 1
