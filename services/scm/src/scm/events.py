"""What scm says, translated from the domain."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from contracts.shipments import ShipmentCancelDecided, ShipmentLine, ShipmentStatus, ShipmentUpdated, StockCounted
from scm.commands import CountStock
from scm.domain.cancel import Cancel, CancelState
from scm.domain.carrier import CarrierTable
from scm.domain.shipment import ShipmentMoved


def shipment_updated(event: ShipmentMoved, carriers: CarrierTable, now: datetime) -> ShipmentUpdated:
    shipment, parcel = event.shipment, event.parcel
    carrier = carriers.get(parcel.carrier) if parcel else None
    return ShipmentUpdated(
        shipment_id=event.part_id,
        order_id=shipment.order_id,
        order_number=shipment.order_number,
        mall_id=shipment.mall_id,
        centre=shipment.centre,
        status=ShipmentStatus(event.status.value),
        carrier=parcel.carrier if parcel else None,
        carrier_name=carrier.name if carrier else None,
        waybill=parcel.waybill if parcel else None,
        tracking_url=carrier.tracking_url(parcel.waybill) if carrier and parcel else None,
        reason=event.reason,
        lines=tuple(ShipmentLine(line_id=unit.line_id, sku=unit.sku, quantity=unit.quantity) for unit in event.lines),
        order_shipped=shipment.order_shipped,
        order_delivered=shipment.order_delivered,
        occurred_at=now,
    )


def cancel_decided(cancel: Cancel, now: datetime) -> ShipmentCancelDecided:
    return ShipmentCancelDecided(
        order_id=cancel.stop.order_id,
        cancel_id=cancel.stop.cancel_id,
        mall_id=cancel.stop.mall_id,
        accepted=cancel.state is CancelState.ACCEPTED,
        reason=cancel.answer.value if cancel.answer else None,
        occurred_at=now,
    )


def stock_counted(command: CountStock, ids: dict[str, UUID], now: datetime) -> list[StockCounted]:
    """One event per SKU, each with an id of its own: it can be counted, and forgotten, by itself."""
    return [
        StockCounted(count_id=ids[sku], centre=command.centre, sku=sku, on_hand=on_hand, counted_at=now)
        for sku, on_hand in command.items
    ]
