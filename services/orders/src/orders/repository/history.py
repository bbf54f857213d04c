"""The story of an order, only ever continued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.domain import Fact, Status

_HISTORY = tables.order_history


@dataclass(frozen=True, slots=True)
class Entry:
    """`status` is what the order was after it."""

    at: datetime
    actor: str
    name: str
    story: str
    status: str


async def append(
    connection: AsyncConnection, order_id: UUID, status: Status, facts: Iterable[Fact], now: datetime
) -> None:
    """A fact that was written before under its `once` is not written again."""
    for fact in facts:
        values = {
            "order_id": order_id,
            "at": now,
            "actor": fact.actor,
            "name": fact.name,
            "story": fact.story,
            "status": status.value,
            "once": fact.once,
        }
        await connection.execute(insert(_HISTORY).values(values).on_conflict_do_nothing())


async def read(connection: AsyncConnection, order_id: UUID) -> list[Entry]:
    """Oldest first."""
    rows = await connection.execute(select(_HISTORY).where(_HISTORY.c.order_id == order_id).order_by(_HISTORY.c.id))
    return [Entry(row.at, row.actor, row.name, row.story, row.status) for row in rows]
