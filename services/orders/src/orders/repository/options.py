"""The options that were asked for, of an order's lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.domain import CancelStatus, OptionChange, OptionStatus

_CHANGE = tables.order_option_changes
_CANCEL = tables.order_cancels
_CANCEL_LINE = tables.order_cancel_lines


async def load(connection: AsyncConnection, order_ids: Sequence[UUID]) -> dict[UUID, list[OptionChange]]:
    """The changes of each order, oldest first."""
    found: dict[UUID, list[OptionChange]] = {order_id: [] for order_id in order_ids}
    if order_ids:
        wanted = select(_CHANGE).where(_CHANGE.c.order_id.in_(order_ids))
        for row in await connection.execute(wanted.order_by(_CHANGE.c.order_id, _CHANGE.c.position)):
            found[row.order_id].append(_change(row))
    return found


async def save(
    connection: AsyncConnection, order_id: UUID, before: Sequence[OptionChange], after: Sequence[OptionChange]
) -> None:
    """Changes are only ever added at the end or settled in place."""
    for place, change in enumerate(after):
        if place >= len(before):
            await connection.execute(insert(_CHANGE).values(_values(order_id, place, change)))
        elif before[place] != change:
            settled = {
                "status": change.status.value,
                "refused_because": change.refused_because,
                "settled_at": change.settled_at,
            }
            await connection.execute(update(_CHANGE).where(_CHANGE.c.change_id == change.change_id).values(settled))


async def keep_cancelled(connection: AsyncConnection, order_id: UUID, line_id: UUID, sku: str) -> None:
    """The line becomes another option: what was cancelled of it before was still `sku`."""
    settled = select(_CANCEL.c.cancel_id).where(
        _CANCEL.c.order_id == order_id, _CANCEL.c.status != CancelStatus.REQUESTED.value
    )
    await connection.execute(
        update(_CANCEL_LINE)
        .where(_CANCEL_LINE.c.cancel_id.in_(settled), _CANCEL_LINE.c.line_id == line_id, _CANCEL_LINE.c.sku.is_(None))
        .values(sku=sku)
    )


def _values(order_id: UUID, place: int, change: OptionChange) -> dict[str, Any]:
    return {
        "change_id": change.change_id,
        "order_id": order_id,
        "position": place,
        "line_id": change.line_id,
        "sku": change.sku,
        "variant_name": change.variant_name,
        "new_sku": change.new_sku,
        "new_variant_name": change.new_variant_name,
        "quantity": change.quantity,
        "status": change.status.value,
        "actor": change.actor,
        "refused_because": change.refused_because,
        "requested_at": change.requested_at,
        "settled_at": change.settled_at,
    }


def _change(row: Row[Any]) -> OptionChange:
    return OptionChange(
        change_id=row.change_id,
        line_id=row.line_id,
        sku=row.sku,
        variant_name=row.variant_name,
        new_sku=row.new_sku,
        new_variant_name=row.new_variant_name,
        quantity=row.quantity,
        actor=row.actor,
        requested_at=row.requested_at,
        status=OptionStatus(row.status),
        refused_because=row.refused_because,
        settled_at=row.settled_at,
    )
