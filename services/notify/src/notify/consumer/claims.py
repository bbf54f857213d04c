"""Goods on their way back: each step of a claim is told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from common.db import Tx
from common.processing import Handlers
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimRejected,
    ClaimRequested,
    ClaimWithdrawn,
    SettledLine,
)
from contracts.shipments import ReturnUpdated
from notify.commands import Tell
from notify.consumer.telling import Teller, parcel, some_of
from notify.domain.messages import Kind

_Claim = ClaimRequested | ClaimApproved | ClaimRejected | ClaimWithdrawn | ClaimCompleted


def handlers(teller: Teller) -> Handlers:
    hears = _Hears(teller)
    return {
        ClaimRequested: hears.on_requested,
        ClaimApproved: hears.on_approved,
        ClaimRejected: hears.on_rejected,
        ClaimWithdrawn: hears.on_withdrawn,
        ClaimCompleted: hears.on_completed,
        ReturnUpdated: hears.on_return_updated,
    }


def found(lines: Sequence[SettledLine]) -> dict[str, Any]:
    """`lines` are the units that came, without lines of which nothing did; `came` and `missing` count all units."""
    came = {line.line_id: line.resellable + line.damaged for line in lines}
    return {
        "lines": [{"line_id": line_id, "quantity": units} for line_id, units in came.items() if units],
        "came": sum(came.values()),
        "missing": sum(line.missing for line in lines),
    }


class _Hears:
    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    async def on_requested(self, event: ClaimRequested, tx: Tx) -> None:
        await self._tell(event, Kind.CLAIM_REQUESTED, event.requested_at, {"requested_at": event.requested_at}, tx)

    async def on_approved(self, event: ClaimApproved, tx: Tx) -> None:
        await self._tell(event, Kind.CLAIM_APPROVED, event.approved_at, {"approved_at": event.approved_at}, tx)

    async def on_rejected(self, event: ClaimRejected, tx: Tx) -> None:
        """Why stands in no message: it was typed by a person, or is a word of programs."""
        await self._tell(event, Kind.CLAIM_REJECTED, event.rejected_at, {"rejected_at": event.rejected_at}, tx)

    async def on_withdrawn(self, event: ClaimWithdrawn, tx: Tx) -> None:
        await self._tell(event, Kind.CLAIM_WITHDRAWN, event.withdrawn_at, {"withdrawn_at": event.withdrawn_at}, tx)

    async def on_completed(self, event: ClaimCompleted, tx: Tx) -> None:
        data = {"refund_amount": event.refund_amount, "completed_at": event.completed_at, **found(event.lines)}
        await self._tell(event, Kind.CLAIM_COMPLETED, event.completed_at, data, tx)

    async def on_return_updated(self, event: ReturnUpdated, tx: Tx) -> None:
        """Only that the carrier has the goods; that they arrived is told with what follows from it. A corrected
        waybill is no news to the customer."""
        if event.status != "picked_up":
            return
        moment, data = event.occurred_at, parcel(event)
        command = Tell(Kind.CLAIM_COLLECTED, event.claim_id, event.order_id, event.mall_id, moment, data)
        await self._teller.tell(command, tx)

    async def _tell(self, event: _Claim, kind: Kind, moment: datetime, data: Mapping[str, Any], tx: Tx) -> None:
        about = {"claim_kind": event.kind, "lines": some_of(event.lines)}
        command = Tell(kind, event.claim_id, event.order_id, event.mall_id, moment, about | dict(data))
        await self._teller.tell(command, tx)
