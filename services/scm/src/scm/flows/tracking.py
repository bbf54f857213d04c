"""Where the parcels are. Each parcel is asked for by itself and waits longer after each miss."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from common import log
from common.db import Database
from common.errors import UpstreamUnavailable
from scm.clients import Tracker
from scm.domain import tracking as reading
from scm.domain.carrier import CarrierTable
from scm.domain.tracking import Track
from scm.handlers.tracking import record_miss, record_reading
from scm.repository import tracking
from scm.repository.tracking import Watched

_log = log.get(__name__)
_BATCH = 20
# The tracking API reads the carriers' pages; a few at a time is what it bears.
_AT_ONCE = 5
_HELD = timedelta(minutes=2)
_CODE = "delivery_tracker"


@dataclass(frozen=True)
class Patience:
    """How often a parcel is asked for, and for how long at most."""

    every: timedelta
    give_up_after: timedelta


class TrackingFlow:
    def __init__(self, database: Database, tracker: Tracker, carriers: CarrierTable, patience: Patience) -> None:
        self._database = database
        self._tracker = tracker
        self._carriers = carriers
        self._patience = patience

    async def run(self) -> None:
        """Asks for every parcel whose time has come."""
        started = self._database.clock.now()
        while True:
            async with self._database.transaction() as tx:
                parcels = await tracking.take_due(tx.connection, started, _HELD, _BATCH)
            if not parcels:
                return
            gate = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(self._look(parcel, gate) for parcel in parcels))

    async def _look(self, parcel: Watched, gate: asyncio.Semaphore) -> None:
        carrier = self._carriers.get(parcel.carrier)
        carrier_id = carrier.codes.get(_CODE) if carrier else None
        if carrier_id is None or parcel.arrived:
            await self._nothing_to_ask(parcel)
            return
        track: Track | None = None
        async with gate:
            try:
                track = await self._tracker.track(carrier_id, parcel.waybill)
            except UpstreamUnavailable as away:
                _log.info("a parcel could not be asked for", carrier=parcel.carrier, why=away.detail)
        async with self._database.transaction() as tx:
            if track is None:
                await record_miss(parcel, tx, next_at=self._next(parcel, tx.now, parcel.misses + 1))
            else:
                found = reading.read(track, parcel.requested_at)
                await record_reading(parcel, found, tx, self._carriers, next_at=self._next(parcel, tx.now, 0))

    async def _nothing_to_ask(self, parcel: Watched) -> None:
        async with self._database.transaction() as tx:
            await tracking.note(tx.connection, parcel.parcel_id, next_at=None, misses=parcel.misses, now=tx.now)

    def _next(self, parcel: Watched, now: datetime, misses: int) -> datetime | None:
        until = parcel.shipped_at + self._patience.give_up_after
        return reading.next_look(now, self._patience.every, misses, until)
