"""What time does to orders: unpaid ones are given up, delivered ones completed. One transaction per order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from common import log
from common.db import Database, Tx, is_transient
from common.errors import DomainError
from common.jobs import Job
from orders import handlers
from orders.commands import CompleteOrder, ExpireOrder
from orders.repository import reads

_log = log.get(__name__)

_BATCH = 200
_FORGET_SECONDS = 3600


@dataclass(frozen=True)
class Terms:
    """`grace` after the time to pay; `account_grace` where a deposit is awaited and payments should say it is over."""

    grace: timedelta
    account_grace: timedelta
    complete_after: timedelta
    expire_seconds: float
    complete_seconds: float


def jobs(database: Database, terms: Terms) -> Sequence[Job]:
    async def expire() -> None:
        await expire_unpaid(database, terms)

    async def complete() -> None:
        await complete_delivered(database, terms)

    async def forget() -> None:
        async with database.transaction() as tx:
            await handlers.forget_look_ups(tx)

    return [
        Job("expire-unpaid-orders", terms.expire_seconds, expire),
        Job("complete-delivered-orders", terms.complete_seconds, complete),
        Job("forget-look-ups", _FORGET_SECONDS, forget),
    ]


async def expire_unpaid(database: Database, terms: Terms) -> int:
    """Returns how many orders were given up."""

    async def due() -> list[UUID]:
        now = database.clock.now()
        async with database.read() as connection:
            return await reads.unpaid_since(
                connection, due_before=now - terms.grace, account_due_before=now - terms.account_grace, limit=_BATCH
            )

    async def expire(order_id: UUID, tx: Tx) -> bool:
        return await handlers.expire_order(ExpireOrder(order_id, terms.grace, terms.account_grace), tx)

    return await _each(database, due, expire)


async def complete_delivered(database: Database, terms: Terms) -> int:
    """Returns how many orders were completed."""

    async def due() -> list[UUID]:
        before = database.clock.now() - terms.complete_after
        async with database.read() as connection:
            return await reads.delivered_since(connection, before, _BATCH)

    async def complete(order_id: UUID, tx: Tx) -> bool:
        return await handlers.complete_order(CompleteOrder(order_id, terms.complete_after), tx)

    return await _each(database, due, complete)


async def _each(
    database: Database, due: Callable[[], Awaitable[list[UUID]]], act: Callable[[UUID, Tx], Awaitable[bool]]
) -> int:
    """Goes on as long as orders are due and move. Returns how many did."""
    done = 0
    while True:
        order_ids = await due()
        before = done
        for order_id in order_ids:
            done += await _one(database, order_id, act)
        if len(order_ids) < _BATCH or done == before:
            return done


async def _one(database: Database, order_id: UUID, act: Callable[[UUID, Tx], Awaitable[bool]]) -> bool:
    """False for an order that changed since it was listed, that somebody else holds, or that fails: the next is tried.

    Raises what is the database's trouble and not the order's.
    """
    try:
        async with database.transaction() as tx:
            return await act(order_id, tx)
    except DomainError as refusal:
        _log.info("an order needs nothing any more", order_id=str(order_id), code=refusal.code)
    except Exception as error:
        if is_transient(error):
            raise
        _log.exception("an order failed; it comes up again at the next turn", order_id=str(order_id))
    return False
