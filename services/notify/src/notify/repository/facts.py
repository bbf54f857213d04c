"""Our copies of malls, orders and contacts, and the messages the facts called for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Row, Select, delete, exists, select, text, update
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notify.commands import RecordContact, RecordMall, RecordOption, RecordOrder
from notify.domain.delivery import FINAL
from notify.domain.messages import Kind, Letter, Line, Mall, Message, Order
from notify.tables import contacts, deliveries, malls, messages, orders

MESSAGE = (
    messages.c.kind, messages.c.fact_id, messages.c.mall_id, messages.c.expires_at, messages.c.data, messages.c.trace,
)  # fmt: skip
_completed = messages.alias("completed")
# What was told of an exchange, for the message about its replacements' leaving.
_CLAIMED = (
    select(_completed.c.data["lines"])
    .where(
        messages.c.kind == Kind.EXCHANGE_SHIPPED,
        _completed.c.kind == Kind.CLAIM_COMPLETED,
        _completed.c.fact_id == messages.c.data["claim_id"].astext.cast(PG_UUID),
    )
    .correlate(messages)
    .scalar_subquery()
)
# What a message is written from.
LETTER = (
    *MESSAGE, orders.c.order_number, orders.c.currency, orders.c.lines, orders.c.discount_amount,
    orders.c.shipping_amount, orders.c.total_amount, orders.c.placed_at, contacts.c.name.label("customer"),
    malls.c.name.label("mall_name"), malls.c.storefront_url, malls.c.support_email, malls.c.support_phone,
    _CLAIMED.label("claimed"),
)  # fmt: skip

_CHANGE_OPTION = text(
    "UPDATE orders SET lines = (SELECT jsonb_agg(CASE WHEN line ->> 'line_id' = :line_id THEN"
    "  line || jsonb_build_object('variant_name', CAST(:variant_name AS text)) ELSE line END ORDER BY place)"
    " FROM jsonb_array_elements(lines) WITH ORDINALITY AS found (line, place)) WHERE order_id = :order_id"
)


async def save_mall(connection: AsyncConnection, mall: RecordMall) -> None:
    """An older word never overwrites a newer one."""
    values = vars(mall)
    statement = insert(malls).values(values)
    changed = {name: statement.excluded[name] for name in values if name != "mall_id"}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["mall_id"], set_=changed, where=malls.c.changed_at <= statement.excluded.changed_at
        )
    )


async def save_order(connection: AsyncConnection, order: RecordOrder) -> None:
    values = vars(order) | {"lines": [dict(line) for line in order.lines]}
    statement = insert(orders).values(values)
    changed = {name: statement.excluded[name] for name in values if name != "order_id"}
    await connection.execute(statement.on_conflict_do_update(index_elements=["order_id"], set_=changed))


async def change_option(connection: AsyncConnection, option: RecordOption) -> None:
    given = {
        "order_id": option.order_id,
        "line_id": str(option.line_id),
        "variant_name": option.variant_name,
    }
    await connection.execute(_CHANGE_OPTION, given)


async def save_contact(connection: AsyncConnection, contact: RecordContact) -> None:
    """A newer one takes an older one's place: what is not sent yet goes there."""
    statement = insert(contacts).values(vars(contact))
    new = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["order_id"],
            set_={name: new[name] for name in ("name", "email", "phone", "recorded_at")},
            where=contacts.c.recorded_at < new.recorded_at,
        )
    )


def added(message: Message, now: datetime) -> CTE:
    """The part of a statement that adds the message. It gives no row where this fact was told before."""
    values = {
        "id": message.id,
        "kind": message.kind,
        "fact_id": message.fact_id,
        "order_id": message.order_id,
        "mall_id": message.mall_id,
        "fact_at": message.fact_at,
        "expires_at": message.expires_at,
        "data": dict(message.data),
        "trace": dict(message.trace),
        "created_at": now,
    }
    return insert(messages).values(values).on_conflict_do_nothing().returning(messages.c.id).cte("added")


async def lock_messages(connection: AsyncConnection, delivery_ids: Iterable[UUID]) -> dict[UUID, Message]:
    """The messages of these deliveries, by id. Deliveries we do not know have none.

    Whoever ends a delivery holds its message, so that the last of them to fail is known to be the last. NO KEY: the
    foreign key of a delivery saved by another takes a share of the key, and must not wait for us.
    """
    theirs = select(deliveries.c.message_id).where(deliveries.c.id.in_(list(delivery_ids)))
    whole: Select[Any] = select(messages.c.id.label("message_id"), messages.c.order_id, messages.c.fact_at, *MESSAGE)
    held = whole.where(messages.c.id.in_(theirs)).order_by(messages.c.id).with_for_update(key_share=True)
    return {row.message_id: message_of(row) for row in await connection.execute(held)}


async def forget(connection: AsyncConnection, before: datetime) -> int:
    """Erases contacts recorded before this moment and the addresses of their deliveries.

    One whose address is in use this very moment waits for the next time: afterwards nobody would find that address.
    """
    in_use = exists().where(
        deliveries.c.order_id == contacts.c.order_id,
        deliveries.c.ended_at.is_(None),
        deliveries.c.recipient.is_not(None),
    )
    gone = delete(contacts).where(contacts.c.recorded_at < before, ~in_use).returning(contacts.c.order_id)
    order_ids = list(await connection.scalars(gone))
    await connection.execute(
        update(deliveries)
        .where(deliveries.c.order_id.in_(order_ids), deliveries.c.status.in_(sorted(FINAL)))
        .values(recipient=None)
    )
    return len(order_ids)


def message_of(row: Row[Any]) -> Message:
    """From the columns `MESSAGE`, beside those that its deliveries have too."""
    return Message(
        id=row.message_id,
        kind=Kind(row.kind),
        fact_id=row.fact_id,
        order_id=row.order_id,
        mall_id=row.mall_id,
        fact_at=row.fact_at,
        expires_at=row.expires_at,
        data=row.data,
        trace=row.trace,
    )


def letter_of(row: Row[Any]) -> Letter:
    """From the columns `LETTER`. A mall not heard of yet goes by its id."""
    order = Order(
        order_id=row.order_id,
        order_number=row.order_number,
        mall_id=row.mall_id,
        currency=row.currency,
        lines=tuple(_line(line) for line in row.lines),
        discount_amount=row.discount_amount,
        shipping_amount=row.shipping_amount,
        total_amount=row.total_amount,
        placed_at=row.placed_at,
    )
    mall = Mall(
        mall_id=row.mall_id,
        name=row.mall_name or row.mall_id,
        storefront_url=row.storefront_url,
        support_email=row.support_email,
        support_phone=row.support_phone,
    )
    return Letter(message_of(row), order, mall, row.customer or "고객", row.claimed or ())


def _line(line: Mapping[str, Any]) -> Line:
    return Line(UUID(line["line_id"]), line["product_name"], line.get("variant_name"), line["quantity"], line["amount"])
