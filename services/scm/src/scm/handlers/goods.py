"""What catalog tells of its SKUs, and what waits for it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from common.db import Tx
from scm import events
from scm.commands import RecordGoods
from scm.domain import goods as domain
from scm.domain.shipment import Shipment
from scm.repository import goods, shipments


async def record_goods(command: RecordGoods, tx: Tx) -> bool:
    """True: something is new."""
    return await goods.record(tx.connection, command)


async def wait_for_goods(shipment: Shipment, tx: Tx, patience: timedelta) -> Shipment:
    """The shipment as it must wait now; not written, and told by `tell_wait` once it is."""
    known = await goods.known(tx.connection, (line.sku for line in shipment.lines))
    return domain.held(shipment, known, tx.now, patience)


def tell_wait(before: Shipment | None, after: Shipment, tx: Tx) -> None:
    """Says when goods leave that were sold before their release, when that moves, and when they wait no more."""
    was = before.release_at if before else None
    over = after.release_at is None and not after.left
    if after.release_at != was and not over:
        tx.publish(events.shipment_held(after, tx.now))


async def let_go(after: UUID, tx: Tx, patience: timedelta, *, limit: int) -> list[UUID]:
    """Looks at shipments with ids beyond `after` that may have waited long enough. Returns which it looked at."""
    due = await goods.lock_due(tx.connection, tx.now, after, limit)
    for shipment_id in due:
        before = await shipments.lock(tx.connection, shipment_id)
        now_held = await wait_for_goods(before, tx, patience)
        await shipments.save(tx.connection, before, now_held, tx.now)
        tell_wait(before, now_held, tx)
    return due
