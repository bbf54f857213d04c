"""A customer sent in to see whether the shop still works: their payment must reach their order."""

from __future__ import annotations

import time

from tests.chaos.load import Load
from tests.chaos.world import Broken, World

_STATUS = "SELECT status FROM orders.orders WHERE order_id = $1::uuid"


async def one_gets_through(world: World, load: Load, *, seconds: float = 30) -> float:
    """How long it took from paying until the order knew, which takes events both ways. Raises Broken."""
    visit = load.visit("window")
    await visit.come()
    if visit.order is None or not visit.end:
        raise Broken(f"a customer could not pay: {visit.refused or visit.wrong}")
    order_id, began = visit.order.id, time.monotonic()

    async def paid() -> bool:
        return await world.database.fetchval(_STATUS, order_id) not in {None, "pending_payment"}

    await world.until(paid, f"the order of customer {visit.number} is paid", seconds=seconds)
    return time.monotonic() - began
