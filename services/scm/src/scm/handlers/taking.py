"""The one way a shipment changes: its row locked, a pure decision, what differs saved, what happened published."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from common.db import Tx
from scm import events
from scm.domain.carrier import CarrierTable
from scm.domain.shipment import Decision, Shipment
from scm.repository import shipments


async def take(
    tx: Tx,
    shipment_id: UUID,
    carriers: CarrierTable,
    decide: Callable[[Shipment], Decision],
    *,
    centre: str | None = None,
) -> Shipment:
    """`centre`: only that centre's own. Raises `ShipmentNotFound` and what `decide` raises."""
    before = await shipments.lock(tx.connection, shipment_id, centre=centre)
    return await settle(tx, before, decide(before), carriers)


async def settle(tx: Tx, before: Shipment, decision: Decision, carriers: CarrierTable) -> Shipment:
    """Writes and says what was decided about a locked shipment."""
    await shipments.save(tx.connection, before, decision.state, tx.now)
    tx.publish(*(events.shipment_updated(event, carriers, tx.now) for event in decision.events))
    return decision.state
