"""What providers called back: each once, with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids
from payments.commands import TakeCallback
from payments.tables import provider_callbacks

_table = provider_callbacks.c


@dataclass(frozen=True, slots=True)
class Known:
    """A stored callback. `status`: received, done, refused or ignored."""

    id: UUID
    kind: str
    order_ref: str
    secret_hash: bytes | None
    status: str
    reason: str | None


async def keep(
    connection: AsyncConnection, command: TakeCallback, *, status: str, reason: str | None, now: datetime
) -> Known | None:
    """Stores a callback. Returns the one stored before under the same dedup key, and then changes nothing."""
    waits = status == "received"
    row = (
        upsert(provider_callbacks)
        .values(
            id=ids.new_id(),
            provider=command.provider,
            dedup_key=command.dedup_key,
            kind=command.kind,
            order_ref=command.order_ref,
            document=command.document,
            body_digest=command.body_digest,
            secret_hash=command.secret_hash,
            status=status,
            reason=reason,
            next_at=now if waits else None,
            received_at=now,
            settled_at=None if waits else now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "dedup_key"])
    )
    if (await connection.execute(row)).rowcount == 1:
        return None
    return (await _read(connection, _table.provider == command.provider, _table.dedup_key == command.dedup_key))[0]


async def take_due(connection: AsyncConnection, now: datetime, *, limit: int) -> Sequence[Known]:
    """Callbacks to act on now, each put off so that a second worker leaves it alone; seconds first, an hour at most."""
    due = (
        select(_table.id)
        .where(_table.next_at <= now)
        .order_by(_table.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    wait = func.make_interval(
        0, 0, 0, 0, 0, 0, func.least(3600.0, func.power(2.0, func.least(_table.attempts, 11) + 1))
    )
    taken = await connection.scalars(
        update(provider_callbacks)
        .where(_table.id.in_(due.scalar_subquery()))
        .values(attempts=_table.attempts + 1, next_at=literal(now, DateTime(timezone=True)) + wait)
        .returning(_table.id)
    )
    return await _read(connection, _table.id.in_(taken.all()))


async def settle(
    connection: AsyncConnection, callback_id: UUID, *, status: str, reason: str | None, now: datetime
) -> None:
    await connection.execute(
        update(provider_callbacks)
        .where(_table.id == callback_id, _table.status == "received")
        .values(status=status, reason=reason, next_at=None, settled_at=now)
    )


async def _read(connection: AsyncConnection, *where: object) -> list[Known]:
    rows = await connection.execute(
        select(_table.id, _table.kind, _table.order_ref, _table.secret_hash, _table.status, _table.reason)
        .where(*where)  # type: ignore[arg-type]  # column expressions
        .order_by(_table.id)
    )
    return [Known(*row) for row in rows]
