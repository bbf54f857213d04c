"""What the tracking API said about a parcel."""

from __future__ import annotations

from datetime import datetime

from common.db import Tx
from scm.commands import DeliverParcels, MoveParcel
from scm.domain.carrier import CarrierTable
from scm.domain.tracking import Reading
from scm.handlers.steps import deliver_parcels, move_parcel
from scm.repository import tracking
from scm.repository.tracking import Watched


async def record_reading(
    parcel: Watched, reading: Reading, tx: Tx, carriers: CarrierTable, *, next_at: datetime | None
) -> None:
    """Moves the parcel forward, never back."""
    if reading.delivered_at is not None:
        # A carrier's clock may be ahead of ours.
        at = min(reading.delivered_at, tx.now)
        command = DeliverParcels(parcel.shipment_id, at, parcel_id=parcel.parcel_id)
        await deliver_parcels(command, tx, carriers)
        next_at = None
    elif reading.moving:
        await move_parcel(MoveParcel(parcel.shipment_id, parcel.parcel_id), tx, carriers)
    # Known but no news of it yet is an answer too: the waits start anew.
    await tracking.note(tx.connection, parcel.parcel_id, next_at=next_at, misses=0, now=tx.now, events=reading.events)


async def record_miss(parcel: Watched, tx: Tx, *, next_at: datetime | None) -> None:
    await tracking.note(tx.connection, parcel.parcel_id, next_at=next_at, misses=parcel.misses + 1, now=tx.now)
