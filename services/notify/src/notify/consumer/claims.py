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
    ClaimKind,
    ClaimLine,
    ClaimRejected,
    ClaimRequested,
    ClaimWithdrawn,
    ReplacementStopped,
    SettledLine,
    StoppedLine,
)
from contracts.shipments import ReturnUpdated
from notify.commands import Tell
from notify.consumer.telling import Teller, parcel, some_of
from notify.domain import options
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
        ReplacementStopped: hears.on_replacement_stopped,
        ReturnUpdated: hears.on_return_updated,
    }


def found(lines: Sequence[SettledLine], kind: ClaimKind) -> dict[str, Any]:
    """`lines` are the units that came, without lines of which nothing did; `came` and `missing` count all units."""
    came = [(line, line.resellable + line.damaged) for line in lines]
    return {
        "lines": [_claimed(line, kind) | {"quantity": units} for line, units in came if units],
        "came": sum(units for _, units in came),
        "missing": sum(line.missing for line in lines),
    }


def stopped(line: StoppedLine) -> dict[str, Any]:
    """Named as what would have been sent, which need not be what the order's line names."""
    part = {
        "line_id": line.line_id,
        "quantity": line.quantity,
        "amount": line.amount,
        "product_name": line.product_name,
    }
    if line.variant_name or line.sku != line.bought_sku:
        part["option"] = options.named(line.variant_name, line.sku)
    return part


def _claimed(line: ClaimLine, kind: ClaimKind) -> dict[str, Any]:
    """Of an exchange also what is sent instead, the same again too. A claim that ends as a return sends nothing."""
    part: dict[str, Any] = {"line_id": line.line_id, "quantity": line.quantity}
    if kind == "return":
        return part
    return part | {
        "sku": line.sku,
        "variant_name": line.variant_name,
        "new_sku": line.replacement_sku or line.sku,
        "new_variant_name": line.replacement_variant_name,
    }


def _asked(event: ClaimRequested | ClaimApproved) -> dict[str, Any]:
    return {"lines": [_claimed(line, event.kind) for line in event.lines]}


class _Hears:
    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    async def on_requested(self, event: ClaimRequested, tx: Tx) -> None:
        data = {"requested_at": event.requested_at, **_asked(event)}
        await self._tell(event, Kind.CLAIM_REQUESTED, event.requested_at, data, tx)

    async def on_approved(self, event: ClaimApproved, tx: Tx) -> None:
        data = {"approved_at": event.approved_at, **_asked(event)}
        await self._tell(event, Kind.CLAIM_APPROVED, event.approved_at, data, tx)

    async def on_rejected(self, event: ClaimRejected, tx: Tx) -> None:
        """Why stands in no message: it was typed by a person, or is a word of programs."""
        await self._tell(event, Kind.CLAIM_REJECTED, event.rejected_at, {"rejected_at": event.rejected_at}, tx)

    async def on_withdrawn(self, event: ClaimWithdrawn, tx: Tx) -> None:
        await self._tell(event, Kind.CLAIM_WITHDRAWN, event.withdrawn_at, {"withdrawn_at": event.withdrawn_at}, tx)

    async def on_completed(self, event: ClaimCompleted, tx: Tx) -> None:
        data: dict[str, Any] = {"refund_amount": event.refund_amount, "completed_at": event.completed_at}
        data |= found(event.lines, event.kind)
        await self._tell(event, Kind.CLAIM_COMPLETED, event.completed_at, data, tx)

    async def on_replacement_stopped(self, event: ReplacementStopped, tx: Tx) -> None:
        moment = event.stopped_at
        data = {
            "claim_id": event.claim_id,
            "lines": [stopped(line) for line in event.lines],
            "refund_amount": event.refund_amount,
            "stopped_at": moment,
        }
        command = Tell(Kind.REPLACEMENT_STOPPED, event.stop_id, event.order_id, event.mall_id, moment, data)
        await self._teller.tell(command, tx)

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
