"""The outside world as scm needs it. Calls that change something answer with an outcome, *Unknown* among them; calls
that only read raise `UpstreamUnavailable` when there is no answer."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from scm.domain.release import Draft, Outcome, Slip, SlipStatus
from scm.domain.tracking import Track


class PolledCentre(Protocol):
    """A centre that only answers."""

    async def release(self, draft: Draft) -> Outcome: ...

    async def cancel(self, slip_no: str, order_no: str) -> None:
        """Asks to stop a release. Whether it was stopped is read from `slip` afterwards."""

    async def slip(self, slip_no: str) -> Slip | None: ...

    async def find(self, order_no: str, day: date) -> Slip | None:
        """The release under our number, made on `day`."""

    async def slips(self, status: SlipStatus, start: date, end: date) -> list[Slip]: ...

    async def shelves(self) -> dict[str, int]:
        """By SKU, the units that could be sent and that no release holds."""


class Tracker(Protocol):
    async def track(self, carrier_id: str, waybill: str) -> Track | None:
        """None: the carrier does not know the number (yet)."""
