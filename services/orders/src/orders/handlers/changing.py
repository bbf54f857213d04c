"""The one way an order changes: its row locked, a pure decision, what differs saved, what happened told."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from common.db import Tx
from orders import events
from orders.domain import Decision, Order
from orders.repository import history, orders


async def change(order_id: UUID, tx: Tx, decide: Callable[[Order], Decision]) -> Order:
    before = await orders.lock(tx.connection, order_id)
    return await settle(before, decide(before), tx)


async def change_if_free(order_id: UUID, tx: Tx, decide: Callable[[Order], Decision]) -> bool:
    before = await orders.lock_if_free(tx.connection, order_id)
    if before is None:
        return False
    await settle(before, decide(before), tx)
    return True


async def settle(before: Order, decision: Decision, tx: Tx) -> Order:
    await orders.save(tx.connection, before, decision.order)
    await tell(decision, tx)
    return decision.order


async def tell(decision: Decision, tx: Tx) -> None:
    order = decision.order
    await history.append(tx.connection, order.order_id, order.status, decision.facts, tx.now)
    tx.publish(*events.told(decision, tx.now))
