"""Order numbers for people: unique, roughly in the order of placing, from 1 each business day. Gaps are allowed.

One sequence counts for ever and no transaction waits for another at it. The first order of a day stores where the
sequence stood, and the day's numbers count from there; only orders that meet exactly at that moment wait for the first.
A number is drawn after the day's base was seen, so it is always above it.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_DRAW = text("SELECT nextval('order_numbers') - base FROM order_days WHERE day = :day")
_OPEN_DAY = text(
    "INSERT INTO order_days (day, base) SELECT :day, nextval('order_numbers') ON CONFLICT (day) DO NOTHING"
)


async def draw(connection: AsyncConnection, day: date) -> str:
    """`20261122-00001234`."""
    drawn = await connection.scalar(_DRAW, {"day": day})
    if drawn is None:
        await connection.execute(_OPEN_DAY, {"day": day})
        drawn = await connection.scalar(_DRAW, {"day": day})
    return f"{day:%Y%m%d}-{drawn:08d}"
