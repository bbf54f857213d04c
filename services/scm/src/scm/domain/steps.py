"""What a centre, a carrier or the staff can do with a shipment. `RULES` says which command a status allows.

Every function is safe to repeat: a step that was taken already changes nothing and says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from common.errors import DomainError
from scm import errors
from scm.commands import (
    AcceptShipment,
    DeliverParcels,
    MoveParcel,
    PackedLine,
    ReassignShipment,
    RecordWaybill,
    RejectShipment,
)
from scm.domain.parcel import Packed, Parcel, ParcelStatus
from scm.domain.shipment import Decision, Line, Shipment, Stage, Status, moved, parcel_moved


class May(StrEnum):
    """`DO`: the step is taken. `SAME`: it was taken before, nothing changes."""

    DO = "does"
    SAME = "nothing changes"


Rule = May | type[DomainError]
_C, _S = errors.ShipmentCancelled, errors.ShipmentAlreadyShipped

# Columns in the order of Status: requested, accepted, rejected, partly shipped, shipped, in transit, delivered,
# cancelled.
_TABLE: dict[type, tuple[Rule, ...]] = {
    AcceptShipment: (May.DO, May.SAME, errors.ShipmentRejected, May.SAME, May.SAME, May.SAME, May.SAME, _C),
    # A centre that rejected may say better what it lacks.
    RejectShipment: (May.DO, May.DO, May.DO, May.DO, _S, _S, _S, _C),
    # A centre that rejected and then ships all the same has shipped: the truth is on the road.
    RecordWaybill: (May.DO, May.DO, May.DO, May.DO, _S, _S, _S, _C),
    MoveParcel: (May.DO, errors.ShipmentNotShipped, May.DO, May.DO, May.DO, May.DO, May.SAME, _C),
    DeliverParcels: (May.DO, errors.ShipmentNotShipped, May.DO, May.DO, May.DO, May.DO, May.SAME, _C),
    ReassignShipment: (
        May.DO, errors.ShipmentAlreadyAccepted, May.DO, errors.ShipmentAlreadyAccepted, _S, _S, _S, _C,
    ),
}  # fmt: skip
RULES: dict[type, dict[Status, Rule]] = {
    command: dict(zip(Status, row, strict=True)) for command, row in _TABLE.items()
}

_DETAIL = {
    errors.ShipmentCancelled: "it was cancelled or given up; do not ship it",
    errors.ShipmentRejected: "the centre rejected this request; it can be assigned again",
    errors.ShipmentAlreadyAccepted: "the centre has accepted this request",
    errors.ShipmentAlreadyShipped: "everything of this request has been shipped",
    errors.ShipmentNotShipped: "nothing of this request has been shipped",
}


def _allowed(shipment: Shipment, command: object) -> bool:
    """False: taken before. Raises the refusal of the table."""
    rule = RULES[type(command)][shipment.status]
    if isinstance(rule, May):
        return rule is May.DO
    raise rule(_DETAIL[rule], shipment_status=shipment.status.value)


def accept(shipment: Shipment, command: AcceptShipment) -> Decision:
    if not _allowed(shipment, command):
        return Decision(shipment)
    _same_revision(shipment, command.revision)
    accepted = shipment.to(stage=Stage.ACCEPTED, reason=None, short=())
    return Decision(accepted, (moved(accepted, accepted.open_units),))


def reject(shipment: Shipment, command: RejectShipment) -> Decision:
    """Said anew, the latest word counts; it is an event again only with another reason, which is all that one tells."""
    _allowed(shipment, command)
    again = shipment.status is Status.REJECTED and shipment.reason == command.reason
    if again and dict(shipment.said_short) == dict(command.short):
        return Decision(shipment)
    rejected = shipment.to(stage=Stage.REJECTED, reason=command.reason, short=command.short, said_short=command.short)
    return Decision(rejected, () if again else (moved(rejected, rejected.open_units, reason=command.reason),))


def reassign(shipment: Shipment, command: ReassignShipment) -> Decision:
    """The units that are left go to another centre, or once more to the same."""
    _allowed(shipment, command)
    if shipment.status is Status.REQUESTED and shipment.centre == command.centre:
        return Decision(shipment)
    assigned = shipment.to(stage=Stage.REQUESTED, centre=command.centre, reason=None, short=())
    return Decision(assigned, (moved(assigned, assigned.open_units),))


def ship(shipment: Shipment, command: RecordWaybill, now: datetime) -> Decision:
    """`command.waybill` has been checked and cleaned. The parcel that takes all that is left bears the request's id."""
    known = next((p for p in shipment.parcels if (p.carrier, p.waybill) == (command.carrier, command.waybill)), None)
    if known is not None:
        _same_contents(shipment, known, command.lines)
        return Decision(shipment)
    _allowed(shipment, command)
    _same_revision(shipment, command.revision)
    packed = shipment.open_units if command.lines is None else tuple(_pack(shipment, line) for line in command.lines)
    taken = {unit.line_id: unit.quantity for unit in packed}
    whole = sum(taken.values()) == shipment.left
    parcel_id = shipment.id if whole else command.parcel_id
    parcel = Parcel(parcel_id, command.carrier, command.waybill, packed, now, told_by=command.told_by)
    lines = tuple(replace(line, shipped=line.shipped + taken.get(line.line_id, 0)) for line in shipment.lines)
    # A waybill without an accept before it says that the centre works on the request.
    shipped = shipment.to(lines=lines, parcels=(*shipment.parcels, parcel), stage=Stage.ACCEPTED, reason=None)
    if whole:
        shipped = shipped.to(short=())
    return Decision(shipped, (parcel_moved(shipped, parcel),))


