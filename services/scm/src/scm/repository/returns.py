"""Goods that come back. Whoever changes a return holds the lock of its row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.domain.returning import Return, ReturnLine, ReturnStatus
from scm.errors import ReturnNotFound
from scm.tables import return_lines, returns


@dataclass(frozen=True)
class Wanted:
    """Which returns a list shows, oldest first."""

    centre: str | None = None
    statuses: tuple[ReturnStatus, ...] = ()
    after: UUID | None = None
    limit: int = 50


async def add(connection: AsyncConnection, goods: Return, now: datetime) -> bool:
    """False, and nothing written, when the claim has its return already."""
    made = await connection.execute(
        upsert(returns)
        .values(
            claim_id=goods.claim_id,
            order_id=goods.order_id,
            order_number=goods.order_number,
            mall_id=goods.mall_id,
            centre=goods.centre,
            requested_at=goods.requested_at,
            updated_at=now,
            **_changing(goods),
        )
        .on_conflict_do_nothing()
        .returning(returns.c.claim_id)
    )
    if made.first() is None:
        return False
    rows = [
        {
            "claim_id": goods.claim_id,
            "line_id": line.line_id,
            "place": place,
            "sku": line.sku,
            "product_name": line.product_name,
            "variant_name": line.variant_name,
            "quantity": line.quantity,
        }
        for place, line in enumerate(goods.lines)
    ]
    await connection.execute(insert(return_lines), rows)
    return True


async def lock(connection: AsyncConnection, claim_id: UUID, *, centre: str | None = None) -> Return:
    """`centre`: it must be that centre's. Raises `ReturnNotFound`."""
    query = select(returns).where(returns.c.claim_id == claim_id).with_for_update()
    if centre is not None:
        query = query.where(returns.c.centre == centre)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise ReturnNotFound("there is no such return")
    return (await _load(connection, [row]))[0]


async def find(connection: AsyncConnection, claim_id: UUID, *, centre: str | None) -> Return:
    """Raises `ReturnNotFound`, also for another centre's."""
    query = select(returns).where(returns.c.claim_id == claim_id)
    if centre is not None:
        query = query.where(returns.c.centre == centre)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise ReturnNotFound("there is no such return")
    return (await _load(connection, [row]))[0]


async def page(connection: AsyncConnection, wanted: Wanted) -> list[Return]:
    query = select(returns).order_by(returns.c.claim_id).limit(wanted.limit)
    if wanted.centre is not None:
        query = query.where(returns.c.centre == wanted.centre)
    if wanted.statuses:
        query = query.where(returns.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.after is not None:
        query = query.where(returns.c.claim_id > wanted.after)
    return await _load(connection, (await connection.execute(query)).all())


async def save(connection: AsyncConnection, before: Return, after: Return, now: datetime) -> None:
    """Writes what differs. The caller holds the lock under which `before` was read."""
    if after == before:
        return
    await connection.execute(
        update(returns).where(returns.c.claim_id == after.claim_id).values(updated_at=now, **_changing(after))
    )
    for was, line in zip(before.lines, after.lines, strict=True):
        if was != line:
            await connection.execute(
                update(return_lines)
                .where(return_lines.c.claim_id == after.claim_id, return_lines.c.line_id == line.line_id)
                .values(resellable=line.resellable, damaged=line.damaged, missing=line.missing)
            )


def _changing(goods: Return) -> dict[str, Any]:
    return {
        "status": goods.status.value,
        "carrier": goods.carrier,
        "waybill": goods.waybill,
        "attention": goods.attention,
        "picked_up_at": goods.picked_up_at,
        "received_at": goods.received_at,
    }


async def _load(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Return]:
    ids = [row.claim_id for row in rows]
    if not ids:
        return []
    lines: dict[UUID, list[ReturnLine]] = defaultdict(list)
    found = await connection.execute(
        select(return_lines).where(return_lines.c.claim_id.in_(ids)).order_by(return_lines.c.place)
    )
    for row in found:
        lines[row.claim_id].append(
            ReturnLine(
                row.line_id, row.sku, row.product_name, row.variant_name, row.quantity, row.resellable, row.damaged,
                row.missing,
            )
        )  # fmt: skip
    return [_return(row, tuple(lines[row.claim_id])) for row in rows]


def _return(row: Row[Any], lines: tuple[ReturnLine, ...]) -> Return:
    return Return(
        claim_id=row.claim_id,
        order_id=row.order_id,
        order_number=row.order_number,
        mall_id=row.mall_id,
        centre=row.centre,
        lines=lines,
        requested_at=row.requested_at,
        status=ReturnStatus(row.status),
        carrier=row.carrier,
        waybill=row.waybill,
        attention=row.attention,
        picked_up_at=row.picked_up_at,
        received_at=row.received_at,
    )
