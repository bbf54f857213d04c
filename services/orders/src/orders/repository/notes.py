"""What staff writes about an order, for staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables

_NOTE = tables.order_notes


@dataclass(frozen=True, slots=True)
class Note:
    note_id: UUID
    author: str
    text: str = field(repr=False)
    at: datetime


async def add(connection: AsyncConnection, order_id: UUID, note: Note) -> None:
    """The same note again changes nothing."""
    values = {
        "note_id": note.note_id,
        "order_id": order_id,
        "author": note.author,
        "text": note.text,
        "at": note.at,
    }
    await connection.execute(insert(_NOTE).values(values).on_conflict_do_nothing())


async def of_order(connection: AsyncConnection, order_id: UUID) -> list[Note]:
    """Oldest first."""
    rows = await connection.execute(select(_NOTE).where(_NOTE.c.order_id == order_id).order_by(_NOTE.c.note_id))
    return [Note(row.note_id, row.author, row.text, row.at) for row in rows]
