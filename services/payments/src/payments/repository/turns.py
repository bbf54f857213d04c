"""Whose turn it is: what is due, so much of each provider, so that one that hangs does not fill the batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.tables import payments


async def due(
    connection: AsyncConnection,
    subject: ColumnElement[UUID],
    payment_id: ColumnElement[UUID],
    at: ColumnElement[datetime],
    now: datetime,
    *,
    limit: int,
) -> Sequence[tuple[UUID, str]]:
    """What is due `at` or before, the longest waiting first, with its provider; at most `limit` of each."""
    place = func.row_number().over(partition_by=payments.c.provider, order_by=at)
    waiting = (
        select(subject.label("subject"), payments.c.provider, at.label("at"), place.label("place"))
        .join(payments, payments.c.id == payment_id)
        .where(at <= now)
        .subquery()
    )
    chosen = select(waiting.c.subject, waiting.c.provider).where(waiting.c.place <= limit).order_by(waiting.c.at)
    return [(row.subject, row.provider) for row in await connection.execute(chosen)]
