"""The cancels of an order and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.domain import Amounts, Cancel, CancelledUnits, CancelStatus

_CANCEL = tables.order_cancels
_LINE = tables.order_cancel_lines
_ORDER_LINE = tables.order_lines


async def load(connection: AsyncConnection, order_ids: Sequence[UUID]) -> dict[UUID, list[Cancel]]:
    """The cancels of each order, oldest first."""
    found: dict[UUID, list[Cancel]] = {order_id: [] for order_id in order_ids}
    rows = (
        await connection.execute(
            select(_CANCEL).where(_CANCEL.c.order_id.in_(order_ids)).order_by(_CANCEL.c.order_id, _CANCEL.c.position)
        )
    ).all()
    if not rows:
        return found
    units: dict[UUID, list[CancelledUnits]] = {row.cancel_id: [] for row in rows}
    wanted = (
        select(_LINE, _ORDER_LINE.c.sku.label("line_sku"), _ORDER_LINE.c.product_id, _ORDER_LINE.c.category_ids)
        .join(
            _ORDER_LINE,
            (_ORDER_LINE.c.order_id == _LINE.c.order_id) & (_ORDER_LINE.c.line_id == _LINE.c.line_id),
        )
        .where(_LINE.c.cancel_id.in_(units))
        .order_by(_LINE.c.cancel_id, _LINE.c.position)
    )
    for row in await connection.execute(wanted):
        units[row.cancel_id].append(_units(row))
    for row in rows:
        found[row.order_id].append(_cancel(row, units[row.cancel_id]))
    return found


async def save(connection: AsyncConnection, order_id: UUID, before: Sequence[Cancel], after: Sequence[Cancel]) -> None:
    """Cancels are only ever added at the end or changed in place."""
    for place, cancel in enumerate(after):
        if place >= len(before):
            await _insert(connection, order_id, place, cancel)
        elif before[place] != cancel:
            await _update(connection, before[place], cancel)


async def _insert(connection: AsyncConnection, order_id: UUID, place: int, cancel: Cancel) -> None:
    fixed = {
        "cancel_id": cancel.cancel_id,
        "order_id": order_id,
        "position": place,
        "reason": cancel.reason,
        "actor": cancel.actor,
        "requested_at": cancel.requested_at,
    }
    await connection.execute(insert(_CANCEL).values(fixed | _changing(cancel)))
    lines = [
        {
            "cancel_id": cancel.cancel_id,
            "order_id": order_id,
            "line_id": units.line_id,
            "position": number,
            "quantity": units.quantity,
            **_money(units.worth),
        }
        for number, units in enumerate(cancel.units)
    ]
    await connection.execute(insert(_LINE), lines)


async def _update(connection: AsyncConnection, before: Cancel, cancel: Cancel) -> None:
    await connection.execute(update(_CANCEL).where(_CANCEL.c.cancel_id == cancel.cancel_id).values(_changing(cancel)))
    for was, units in zip(before.units, cancel.units, strict=True):
        if was != units:
            await connection.execute(
                update(_LINE)
                .where(_LINE.c.cancel_id == cancel.cancel_id, _LINE.c.line_id == units.line_id)
                .values(_money(units.worth))
            )


def _changing(cancel: Cancel) -> dict[str, Any]:
    return {
        "status": cancel.status.value,
        "shipping_amount": cancel.shipping_amount,
        **_money(cancel.worth),
        "refund_amount": cancel.refund_amount,
        "refused_because": cancel.refused_because,
        "settled_at": cancel.settled_at,
    }


def _money(worth: Amounts) -> dict[str, int]:
    return {"amount": worth.amount, "vat_amount": worth.vat, "tax_free_amount": worth.tax_free}


def _units(row: Row[Any]) -> CancelledUnits:
    worth = Amounts(row.amount, row.vat_amount, row.tax_free_amount)
    return CancelledUnits(
        row.line_id, row.sku or row.line_sku, row.product_id, tuple(row.category_ids), row.quantity, worth
    )


def _cancel(row: Row[Any], units: list[CancelledUnits]) -> Cancel:
    return Cancel(
        cancel_id=row.cancel_id,
        reason=row.reason,
        actor=row.actor,
        status=CancelStatus(row.status),
        units=tuple(units),
        requested_at=row.requested_at,
        shipping_amount=row.shipping_amount,
        worth=Amounts(row.amount, row.vat_amount, row.tax_free_amount),
        refund_amount=row.refund_amount,
        refused_because=row.refused_because,
        settled_at=row.settled_at,
    )
