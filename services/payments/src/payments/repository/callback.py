"""What providers called back: each once, with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids
from payments.commands import TakeCallback
from payments.repository.seal import Seal
from payments.tables import callback_bodies, provider_callbacks

_PURPOSE = "callback-bodies"
_table = provider_callbacks.c
# In the order of `Known`.
_KNOWN = (
    _table.id, _table.provider, _table.kind, _table.order_ref, _table.provider_key, _table.amount, _table.merchant,
    _table.secret_hash, _table.status, _table.reason, _table.body_digest, _table.received_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A stored callback. `status`: received, done, refused or ignored."""

    id: UUID
    provider: str
    kind: str
    order_ref: str
    key: str | None
    amount: int | None
    merchant: str | None
    secret_hash: bytes | None = field(repr=False)
    status: str
    reason: str | None
    body_digest: bytes
    received_at: datetime


async def keep(
    connection: AsyncConnection, command: TakeCallback, seal: Seal, *, status: str, reason: str | None, now: datetime
) -> Known | None:
    """Stores a callback. Returns the one stored before under the same dedup key, and then changes nothing.

    A refused one does not use up its dedup key: whoever forged it may have guessed the key of a true one to come.
    """
    if command.may_recur:
        earlier = await _told_before(connection, command, status)
        if isinstance(earlier, Known):
            return earlier
        command = replace(command, dedup_key=f"{command.dedup_key}~{earlier}")
    if await _add(connection, command, seal, status=status, reason=reason, now=now):
        return None
    known = await _find(connection, command)
    if known.status == "refused" and known.body_digest != command.body_digest:
        other = replace(command, dedup_key=f"{command.dedup_key}#{command.body_digest.hex()}")
        if await _add(connection, other, seal, status=status, reason=reason, now=now):
            return None
        known = await _find(connection, other)
    return known


async def _told_before(connection: AsyncConnection, command: TakeCallback, status: str) -> Known | int:
    """The same words, as long as acting on them is still to come; and what is refused or ignored, once is enough. Else
    how often they were told: another look is due, because the last one may have begun before they came true again.
    """
    same = (
        _table.provider == command.provider,
        _table.order_ref == command.order_ref,
        _table.dedup_key.startswith(f"{command.dedup_key}~", autoescape=True),
    )
    untouched = (_table.status == "received") & (_table.attempts == 0)
    again = untouched if status == "received" else _table.status == status
    known = await _read(connection, *same, again)
    if known:
        return known[-1]
    return await connection.scalar(select(func.count()).select_from(provider_callbacks).where(*same)) or 0


async def was_believed(connection: AsyncConnection, command: TakeCallback) -> bool:
    """Whether the provider, asked after the same words came before, said so too."""
    query = select(_table.id).where(
        _table.provider == command.provider,
        _table.order_ref == command.order_ref,
        _table.dedup_key.startswith(f"{command.dedup_key}~", autoescape=True),
        _table.status == "done",
    )
    return await connection.scalar(query.limit(1)) is not None


async def _add(
    connection: AsyncConnection, command: TakeCallback, seal: Seal, *, status: str, reason: str | None, now: datetime
) -> bool:
    waits = status == "received"
    callback_id = ids.new_id()
    added = (
        upsert(provider_callbacks)
        .values(
            id=callback_id,
            provider=command.provider,
            dedup_key=command.dedup_key,
            kind=command.kind,
            order_ref=command.order_ref,
            document=command.document,
            body_digest=command.body_digest,
            secret_hash=command.secret_hash,
            source=command.source,
            provider_key=command.key,
            amount=command.amount,
            merchant=command.merchant,
            status=status,
            reason=reason,
            next_at=now if waits else None,
            received_at=now,
            settled_at=None if waits else now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "dedup_key"])
        .returning(_table.id)
        .cte("added")
    )
    sealed = seal.close(_PURPOSE, callback_id.bytes, command.body)
    body = select(added.c.id, literal(sealed), literal(now, DateTime(timezone=True)))
    kept = insert(callback_bodies).from_select(["callback_id", "sealed", "kept_at"], body)
    return (await connection.execute(kept)).rowcount == 1


async def _find(connection: AsyncConnection, command: TakeCallback) -> Known:
    return (await _read(connection, _table.provider == command.provider, _table.dedup_key == command.dedup_key))[0]


async def open_body(connection: AsyncConnection, callback_id: UUID, seal: Seal) -> bytes | None:
    """The callback byte for byte; None once it was erased. Raises `InvalidTag` for a key that is not its own."""
    query = select(callback_bodies.c.sealed).where(callback_bodies.c.callback_id == callback_id)
    sealed = await connection.scalar(query)
    return None if sealed is None else seal.open(_PURPOSE, callback_id.bytes, sealed)


async def forget_bodies(connection: AsyncConnection, now: datetime, keep_for: timedelta) -> int:
    """Returns how many."""
    done = await connection.execute(delete(callback_bodies).where(callback_bodies.c.kept_at < now - keep_for))
    return done.rowcount


async def forget_unread(connection: AsyncConnection, now: datetime, keep_for: timedelta, *, most: int) -> int:
    """Erases callbacks that were refused unread so long ago: nobody knows what they are about. Returns how many."""
    old = (
        select(_table.id)
        .where(_table.status == "refused", _table.kind == "unread", _table.received_at < now - keep_for)
        .order_by(_table.received_at)
        .limit(most)
    )
    gone = list(await connection.scalars(old))
    await connection.execute(delete(callback_bodies).where(callback_bodies.c.callback_id.in_(gone)))
    await connection.execute(delete(provider_callbacks).where(_table.id.in_(gone)))
    return len(gone)


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
    taken = await connection.execute(
        update(provider_callbacks)
        .where(_table.id.in_(due.scalar_subquery()))
        .values(attempts=_table.attempts + 1, next_at=literal(now, DateTime(timezone=True)) + wait)
        .returning(*_KNOWN)
    )
    return sorted((Known(*tuple(row)) for row in taken), key=lambda known: known.id)


async def settle(
    connection: AsyncConnection, callback_id: UUID, *, status: str, reason: str | None, now: datetime
) -> None:
    await connection.execute(
        update(provider_callbacks)
        .where(_table.id == callback_id, _table.status == "received")
        .values(status=status, reason=reason, next_at=None, settled_at=now)
    )


async def _read(connection: AsyncConnection, *where: object) -> list[Known]:
    query = select(*_KNOWN).where(*where).order_by(_table.id)  # type: ignore[arg-type]  # column expressions
    rows = await connection.execute(query)
    return [Known(*tuple(row)) for row in rows]
