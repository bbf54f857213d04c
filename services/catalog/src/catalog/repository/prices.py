"""What every SKU has cost, and who decided it. Only added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.domain.product import Product, Variant


async def note(
    connection: AsyncConnection, before: Product | None, after: Product, staff: str | None, now: datetime
) -> None:
    """Adds the prices that are not what they were. `staff` None: time did it."""
    old = {variant.sku: variant for variant in before.variants} if before else {}
    rows: list[dict[str, object]] = []
    for variant in after.variants:
        known = old.get(variant.sku)
        if known is not None and (known.price, known.crossed_out) == (variant.price, variant.crossed_out):
            continue
        rows.append(
            {
                "sku": variant.sku,
                "price": variant.price,
                "list_price": variant.crossed_out,
                "currency": after.currency,
                "reason": _reason(known, variant),
                "staff": staff,
                "now": now,
            }
        )
    if rows:
        await connection.execute(
            text(
                "INSERT INTO price_history (sku, price_amount, list_price_amount, currency, reason, staff, at)"
                " VALUES (:sku, :price, :list_price, :currency, :reason, :staff, :now)"
            ),
            rows,
        )


def _reason(before: Variant | None, after: Variant) -> str:
    if before is None:
        return "added"
    ran = before.sale is not None and before.sale.running
    runs = after.sale is not None and after.sale.running
    if ran == runs:
        return "changed"
    return "sale_started" if runs else "sale_ended"


async def history(connection: AsyncConnection, sku: str, before: int | None, limit: int) -> Sequence[RowMapping]:
    """The prices of a SKU, latest first."""
    rows = await connection.execute(
        text(
            "SELECT id, price_amount, list_price_amount, currency, reason, staff, at FROM price_history"
            " WHERE sku = :sku AND (CAST(:before AS bigint) IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit"
        ),
        {"sku": sku, "before": before, "limit": limit},
    )
    return rows.mappings().all()