def move(shipment: Shipment, command: MoveParcel) -> Decision:
    """The carrier has it. A parcel that is further already stays where it is."""
    if not _allowed(shipment, command):
        return Decision(shipment)
    parcel = _parcel(shipment, command.parcel_id)
    if parcel.status is not ParcelStatus.SHIPPED:
        return Decision(shipment)
    return _with_parcel(shipment, replace(parcel, status=ParcelStatus.IN_TRANSIT))


def deliver(shipment: Shipment, command: DeliverParcels) -> Decision:
    """One event per parcel; the last one of the order says so."""
    if not _allowed(shipment, command):
        return Decision(shipment)
    if not shipment.parcels:
        raise errors.ShipmentNotShipped(_DETAIL[errors.ShipmentNotShipped], shipment_status=shipment.status.value)
    wanted = [
        parcel
        for parcel in shipment.parcels
        if command.parcel_id in (None, parcel.id) and command.waybill in (None, parcel.waybill)
    ]
    if not wanted:
        raise errors.ParcelUnknown("this request has no such parcel")
    decision = Decision(shipment)
    for parcel in wanted:
        if parcel.status is not ParcelStatus.DELIVERED:
            delivered = replace(parcel, status=ParcelStatus.DELIVERED, delivered_at=command.delivered_at)
            step = _with_parcel(decision.state, delivered)
            decision = Decision(step.state, decision.events + step.events)
    return decision


def _with_parcel(shipment: Shipment, changed: Parcel) -> Decision:
    parcels = tuple(changed if parcel.id == changed.id else parcel for parcel in shipment.parcels)
    after = shipment.to(parcels=parcels)
    return Decision(after, (parcel_moved(after, changed),))


def _parcel(shipment: Shipment, parcel_id: object) -> Parcel:
    found = next((parcel for parcel in shipment.parcels if parcel.id == parcel_id), None)
    if found is None:
        raise errors.ParcelUnknown("this request has no such parcel")
    return found


def _same_revision(shipment: Shipment, revision: int | None) -> None:
    if revision is not None and revision != shipment.revision:
        raise errors.ShipmentChanged(
            "units were cancelled since you read this request; read it again before packing", revision=shipment.revision
        )


def _line(shipment: Shipment, wanted: PackedLine) -> Line:
    line = shipment.line(wanted.line_id)
    if line is None or wanted.sku not in (None, line.sku):
        raise errors.LineUnknown(f"this request has no line {wanted.line_id} of that SKU", line_id=str(wanted.line_id))
    return line


def _pack(shipment: Shipment, wanted: PackedLine) -> Packed:
    line = _line(shipment, wanted)
    quantity = line.left if wanted.quantity is None else wanted.quantity
    if not 0 < quantity <= line.left:
        raise errors.LineNotOpen(
            f"{line.left} units of line {line.line_id} are left to ship", line_id=str(line.line_id), left=line.left
        )
    return Packed(line.line_id, line.sku, quantity)


def _same_contents(shipment: Shipment, parcel: Parcel, lines: tuple[PackedLine, ...] | None) -> None:
    """A repeat may leave the lines out; if it names them, they must be the parcel's."""
    if lines is None:
        return
    held = {unit.line_id: unit.quantity for unit in parcel.lines}
    said = {line.line_id: line.quantity for line in lines}
    same = said.keys() == held.keys() and all(quantity in (None, held[key]) for key, quantity in said.items())
    for line in lines:
        _line(shipment, line)
    if not same:
        raise errors.WaybillUsed("this waybill is on a parcel of this request with other contents")
