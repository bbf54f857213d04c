"""Deliveries: released when their order is known, taken in hand when due, locked when they end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.domain.delivery import Channel, Delivery, Status
from notify.tables import contacts, deliveries, messages, orders

# An earlier message in one of these holds back the later ones of its order and channel.
_AHEAD = (Status.AWAITING_CONTACT, Status.PENDING, Status.SENDING, Status.UNKNOWN)

_CHANGING = (
    "status", "recipient", "due_at", "give_up_at", "attempts", "version", "sent_at", "provider_id", "delivered_as",
    "reason", "ended_at",
)  # fmt: skip
_SAVE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)

_LOCK_WITH_SIBLINGS = (
    select(deliveries)
    .where(deliveries.c.message_id.in_(bindparam("message_ids", expanding=True)))
    .order_by(deliveries.c.message_id, deliveries.c.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the customer of an order can be reached. Personal data."""

    email: str | None
    phone: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A delivery as staff see it."""

    delivery: Delivery
    kind: str
    created_at: datetime


async def add(connection: AsyncConnection, now: datetime, *new: Delivery) -> None:
    """Once per message and channel: a second time changes nothing."""
    rows = [{name: getattr(one, name) for name in Delivery.__dataclass_fields__} | {"created_at": now} for one in new]
    await connection.execute(insert(deliveries).values(rows).on_conflict_do_nothing())


async def save(connection: AsyncConnection, *changed: Delivery) -> None:
    """Writes back deliveries that this transaction has locked."""
    if not changed:
        return
    rows = [
        {"row_id": delivery.id} | {f"new_{name}": getattr(delivery, name) for name in _CHANGING} for delivery in changed
    ]
    await connection.execute(_SAVE, rows)


async def lock_releasable(
    connection: AsyncConnection, channels: Sequence[str], most: int
) -> list[tuple[Delivery, Addresses]]:
    """Waiting deliveries whose order and contact have both come, oldest fact first."""
    found = await connection.execute(
        select(deliveries, contacts.c.email, contacts.c.phone)
        .join(contacts, contacts.c.order_id == deliveries.c.order_id)
        .where(
            deliveries.c.status == Status.AWAITING_CONTACT,
            deliveries.c.channel.in_(list(channels)),
            exists().where(orders.c.order_id == deliveries.c.order_id),
        )
        .order_by(deliveries.c.fact_at, deliveries.c.id)
        .limit(most)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    return [(_delivery(row), Addresses(row.email, row.phone)) for row in found]


async def lock_due(
    connection: AsyncConnection, channels: Sequence[str], now: datetime, most: int
) -> list[tuple[Delivery, datetime | None]]:
    """Due deliveries nobody holds, each with the moment its message expires.

    Of the messages of one order on one channel the later waits until the earlier has left or failed.
    """
    earlier = deliveries.alias("earlier")
    held_back = exists().where(
        earlier.c.order_id == deliveries.c.order_id,
        earlier.c.channel == deliveries.c.channel,
        earlier.c.ended_at.is_(None),
        earlier.c.status.in_(_AHEAD),
        tuple_(earlier.c.fact_at, earlier.c.id) < tuple_(deliveries.c.fact_at, deliveries.c.id),
    )
    found = await connection.execute(
        select(deliveries, messages.c.expires_at)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(
            deliveries.c.channel.in_(list(channels)),
            deliveries.c.ended_at.is_(None),
            deliveries.c.due_at <= now,
            ~and_(deliveries.c.status == Status.PENDING, held_back),
        )
        .order_by(deliveries.c.due_at, deliveries.c.fact_at, deliveries.c.id)
        .limit(most)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    return [(_delivery(row), row.expires_at) for row in found]


async def lock_with_siblings(
    connection: AsyncConnection, message_ids: Collection[UUID]
) -> dict[UUID, dict[UUID, Delivery]]:
    """All deliveries of these messages by message, locked in a fixed order."""
    found = await connection.execute(_LOCK_WITH_SIBLINGS, {"message_ids": list(message_ids)})
    every: dict[UUID, dict[UUID, Delivery]] = {message_id: {} for message_id in message_ids}
    for row in found:
        every[row.message_id][row.id] = _delivery(row)
    return every


async def page(
    connection: AsyncConnection,
    *,
    order_id: UUID | None,
    status: str | None,
    before: tuple[datetime, UUID] | None,
    most: int,
) -> list[Listed]:
    """Newest first."""
    query = select(deliveries, messages.c.kind).join(messages, messages.c.id == deliveries.c.message_id)
    if order_id is not None:
        query = query.where(deliveries.c.order_id == order_id)
    if status is not None:
        query = query.where(deliveries.c.status == status)
    if before is not None:
        query = query.where(tuple_(deliveries.c.created_at, deliveries.c.id) < tuple_(*before))
    query = query.order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc()).limit(most)
    return [Listed(_delivery(row), row.kind, row.created_at) for row in await connection.execute(query)]


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        message_id=row.message_id,
        order_id=row.order_id,
        channel=Channel(row.channel),
        status=Status(row.status),
        recipient=row.recipient,
        fact_at=row.fact_at,
        due_at=row.due_at,
        give_up_at=row.give_up_at,
        attempts=row.attempts,
        version=row.version,
        sent_at=row.sent_at,
        provider_id=row.provider_id,
        delivered_as=row.delivered_as,
        reason=row.reason,
        ended_at=row.ended_at,
    )
