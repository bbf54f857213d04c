"""Our copies of what catalog tells of its SKUs, and the shipments that wait for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.commands import RecordGoods
from scm.domain import goods as domain
from scm.domain.goods import Goods, Part
from scm.tables import goods

# Released, or moved to another day. Those that wait for a SKU nobody told of come up each time; they are few.
_DUE = text(
    "SELECT s.id FROM shipments s WHERE s.held_until IS NOT NULL AND s.id > :after"
    " AND (s.held_until <= :now OR s.stage = 'accepted' OR s.held_until IS DISTINCT FROM ("
    "  SELECT max(p.release_at) FROM shipment_lines l JOIN goods g ON g.sku = l.sku"
    "  JOIN goods p ON p.sku = ANY (array_append(g.part_skus, g.sku))"
    "  WHERE l.shipment_id = s.id AND l.quantity > l.cancelled + l.shipped AND p.release_at > :now"
    "  AND coalesce(l.changed_at, s.placed_at, s.requested_at) >= p.preorder_since))"
    " ORDER BY s.id LIMIT :limit FOR UPDATE OF s SKIP LOCKED"
)


async def record(connection: AsyncConnection, command: RecordGoods) -> bool:
    """An older word changes nothing. False: nothing new. A pre-order that goes on began when it was first told."""
    told = [
        {
            "sku": one.sku,
            "part_skus": [part.sku for part in one.parts],
            "part_quantities": [part.quantity for part in one.parts],
            "release_at": one.release_at,
            "preorder_since": command.told_at if one.release_at else None,
            "told_at": command.told_at,
        }
        for one in command.goods
    ]
    if not told:
        return False
    statement = insert(goods).values(told)
    new = statement.excluded
    since = text("CASE WHEN excluded.release_at IS NOT NULL THEN coalesce(goods.preorder_since, excluded.told_at) END")
    done = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["sku"],
            set_={
                "part_skus": new.part_skus,
                "part_quantities": new.part_quantities,
                "release_at": new.release_at,
                "preorder_since": since,
                "told_at": new.told_at,
            },
            where=(goods.c.told_at < new.told_at)
            & (goods.c.release_at.is_distinct_from(new.release_at) | (goods.c.part_skus != new.part_skus)),
        ).returning(goods.c.sku)
    )
    return done.first() is not None


async def known(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, Goods]:
    """Those of the SKUs, and of their parts, that catalog has told of."""
    found = await _of(connection, set(skus))
    parts = domain.names(found, found) - found.keys()
    return found | (await _of(connection, parts) if parts else {})


async def _of(connection: AsyncConnection, skus: set[str]) -> dict[str, Goods]:
    rows = await connection.execute(select(goods).where(goods.c.sku.in_(skus)))
    return {
        row.sku: Goods(
            row.sku,
            tuple(Part(sku, quantity) for sku, quantity in zip(row.part_skus, row.part_quantities, strict=True)),
            row.release_at,
            row.preorder_since,
        )
        for row in rows
    }


async def lock_due(connection: AsyncConnection, now: datetime, after: UUID, limit: int) -> list[UUID]:
    """Shipments that wait, and perhaps need not any more or must longer, in the order of their ids."""
    return list(await connection.scalars(_DUE, {"now": now, "after": after, "limit": limit}))
