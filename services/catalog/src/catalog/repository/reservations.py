"""Reservations and their lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.domain.reservation import Line, Reservation, Status
from catalog.domain.sets import Recipes

_READ = text(
    "SELECT r.mall_id, r.status, r.expires_at, r.over, r.cancel_ids, l.skus, l.quantities, l.returned,"
    " (SELECT jsonb_agg(jsonb_build_array(c.set_sku, c.sku, c.quantity)) FROM reservation_lines m"
    "  JOIN set_components c ON c.set_sku = m.sku WHERE m.order_id = r.order_id) AS parts"
    " FROM reservations r, LATERAL ("
    "  SELECT array_agg(sku ORDER BY sku) AS skus, array_agg(quantity ORDER BY sku) AS quantities,"
    "  array_agg(returned ORDER BY sku) AS returned FROM reservation_lines WHERE order_id = r.order_id) l"
    " WHERE r.order_id = :order_id"
)
_SAVE = text(
    "INSERT INTO reservations (order_id, mall_id, status, expires_at, over, cancel_ids, created_at, changed_at)"
    " VALUES (:order_id, :mall_id, :status, :expires_at, :over, CAST(:cancel_ids AS uuid[]), :now, :now)"
    " ON CONFLICT (order_id) DO UPDATE SET mall_id = excluded.mall_id, status = excluded.status,"
    " expires_at = excluded.expires_at, over = excluded.over, cancel_ids = excluded.cancel_ids,"
    " changed_at = excluded.changed_at"
)
_SAVE_LINES = text(
    "INSERT INTO reservation_lines (order_id, sku, quantity, returned)"
    " SELECT :order_id, * FROM unnest("
    "  CAST(:skus AS text[]), CAST(:quantities AS bigint[]), CAST(:returned AS bigint[]))"
    " ON CONFLICT (order_id, sku) DO UPDATE SET quantity = excluded.quantity, returned = excluded.returned"
)


# The parts of a set never change, so they may be read before the lock is there; a set of another mall is not sold here.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0)), (SELECT"
    " jsonb_agg(jsonb_build_array(set_sku, sku, quantity)) FROM set_components"
    " WHERE set_sku = ANY(CAST(:skus AS text[])) AND mall_id = :mall_id) AS parts"
)


@dataclass(frozen=True, slots=True)
class Locked:
    """A reservation nobody else is at work on, and what the sets among its lines are made of."""

    reservation: Reservation | None
    recipes: Recipes


async def lock(
    connection: AsyncConnection, order_id: UUID, mall_id: str | None = None, skus: Iterable[str] = ()
) -> Locked:
    """Waits until nobody else works on this order's reservation, then reads it. `skus`: what is asked for now.

    The lock is on the name and not on the row, so that two first requests of one order queue up too.
    """
    given = {"name": f"reservation {order_id}", "mall_id": mall_id, "skus": list(skus)}
    asked = (await connection.execute(_LOCK, given)).one().parts
    row = (await connection.execute(_READ, {"order_id": order_id})).one_or_none()
    if row is None:
        return Locked(None, _recipes(asked))
    return Locked(_reservation(order_id, row), {**_recipes(row.parts), **_recipes(asked)})


async def lock_if_free(connection: AsyncConnection, order_id: UUID) -> Locked:
    """Nothing when somebody else is at work on it."""
    free = await connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"reservation {order_id}"}
    )
    row = (await connection.execute(_READ, {"order_id": order_id})).one_or_none() if free else None
    return Locked(None, {}) if row is None else Locked(_reservation(order_id, row), _recipes(row.parts))


def _recipes(parts: Sequence[tuple[str, str, int]] | None) -> dict[str, dict[str, int]]:
    recipes: dict[str, dict[str, int]] = {}
    for set_sku, sku, quantity in parts or ():
        recipes.setdefault(set_sku, {})[sku] = quantity
    return recipes


async def read(connection: AsyncConnection, order_id: UUID) -> Reservation | None:
    row = (await connection.execute(_READ, {"order_id": order_id})).one_or_none()
    return None if row is None else _reservation(order_id, row)


def _reservation(order_id: UUID, row: Any) -> Reservation:
    lines = zip(row.skus or (), row.quantities or (), row.returned or (), strict=True)
    return Reservation(
        order_id=order_id,
        mall_id=row.mall_id,
        status=Status(row.status),
        lines={sku: Line(quantity, returned) for sku, quantity, returned in lines},
        expires_at=row.expires_at,
        over=row.over,
        cancels=frozenset(row.cancel_ids),
    )


async def save(connection: AsyncConnection, before: Reservation | None, after: Reservation, now: datetime) -> None:
    """Writes what changed. Only for a reservation locked in this transaction."""
    await connection.execute(
        _SAVE,
        {
            "order_id": after.order_id,
            "mall_id": after.mall_id,
            "status": after.status,
            "expires_at": after.expires_at,
            "over": after.over,
            "cancel_ids": sorted(after.cancels),
            "now": now,
        },
    )
    if before is not None and before.lines == after.lines:
        return
    if before is not None and not before.lines.keys() <= after.lines.keys():
        await connection.execute(
            text("DELETE FROM reservation_lines WHERE order_id = :order_id"), {"order_id": after.order_id}
        )
    await connection.execute(
        _SAVE_LINES,
        {
            "order_id": after.order_id,
            "skus": list(after.lines),
            "quantities": [line.quantity for line in after.lines.values()],
            "returned": [line.returned for line in after.lines.values()],
        },
    )


async def run_out(connection: AsyncConnection, now: datetime, limit: int) -> list[UUID]:
    """Orders whose hold is over, longest ago first."""
    rows = await connection.scalars(
        text(
            "SELECT order_id FROM reservations WHERE status = 'held' AND expires_at <= :now"
            " ORDER BY expires_at LIMIT :limit"
        ),
        {"now": now, "limit": limit},
    )
    return list(rows)
