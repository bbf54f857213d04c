"""Deliveries: released when their order is known, taken in hand when due, written down when they end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Row,
    and_,
    bindparam,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.domain.delivery import Channel, Delivery, Status
from notify.domain.messages import Letter, Message
from notify.repository import facts
from notify.tables import contacts, deliveries, malls, messages, orders

# An earlier message in one of these holds back the later ones of its order and channel.
_AHEAD = (Status.AWAITING_CONTACT, Status.PENDING, Status.SENDING, Status.UNKNOWN)

_FIRST = ("id", "message_id", "order_id", "channel", "status", "due_at", "fact_at")
_CHANGING = (
    "status", "recipient", "due_at", "give_up_at", "attempts", "version", "sent_at", "provider_id", "delivered_as",
    "reason", "ended_at",
)  # fmt: skip
_SAVE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)

# Only what is still as it was read, and what nobody holds: then neither waits for the other.
_REPLACE = text(
    "UPDATE deliveries d SET status = new.status, recipient = new.recipient, due_at = new.due_at,"
    " give_up_at = new.give_up_at, attempts = new.attempts, version = new.version, sent_at = new.sent_at,"
    " provider_id = new.provider_id, delivered_as = new.delivered_as, reason = new.reason, ended_at = new.ended_at"
    " FROM (SELECT new.* FROM jsonb_to_recordset(:rows) AS new (id uuid, held_version integer, status text,"
    "  recipient text, due_at timestamptz, give_up_at timestamptz, attempts integer, version integer,"
    "  sent_at timestamptz, provider_id text, delivered_as text, reason text, ended_at timestamptz)"
    "  JOIN deliveries held ON held.id = new.id AND held.version = new.held_version"
    "  FOR UPDATE OF held SKIP LOCKED) AS new WHERE d.id = new.id RETURNING d.id"
).bindparams(bindparam("rows", type_=JSONB))

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
class Ready:
    """A delivery to look at now. `addresses`: it waited for its order and contact, and both have come.

    No `letter` while the order is not known. `held_back`: an earlier message of its order and channel goes first.
    """

    delivery: Delivery
    expires_at: datetime | None
    addresses: Addresses | None
    letter: Letter | None
    held_back: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A delivery as staff see it."""

    delivery: Delivery
    kind: str
    created_at: datetime


async def add(connection: AsyncConnection, now: datetime, new: Delivery) -> None:
    """Once per message and channel: a second time changes nothing."""
    row = {name: getattr(new, name) for name in Delivery.__dataclass_fields__} | {"created_at": now}
    await connection.execute(insert(deliveries).values(row).on_conflict_do_nothing())


async def add_message(connection: AsyncConnection, message: Message, now: datetime, *new: Delivery) -> None:
    """The message with its first deliveries, which have nothing behind them. A fact told before changes nothing."""
    given = values(*(column(name, deliveries.c[name].type) for name in _FIRST), name="given")
    rows = given.data([tuple(getattr(one, name) for name in _FIRST) for one in new])
    created_at = literal(now, DateTime(timezone=True))
    first = select(*rows.c, created_at).where(exists().select_from(facts.added(message, now)))
    await connection.execute(insert(deliveries).from_select([*_FIRST, "created_at"], first).on_conflict_do_nothing())


async def save(connection: AsyncConnection, *changed: Delivery) -> None:
    """Writes back deliveries that this transaction has locked."""
    if not changed:
        return
    rows = [
        {"row_id": delivery.id} | {f"new_{name}": getattr(delivery, name) for name in _CHANGING} for delivery in changed
    ]
    await connection.execute(_SAVE, rows)


async def replace(connection: AsyncConnection, *changes: tuple[Delivery, Delivery]) -> set[UUID]:
    """Writes deliveries, each given as it was read and as it is to be, in one statement that needs no transaction.

    Returns the ids of those that were still as they were read; the others are left as they are.
    """
    if not changes:
        return set()
    rows = [
        {"id": new.id, "held_version": read.version} | {name: getattr(new, name) for name in _CHANGING}
        for read, new in changes
    ]
    return set(await connection.scalars(_REPLACE, {"rows": rows}))


async def ready(connection: AsyncConnection, channels: Sequence[str], now: datetime, most: int) -> list[Ready]:
    """Due deliveries, and those whose order and contact have both come, the longest due first. Locks nothing.

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
    releasable = and_(
        deliveries.c.status == Status.AWAITING_CONTACT,
        exists().where(orders.c.order_id == deliveries.c.order_id),
        exists().where(contacts.c.order_id == deliveries.c.order_id),
    )
    due = and_(deliveries.c.due_at <= now, ~and_(deliveries.c.status == Status.PENDING, held_back))
    due_since = func.least(deliveries.c.due_at, literal(now, DateTime(timezone=True)))
    found = (
        select(deliveries, releasable.label("releasable"), held_back.label("held_back"), due_since.label("due_since"))
        .where(deliveries.c.channel.in_(list(channels)), deliveries.c.ended_at.is_(None), or_(releasable, due))
        .order_by("due_since", deliveries.c.fact_at, deliveries.c.id)
        .limit(most)
        .subquery("found")
    )
    with_letters = (
        select(found, *facts.LETTER, contacts.c.email, contacts.c.phone)
        .join(messages, messages.c.id == found.c.message_id)
        .outerjoin(orders, orders.c.order_id == found.c.order_id)
        .outerjoin(contacts, contacts.c.order_id == found.c.order_id)
        .outerjoin(malls, malls.c.mall_id == messages.c.mall_id)
        .order_by(found.c.due_since, found.c.fact_at, found.c.id)
    )
    return [_ready(row) for row in await connection.execute(with_letters)]


async def lock_alone(
    connection: AsyncConnection, delivery_ids: Collection[UUID]
) -> tuple[dict[UUID, Message], dict[UUID, dict[UUID, Delivery]]]:
    """These deliveries, locked, by message, and the messages. For news that asks for nothing of their siblings."""
    found = await connection.execute(
        select(deliveries, *facts.MESSAGE)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(deliveries.c.id.in_(list(delivery_ids)))
        .order_by(deliveries.c.message_id, deliveries.c.id)
        .with_for_update(of=deliveries)
    )
    theirs: dict[UUID, Message] = {}
    some: dict[UUID, dict[UUID, Delivery]] = {}
    for row in found:
        theirs[row.message_id] = facts.message_of(row)
        some.setdefault(row.message_id, {})[row.id] = _delivery(row)
    return theirs, some


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


def _ready(row: Row[Any]) -> Ready:
    return Ready(
        delivery=_delivery(row),
        expires_at=row.expires_at,
        addresses=Addresses(row.email, row.phone) if row.releasable else None,
        letter=None if row.order_number is None else facts.letter_of(row),
        held_back=row.held_back,
    )


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
