"""Time-driven work: carts left alone, carts nobody needs any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from cart import handlers
from common.db import Database, Tx
from common.jobs import Job

_BATCH = 100


def jobs(database: Database, *, idle: timedelta, kept: timedelta, held: timedelta) -> list[Job]:
    async def abandoned() -> None:
        await _in_batches(database, lambda tx: handlers.abandon_carts(idle, _BATCH, tx))

    async def old_carts() -> None:
        await _in_batches(database, lambda tx: handlers.delete_old_carts(kept, _BATCH, tx))

    async def lapsed_holds() -> None:
        await _in_batches(database, lambda tx: handlers.give_back_lapsed(held, _BATCH, tx))

    return [
        Job("abandoned-carts", 30, abandoned),
        Job("lapsed-holds", 60, lapsed_holds),
        Job("old-carts", 3600, old_carts),
    ]


async def _in_batches(database: Database, batch: Callable[[Tx], Awaitable[int]]) -> None:
    """A transaction for each batch, until one is not full: what it did stays done if the process dies."""
    while True:
        async with database.transaction() as tx:
            done = await batch(tx)
        if done < _BATCH:
            return
