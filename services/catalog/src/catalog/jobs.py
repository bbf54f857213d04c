"""What time does: counters catch up with their pending movements, holds run out, abandoned uploads go."""

from __future__ import annotations

from catalog.commands import ExpireHold
from catalog.flows import Media
from catalog.handlers.reservations import expire_hold
from catalog.handlers.stock import post_pending
from catalog.repository import reservations, stock
from common.db import Database
from common.jobs import Job

_BATCH = 200


def jobs(database: Database, media: Media, *, post_seconds: float, expire_seconds: float) -> list[Job]:
    """Every process posts: the row of a counter is its lock, and nobody waits for a lease to move."""

    async def post() -> None:
        await post_movements(database)

    async def expire() -> None:
        await expire_holds(database)

    return [
        Job("post-movements", post_seconds, post, alone=False),
        Job("expire-holds", expire_seconds, expire),
        Job("abandoned-uploads", 3600, media.remove_abandoned),
    ]


async def post_movements(database: Database) -> int:
    """Brings every counter up to date, one transaction per SKU, so that a hot one waits for nobody.

    A SKU that cannot be posted holds up no other; it is raised when all had their turn.
    """
    async with database.read() as connection:
        skus = await stock.pending_skus(connection)
    failed: Exception | None = None
    for sku in skus:
        try:
            async with database.transaction() as tx:
                await post_pending(sku, tx)
        except Exception as error:  # noqa: BLE001 - raised below
            failed = error
    if failed is not None:
        raise failed
    return len(skus)


async def expire_holds(database: Database) -> int:
    """Gives back what was held for orders that were never placed."""
    async with database.read() as connection:
        found = await reservations.run_out(connection, database.clock.now(), _BATCH)
    for order_id in found:
        async with database.transaction() as tx:
            await expire_hold(ExpireHold(order_id), tx)
    return len(found)
