"""Which changes of an option were decided, so that none is decided twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.commands import ChangeOption
from scm.domain.shipment import Units
from scm.tables import option_changes


async def note(
    connection: AsyncConnection, wanted: ChangeOption, refused_because: str | None, short: Units, now: datetime
) -> bool:
    """False, and nothing written: it was decided before."""
    made = await connection.execute(
        insert(option_changes)
        .values(
            change_id=wanted.change_id,
            order_id=wanted.order_id,
            refused_because=refused_because,
            short=dict(short),
            decided_at=now,
        )
        .on_conflict_do_nothing()
        .returning(option_changes.c.change_id)
    )
    return made.first() is not None
