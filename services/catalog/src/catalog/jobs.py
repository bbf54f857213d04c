"""What time does: counters catch up with their movements, holds run out, offers begin and end, abandoned uploads go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from catalog.commands import ExpireHold, TurnOffers
from catalog.flows import Media, Rendering, Transfers
from catalog.handlers import offers
from catalog.handlers.reservations import expire_hold
from catalog.handlers.stock import post_pending, tell_set
from catalog.repository import compositions, products, reservations, searching, stock
from common.db import Database
from common.jobs import Job

_BATCH = 200


def jobs(
    database: Database,
    media: Media,
    transfers: Transfers,
    rendering: Rendering,
    *,
    post_seconds: float,
    expire_seconds: float,
) -> list[Job]:
    """Every process does what is often due: rows are their own locks, and nobody waits for a lease to move.

    Such a job looks before it opens a transaction: a commit empties the shelf of answers, and so does taking a lease.
    """

    return [
        Job("post-movements", post_seconds, partial(post_movements, database), alone=False),
        Job("expire-holds", expire_seconds, partial(expire_holds, database)),
        Job("turn-offers", 1, partial(turn_offers, database, media.public_url), alone=False),
        Job("tell-sets", 1, partial(tell_sets, database), alone=False),
        Job("follow-availability", 1, partial(follow_availability, database), alone=False),
        Job("learn-words", 5, partial(_all, learn_words, database), alone=False),
        Job("render-pictures", 2, rendering.work, alone=False),
        Job("transfers", 2, transfers.work, alone=False),
        Job("prepare-bodies", 60, partial(_all, prepare_bodies, database)),
        Job("old-transfers", 3600, transfers.remove_old),
        Job("abandoned-uploads", 3600, media.remove_abandoned),
        Job("dropped-renditions", 3600, media.remove_dropped),
    ]


async def _all(batch: Callable[[Database], Awaitable[int]], database: Database) -> None:
    """One batch after the other until there are no more."""
    while await batch(database):
        pass


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


async def turn_offers(database: Database, media_url: str) -> int:
    """Starts and ends sales and pre-orders whose moment has come, one transaction per product."""
    async with database.read() as connection:
        found = await products.turning(connection, database.clock.now(), _BATCH)
    for product_id in found:
        async with database.transaction() as tx:
            await offers.turn_offers(TurnOffers(product_id), tx, media_url)
    return len(found)


async def tell_sets(database: Database) -> int:
    """Tells about sets whose parts came or went."""
    async with database.read() as connection:
        found = await compositions.untold(connection, _BATCH)
    for each in found:
        async with database.transaction() as tx:
            await tell_set(each, tx)
    return len(found)


async def prepare_bodies(database: Database) -> int:
    """Brings a batch of products that an older version wrote into the form readers get now. 0: there are no more."""
    async with database.read() as connection:
        found = await products.unprepared(connection, _BATCH)
    for product_id in found:
        async with database.transaction() as tx:
            product = await products.lock(tx.connection, product_id)
            if product is not None:
                await products.prepare_anew(tx.connection, product)
    return len(found)


async def follow_availability(database: Database) -> int:
    """Lets products know that a SKU of theirs was sold out or came back: lists filter and count by it."""
    async with database.read() as connection:
        if not await searching.flips_wait(connection):
            return 0
    async with database.transaction() as tx:
        return await searching.follow_flips(tx.connection, _BATCH)


async def learn_words(database: Database) -> int:
    """Notes the words of a batch of products' names, to correct misspellings by. 0: all are known."""
    async with database.read() as connection:
        if not await searching.words_wait(connection):
            return 0
    async with database.transaction() as tx:
        return await searching.learn(tx.connection, _BATCH)
