"""Allowances and what orders have taken of them. Locks are taken in the order of ids, so nobody waits in a ring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.domain.promotions.allowances import Allowance, State, Taken, change
from cart.domain.quote import Use
from cart.tables import allowance_returns, allowance_uses, allowances

_COUNTED = (State.HELD, State.USED)


async def put(connection: AsyncConnection, kind: str, allowance: Allowance) -> None:
    """Makes the allowance or changes its limits; what was taken stays taken."""
    limits = {"most": allowance.most, "per_member": allowance.per_member}
    await connection.execute(
        insert(allowances)
        .values(id=allowance.id, kind=kind, taken=0, **limits)
        .on_conflict_do_update(index_elements=["id"], set_=limits)
    )


async def put_many(connection: AsyncConnection, kind: str, ids: Sequence[UUID], most: int) -> None:
    rows = [{"id": each, "kind": kind, "most": most, "taken": 0} for each in ids]
    await connection.execute(allowances.insert(), rows)


async def lock(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, Allowance]:
    rows = await connection.execute(
        select(allowances).where(allowances.c.id.in_(ids)).order_by(allowances.c.id).with_for_update()
    )
    return {row.id: Allowance(row.id, row.most, row.per_member, row.taken) for row in rows}


async def of_member(connection: AsyncConnection, ids: Collection[UUID], member_id: UUID) -> dict[UUID, int]:
    """How many units the member has taken of each. Exact only while the allowances are locked."""
    rows = await connection.execute(
        select(allowance_uses.c.allowance_id, func.sum(allowance_uses.c.units - allowance_uses.c.returned_units))
        .where(
            allowance_uses.c.allowance_id.in_(ids),
            allowance_uses.c.member_id == member_id,
            allowance_uses.c.state.in_(_COUNTED),
        )
        .group_by(allowance_uses.c.allowance_id)
    )
    return {allowance_id: int(units) for allowance_id, units in rows}


async def held_by_cart(connection: AsyncConnection, cart_id: UUID) -> frozenset[UUID]:
    """The allowances that orders of this cart hold which were not placed yet."""
    found = await connection.scalars(
        select(allowance_uses.c.allowance_id).where(
            allowance_uses.c.cart_id == cart_id, allowance_uses.c.state == State.HELD
        )
    )
    return frozenset(found)


async def lock_of_order(connection: AsyncConnection, order_id: UUID) -> list[Taken]:
    rows = await connection.execute(
        select(allowance_uses)
        .where(allowance_uses.c.order_id == order_id)
        .order_by(allowance_uses.c.allowance_id)
        .with_for_update()
    )
    return [_taken(row) for row in rows]


async def lock_lapsed(connection: AsyncConnection, before: datetime, limit: int) -> list[Taken]:
    """Held since before `before`. What others work on is left out."""
    rows = await connection.execute(
        select(allowance_uses)
        .where(allowance_uses.c.state == State.HELD, allowance_uses.c.held_at < before)
        .order_by(allowance_uses.c.held_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_taken(row) for row in rows]


async def hold(
    connection: AsyncConnection, order_id: UUID, buyer: tuple[UUID, UUID | None], uses: Sequence[Use], now: datetime
) -> None:
    """Takes the units for the order. `buyer` is the cart and its member; the allowances must be locked."""
    cart_id, member_id = buyer
    rows = [
        {
            "order_id": order_id,
            "allowance_id": use.allowance_id,
            "cart_id": cart_id,
            "member_id": member_id,
            "units": use.units,
            "state": State.HELD,
            "held_at": now,
            "changed_at": now,
        }
        for use in uses
    ]
    if rows:
        await connection.execute(allowance_uses.insert(), rows)
        await _count(connection, {use.allowance_id: use.units for use in uses})


async def move(connection: AsyncConnection, moves: Sequence[tuple[Taken, State]], now: datetime) -> None:
    """Writes new states and counts. The uses must be locked."""
    counts: dict[UUID, int] = {}
    for taken, state in moves:
        if state is taken.state:
            continue
        held_at = now if state is State.HELD else taken.held_at
        await connection.execute(
            update(allowance_uses)
            .where(allowance_uses.c.order_id == taken.order_id, allowance_uses.c.allowance_id == taken.allowance_id)
            .values(state=state, changed_at=now, held_at=held_at)
        )
        counts[taken.allowance_id] = counts.get(taken.allowance_id, 0) + change(taken.left, taken.state, state)
    await _count(connection, counts)


async def give_back(
    connection: AsyncConnection, fact_id: UUID, backs: Sequence[tuple[Taken, int]], now: datetime
) -> None:
    """So many units of each, once per fact. The uses must be locked, and counted."""
    for taken, units in backs:
        noted = await connection.execute(
            insert(allowance_returns)
            .values(fact_id=fact_id, allowance_id=taken.allowance_id, order_id=taken.order_id, units=units, at=now)
            .on_conflict_do_nothing()
            .returning(allowance_returns.c.units)
        )
        if noted.first() is None:
            continue
        await connection.execute(
            update(allowance_uses)
            .where(allowance_uses.c.order_id == taken.order_id, allowance_uses.c.allowance_id == taken.allowance_id)
            .values(returned_units=allowance_uses.c.returned_units + units, changed_at=now)
        )
        await _count(connection, {taken.allowance_id: -units})


async def refresh(connection: AsyncConnection, order_id: UUID, now: datetime) -> None:
    """The order is still being placed: its hold does not lapse yet."""
    await connection.execute(
        update(allowance_uses)
        .where(allowance_uses.c.order_id == order_id, allowance_uses.c.state == State.HELD)
        .values(held_at=now)
    )


async def _count(connection: AsyncConnection, changes: Mapping[UUID, int]) -> None:
    for allowance_id, by in sorted(changes.items()):
        if by:
            await connection.execute(
                update(allowances).where(allowances.c.id == allowance_id).values(taken=allowances.c.taken + by)
            )


def _taken(row: Row[Any]) -> Taken:
    return Taken(row.order_id, row.allowance_id, row.units, State(row.state), row.held_at, row.returned_units)
