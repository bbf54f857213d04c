"""Goods received and goods counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.commands import RecordCount


async def claim_receipt(
    connection: AsyncConnection, receipt_id: UUID, reference: str, items: Mapping[str, int], now: datetime
) -> dict[str, int] | None:
    """Writes the receipt. If its reference was used before: the items it was used for."""
    fresh = await connection.scalar(
        text(
            "INSERT INTO stock_receipts (id, reference, items, received_at)"
            " SELECT :id, :reference, jsonb_object_agg(i.sku, i.units), :now"
            " FROM unnest(CAST(:skus AS text[]), CAST(:units AS bigint[])) AS i(sku, units)"
            " ON CONFLICT (reference) DO NOTHING RETURNING id"
        ),
        {"id": receipt_id, "reference": reference, "skus": list(items), "units": list(items.values()), "now": now},
    )
    if fresh is not None:
        return None
    found: dict[str, int] = await connection.scalar(
        text("SELECT items FROM stock_receipts WHERE reference = :reference"), {"reference": reference}
    )
    return found


async def record_count(connection: AsyncConnection, command: RecordCount, on_hand_then: int) -> None:
    """Keeps a count beside what the books said then. The same count again changes nothing."""
    await connection.execute(
        text(
            "INSERT INTO stock_counts (count_id, sku, centre, counted, counted_at, on_hand_then, status)"
            " VALUES (:count_id, :sku, :centre, :counted, :counted_at, :on_hand_then, 'open')"
            " ON CONFLICT (count_id, sku) DO NOTHING"
        ),
        {
            "count_id": command.count_id,
            "sku": command.sku,
            "centre": command.centre,
            "counted": command.counted,
            "counted_at": command.counted_at,
            "on_hand_then": on_hand_then,
        },
    )


async def lock_count(connection: AsyncConnection, count_id: UUID, sku: str) -> RowMapping | None:
    rows = await connection.execute(
        text("SELECT * FROM stock_counts WHERE count_id = :count_id AND sku = :sku FOR UPDATE"),
        {"count_id": count_id, "sku": sku},
    )
    return rows.mappings().one_or_none()


async def later_one_applied(connection: AsyncConnection, sku: str, counted_at: datetime) -> bool:
    """Whether a later count of the SKU has corrected its stock."""
    return bool(
        await connection.scalar(
            text(
                "SELECT EXISTS (SELECT 1 FROM stock_counts"
                " WHERE sku = :sku AND status = 'applied' AND counted_at > :counted_at)"
            ),
            {"sku": sku, "counted_at": counted_at},
        )
    )


async def save_applied(connection: AsyncConnection, count_id: UUID, sku: str, **applied: Any) -> None:
    await connection.execute(
        text(
            "UPDATE stock_counts SET status = 'applied', sold_not_shipped = :sold_not_shipped,"
            " applied_difference = :difference, applied_by = :staff, applied_at = :now"
            " WHERE count_id = :count_id AND sku = :sku"
        ),
        {"count_id": count_id, "sku": sku, **applied},
    )


async def open_counts(
    connection: AsyncConnection, after: tuple[datetime, UUID, str] | None, limit: int
) -> list[RowMapping]:
    """Counts nobody has decided about, oldest first."""
    at, count_id, sku = after or (None, None, None)
    rows = await connection.execute(
        text(
            "SELECT * FROM stock_counts WHERE status = 'open' AND (CAST(:at AS timestamptz) IS NULL"
            " OR (counted_at, count_id, sku) > (:at, CAST(:count_id AS uuid), CAST(:sku AS text)))"
            " ORDER BY counted_at, count_id, sku LIMIT :limit"
        ),
        {"at": at, "count_id": count_id, "sku": sku, "limit": limit},
    )
    return list(rows.mappings())
