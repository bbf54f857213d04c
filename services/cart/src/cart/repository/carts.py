"""Carts and their lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, false, func, literal, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import CreateCart, Holder, OpenMemberCart
from cart.domain.cart import Cart, Status
from cart.domain.quote import Line
from cart.tables import cart_lines, carts, frozen_quotes, malls

_STATE = (
    "status", "frozen_order_id", "frozen_at", "ordered_order_id", "ordered_at", "changed_at", "abandoned_at",
    "coupon_codes", "member_id", "member_tier", "channel", "merged_into",
)  # fmt: skip

_LINE = func.jsonb_build_array(cart_lines.c.id, cart_lines.c.sku, cart_lines.c.quantity)
_LINES = (
    select(func.jsonb_agg(aggregate_order_by(_LINE, cart_lines.c.id)))
    .where(cart_lines.c.cart_id == carts.c.id)
    .correlate(carts)
    .scalar_subquery()
    .label("lines")
)
_seen = carts.alias("seen")
_IS_AS_SEEN = (
    (select(literal_column("seen.xmin")).where(_seen.c.id == carts.c.id).correlate(carts).scalar_subquery())
    == literal_column("carts.xmin")
).label("is_as_seen")


async def create(connection: AsyncConnection, command: CreateCart, now: datetime) -> str | None:
    """Makes the cart in the mall's currency, and returns that; None when the mall is not known."""
    row = {
        "id": command.cart_id,
        "mall_id": command.mall_id,
        "channel": command.channel,
        "status": Status.OPEN,
        "token_hash": command.token_hash,
        "token_salt": command.token_salt,
        "line_count": 0,
        "created_at": now,
        "changed_at": now,
        "coupon_codes": [],
    }
    given = (literal(value, carts.c[name].type) for name, value in row.items())
    of_mall = select(*given, malls.c.currency).where(malls.c.mall_id == command.mall_id)
    made = carts.insert().from_select([*row, "currency"], of_mall).returning(carts.c.currency)
    currency: str | None = await connection.scalar(made)
    return currency


async def open_of_member(connection: AsyncConnection, command: OpenMemberCart, currency: str, now: datetime) -> bool:
    """Makes the member's open cart unless there is one. True: it was made. Waits for another that makes it now."""
    made = await connection.execute(
        insert(carts)
        .values(
            id=command.cart_id,
            mall_id=command.mall_id,
            channel=command.channel,
            currency=currency,
            status=Status.OPEN,
            token_hash=command.token_hash,
            token_salt=command.token_salt,
            line_count=0,
            created_at=now,
            changed_at=now,
            coupon_codes=[],
            member_id=command.member_id,
            member_tier=command.tier,
        )
        .on_conflict_do_nothing(
            index_elements=["mall_id", "member_id"],
            index_where=text("status = 'open' AND member_id IS NOT NULL"),
        )
        .returning(carts.c.id)
    )
    return made.first() is not None


async def of_member(connection: AsyncConnection, mall_id: str, member_id: UUID) -> Cart | None:
    """The member's open cart of the mall."""
    return await _one(connection, _open_of(mall_id, member_id))


async def lock_of_member(connection: AsyncConnection, mall_id: str, member_id: UUID) -> Cart | None:
    return await _one(connection, _open_of(mall_id, member_id).with_for_update(of=carts))


async def lock_all(connection: AsyncConnection, cart_ids: Collection[UUID]) -> dict[UUID, Cart]:
    """Locks the carts in the order of their ids, so that two merges never wait for each other in a ring."""
    rows = await connection.execute(
        select(carts).where(carts.c.id.in_(cart_ids)).order_by(carts.c.id).with_for_update()
    )
    found = rows.all()
    lines = await _lines(connection, [row.id for row in found])
    return {row.id: _cart(row, lines.get(row.id, ())) for row in found}


async def secret_of(connection: AsyncConnection, cart_id: UUID) -> tuple[bytes, bytes | None]:
    """The hash and the salt of the cart's token."""
    row = (await connection.execute(select(carts.c.token_hash, carts.c.token_salt).where(carts.c.id == cart_id))).one()
    return row.token_hash, row.token_salt


async def set_token(connection: AsyncConnection, cart_id: UUID, token_hash: bytes, salt: bytes) -> None:
    await connection.execute(carts.update().where(carts.c.id == cart_id).values(token_hash=token_hash, token_salt=salt))


async def token_salt(connection: AsyncConnection, cart_id: UUID) -> bytes | None:
    found: bytes | None = await connection.scalar(select(carts.c.token_salt).where(carts.c.id == cart_id))
    return found


async def find(connection: AsyncConnection, holder: Holder) -> Cart | None:
    """The cart, if the token is its own."""
    return await _one(connection, _held_by(holder))


async def lock(connection: AsyncConnection, holder: Holder) -> Cart | None:
    """As `find`; nobody else changes or freezes the cart until this transaction ends."""
    return await _one(connection, _held_by(holder).with_for_update(of=carts))


