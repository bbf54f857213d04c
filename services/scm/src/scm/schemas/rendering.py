"""From state to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from scm.commands import ShipTo
from scm.domain.carrier import CarrierTable
from scm.domain.goods import Known, picked
from scm.domain.parcel import Packed, Parcel
from scm.domain.shipment import Shipment, Status
from scm.schemas.views import (
    LineView,
    ParcelView,
    PartView,
    RequestView,
    ShipmentsView,
    ShipmentView,
    ShipToView,
    TrackEventView,
    UnitView,
)


def request_view(
    shipment: Shipment,
    carriers: CarrierTable,
    *,
    ship_to: ShipTo | None = None,
    attention: str | None = None,
    warnings: tuple[str, ...] = (),
    known: Known,
) -> RequestView:
    return RequestView(
        id=shipment.id,
        order_id=shipment.order_id,
        order_number=shipment.order_number,
        claim_id=shipment.claim_id,
        mall_id=shipment.mall_id,
        centre=shipment.centre,
        status=shipment.status.value,
        revision=shipment.revision,
        reason=shipment.reason,
        attention=attention,
        requested_at=shipment.requested_at,
        held_until=shipment.held_until,
        lines=[
            LineView(
                line_id=line.line_id,
                sku=line.sku,
                product_name=line.product_name,
                variant_name=line.variant_name,
                quantity=line.quantity - line.cancelled,
                left=line.left,
                parts=parts_view(line.sku, known),
            )
            for line in shipment.lines
            if line.quantity > line.cancelled
        ],
        pick=[PartView(sku=sku, quantity=units) for sku, units in picked(shipment.open_units, known)],
        short=[PartView(sku=sku, quantity=units) for sku, units in shipment.short],
        parcels=[ParcelView(**_parcel(parcel, carriers)) for parcel in shipment.parcels],
        ship_to=ShipToView(**vars(ship_to)) if ship_to else None,
        warnings=list(warnings),
    )


def parts_view(sku: str, known: Known) -> list[PartView]:
    """What is in one unit of a set; empty for anything else."""
    goods = known.get(sku)
    return [PartView(sku=part.sku, quantity=part.quantity) for part in goods.parts] if goods else []


def shipments_view(
    found: Sequence[Shipment], carriers: CarrierTable, events: dict[UUID, list[dict[str, str]]]
) -> ShipmentsView:
    """An order's parcels, then what has not left yet, or a cancelled request; then the same of its exchanges."""
    return ShipmentsView(items=[item for shipment in found for item in _items(shipment, carriers, events)])


def _items(shipment: Shipment, carriers: CarrierTable, events: dict[UUID, list[dict[str, str]]]) -> list[ShipmentView]:
    items = [
        ShipmentView(
            **_parcel(parcel, carriers),
            claim_id=shipment.claim_id,
            events=[TrackEventView.model_validate(event) for event in events.get(parcel.id, [])],
        )
        for parcel in shipment.parcels
    ]
    about: dict[str, Any] = {"id": shipment.id, "claim_id": shipment.claim_id}
    if shipment.left:
        units = _units(shipment.open_units)
        about |= {"status": shipment.stage.value, "release_at": shipment.release_at}
        items.append(ShipmentView(**about, lines=units))
    elif shipment.status is Status.CANCELLED:
        gone = [Packed(line.line_id, line.sku, line.cancelled) for line in shipment.lines]
        items.append(ShipmentView(**about, status=shipment.status.value, lines=_units(tuple(gone))))
    return items


def _parcel(parcel: Parcel, carriers: CarrierTable) -> dict[str, Any]:
    carrier = carriers.get(parcel.carrier)
    return {
        "id": parcel.id,
        "status": parcel.status.value,
        "carrier": parcel.carrier,
        "carrier_name": carrier.name if carrier else None,
        "waybill": parcel.waybill,
        "tracking_url": carrier.tracking_url(parcel.waybill) if carrier else None,
        "lines": _units(parcel.lines),
        "shipped_at": parcel.shipped_at,
        "delivered_at": parcel.delivered_at,
    }


def _units(units: tuple[Packed, ...]) -> list[UnitView]:
    return [UnitView(line_id=unit.line_id, sku=unit.sku, quantity=unit.quantity) for unit in units]
