"""Guests who come back without their token: what they must know, and how often they may try."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables

_ORDER = tables.orders
_CONTACT = tables.order_contacts

_COUNT = text(
    "INSERT INTO order_look_ups AS known (name_hash, since, tries) VALUES (:name_hash, :now, 1)"
    " ON CONFLICT (name_hash) DO UPDATE SET"
    " tries = CASE WHEN known.since <= :over THEN 1 ELSE known.tries + 1 END,"
    " since = CASE WHEN known.since <= :over THEN :now ELSE known.since END"
    " RETURNING tries"
)


@dataclass(frozen=True, slots=True)
class Known:
    order_id: UUID
    access_token_hash: bytes = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


async def count(connection: AsyncConnection, name_hash: bytes, now: datetime, window: timedelta) -> int:
    """How often this name was tried in the window, this time included."""
    tries: int = await connection.scalar(_COUNT, {"name_hash": name_hash, "now": now, "over": now - window})
    return tries


async def by_number(connection: AsyncConnection, number: str) -> Known | None:
    """None too where the contact was erased."""
    wanted = (
        select(_ORDER.c.order_id, _ORDER.c.access_token_hash, _CONTACT.c.orderer_email, _CONTACT.c.orderer_phone)
        .join(_CONTACT, _CONTACT.c.order_id == _ORDER.c.order_id)
        .where(_ORDER.c.number == number)
    )
    row = (await connection.execute(wanted)).first()
    return None if row is None else Known(row.order_id, row.access_token_hash, row.orderer_email, row.orderer_phone)


async def forget(connection: AsyncConnection, before: datetime) -> int:
    """Drops counts that matter no more. Returns how many."""
    done = await connection.execute(text("DELETE FROM order_look_ups WHERE since < :before"), {"before": before})
    return done.rowcount