async def lock_frozen(connection: AsyncConnection, order_id: UUID) -> Cart | None:
    """Locks the cart that was frozen for the order."""
    of_order = select(frozen_quotes.c.cart_id).where(frozen_quotes.c.order_id == order_id).scalar_subquery()
    return await _one(connection, select(carts).where(carts.c.id == of_order).with_for_update(of=carts))


async def lock_by_id(connection: AsyncConnection, cart_id: UUID) -> Cart | None:
    return await _one(connection, select(carts).where(carts.c.id == cart_id).with_for_update(of=carts))


async def find_by_id(connection: AsyncConnection, cart_id: UUID) -> Cart | None:
    """Whoever holds it: for staff and for what the shop itself does."""
    return await _one(connection, select(carts).where(carts.c.id == cart_id))


async def lock_idle(connection: AsyncConnection, before: datetime, limit: int) -> list[Cart]:
    """Open carts with lines, left alone since `before` and not said so yet. Those being changed are left out."""
    rows = await connection.execute(
        select(carts)
        .where(
            carts.c.status == Status.OPEN,
            carts.c.line_count > 0,
            carts.c.abandoned_at.is_(None),
            carts.c.changed_at < before,
        )
        .order_by(carts.c.changed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = rows.all()
    lines = await _lines(connection, [row.id for row in found])
    return [_cart(row, lines.get(row.id, ())) for row in found]


async def save(connection: AsyncConnection, before: Cart, after: Cart) -> None:
    """Writes what differs. The cart must be locked."""
    gone = {line.id for line in before.lines} - {line.id for line in after.lines}
    if gone:
        await connection.execute(delete(cart_lines).where(cart_lines.c.id.in_(gone)))
    state = {name: getattr(after, name) for name in _STATE}
    saved = carts.update().where(carts.c.id == after.id).values(line_count=len(after.lines), **state)
    written = [{**asdict(line), "cart_id": after.id} for line in after.lines if line not in before.lines]
    if written:
        lines = insert(cart_lines).values(written)
        changed = {"quantity": lines.excluded.quantity}
        saved = saved.add_cte(lines.on_conflict_do_update(index_elements=["id"], set_=changed).cte("written"))
    await connection.execute(saved)


async def delete_old(connection: AsyncConnection, before: datetime, limit: int) -> int:
    """Deletes carts nobody changed since `before`, with their lines and quotes. Returns how many."""
    old = (
        select(carts.c.id)
        .where(carts.c.changed_at < before)
        .order_by(carts.c.changed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    result = await connection.execute(delete(carts).where(carts.c.id.in_(old.scalar_subquery())))
    return int(result.rowcount)


def _held_by(holder: Holder) -> Select[Any]:
    known: list[ColumnElement[bool]] = []
    if holder.token_hash is not None:
        known.append(carts.c.token_hash == holder.token_hash)
    if holder.member_id is not None:
        known.append(carts.c.member_id == holder.member_id)
    return select(carts).where(carts.c.id == holder.cart_id, or_(false(), *known))


def _open_of(mall_id: str, member_id: UUID) -> Select[Any]:
    return select(carts).where(
        carts.c.mall_id == mall_id, carts.c.member_id == member_id, carts.c.status == Status.OPEN
    )


async def _one(connection: AsyncConnection, query: Select[Any]) -> Cart | None:
    """With its lines in the same statement. Who had to wait for the lock was given them as they were before the wait:
    then the row is not the one that the statement saw at its start, and they are read again.
    """
    row = (await connection.execute(query.add_columns(_LINES, _IS_AS_SEEN))).one_or_none()
    if row is None:
        return None
    if not row.is_as_seen:
        return _cart(row, (await _lines(connection, [row.id])).get(row.id, ()))
    return _cart(row, tuple(Line(UUID(line_id), sku, quantity) for line_id, sku, quantity in row.lines or ()))


async def _lines(connection: AsyncConnection, cart_ids: Sequence[UUID]) -> dict[UUID, tuple[Line, ...]]:
    """The lines of several carts, each cart's in the order in which they were added."""
    rows = await connection.execute(
        select(cart_lines).where(cart_lines.c.cart_id.in_(cart_ids)).order_by(cart_lines.c.id)
    )
    found: dict[UUID, tuple[Line, ...]] = {}
    for row in rows:
        found[row.cart_id] = (*found.get(row.cart_id, ()), Line(row.id, row.sku, row.quantity))
    return found


def _cart(row: Row[Any], lines: tuple[Line, ...]) -> Cart:
    return Cart(
        id=row.id,
        mall_id=row.mall_id,
        channel=row.channel,
        currency=row.currency,
        created_at=row.created_at,
        changed_at=row.changed_at,
        status=Status(row.status),
        lines=lines,
        frozen_order_id=row.frozen_order_id,
        frozen_at=row.frozen_at,
        ordered_order_id=row.ordered_order_id,
        ordered_at=row.ordered_at,
        abandoned_at=row.abandoned_at,
        coupon_codes=tuple(row.coupon_codes),
        member_id=row.member_id,
        member_tier=row.member_tier,
        merged_into=row.merged_into,
    )
