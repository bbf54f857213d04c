"""What centres, carriers and staff do with a shipment. `centre` None means: whoever asks may touch any."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from common import log
from common.db import Tx
from scm.commands import (
    AcceptShipment,
    DeliverParcels,
    MoveParcel,
    ReassignShipment,
    RecordWaybill,
    RejectShipment,
)
from scm.domain import carrier as carrying
from scm.domain import shortage, steps
from scm.domain.carrier import CarrierTable
from scm.domain.shipment import Shipment
from scm.errors import CentreUnknown, DeliveredInFuture, ShipmentAtCentre, WaybillUsed
from scm.handlers.cancels import refuse_overtaken
from scm.handlers.taking import settle, take
from scm.repository import centres, goods, releases, shipments, waybills

_log = log.get(__name__)

# Carriers give a number out again after months.
_NUMBER_LIVES = timedelta(days=90)
# How far a centre's clock may be ahead of ours.
_CLOCKS_DIFFER = timedelta(minutes=5)


async def accept_shipment(
    command: AcceptShipment, tx: Tx, carriers: CarrierTable, *, centre: str | None = None
) -> Shipment:
    return await take(tx, command.shipment_id, carriers, lambda now: steps.accept(now, command), centre=centre)


async def reject_shipment(
    command: RejectShipment, tx: Tx, carriers: CarrierTable, *, centre: str | None = None
) -> Shipment:
    before = await shipments.lock(tx.connection, command.shipment_id, centre=centre)
    await _not_released(tx, before)
    decision = steps.reject(before, command)
    if decision.state != before:
        known = await goods.known(tx.connection, (line.sku for line in before.lines))
        shortage.check(before, command.short, known)
        _log.warning("a centre rejected a request", shipment_id=str(before.id), centre=before.centre)
    return await settle(tx, before, decision, carriers)


async def reassign_shipment(command: ReassignShipment, tx: Tx, carriers: CarrierTable) -> Shipment:
    if not await centres.takes_requests(tx.connection, command.centre):
        raise CentreUnknown(f"there is no centre {command.centre} that takes requests")
    before = await shipments.lock(tx.connection, command.shipment_id)
    await _not_released(tx, before)
    return await settle(tx, before, steps.reassign(before, command), carriers)


async def record_waybill(
    command: RecordWaybill, tx: Tx, carriers: CarrierTable, *, centre: str | None = None
) -> tuple[Shipment, tuple[str, ...]]:
    """The shipment and what looks odd about the number. Raises `WaybillInvalid`, `WaybillUsed` and the table's."""
    before = await shipments.lock(tx.connection, command.shipment_id, centre=centre)
    carrier = carriers.find(command.carrier)
    checked = carrying.check(carrier, command.waybill)
    clean = replace(command, carrier=carrier.code, waybill=checked.number)
    decision = steps.ship(before, clean, tx.now)
    elsewhere = await waybills.other_door(
        tx.connection,
        carrier=carrier.code,
        waybill=checked.number,
        shipment_id=before.id,
        order_id=before.order_id,
        since=tx.now - _NUMBER_LIVES,
    )
    if elsewhere is not None and decision.events:
        raise WaybillUsed(f"this waybill is on order {elsewhere}, which goes to another door")
    after = await settle(tx, before, decision, carriers)
    await refuse_overtaken(after, tx, carriers)
    return after, checked.warnings


async def move_parcel(command: MoveParcel, tx: Tx, carriers: CarrierTable) -> Shipment:
    return await take(tx, command.shipment_id, carriers, lambda now: steps.move(now, command))


async def deliver_parcels(
    command: DeliverParcels, tx: Tx, carriers: CarrierTable, *, centre: str | None = None
) -> Shipment:
    """The waybill may be written with hyphens and spaces, as where it was entered. Raises `DeliveredInFuture`."""
    if command.delivered_at > tx.now + _CLOCKS_DIFFER:
        raise DeliveredInFuture("the delivery is told for a time that has not come")
    named = command.waybill and carrying.bare(command.waybill)
    bare = replace(command, waybill=named)
    return await take(tx, command.shipment_id, carriers, lambda now: steps.deliver(now, bare), centre=centre)


async def _not_released(tx: Tx, shipment: Shipment) -> None:
    if await releases.open_of(tx.connection, shipment.id) is not None:
        raise ShipmentAtCentre("the polled centre holds a release of this request; it must be stopped there first")
