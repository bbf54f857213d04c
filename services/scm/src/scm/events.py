"""What scm says, translated from the domain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.shared import SkuQuantity
from contracts.shipments import (
    InspectedLine,
    ReplacementStopDecided,
    ReturnReceived,
    ReturnUpdated,
    ShipmentAddressDecided,
    ShipmentCancelDecided,
    ShipmentHeld,
    ShipmentLine,
    ShipmentOptionDecided,
    ShipmentStatus,
    ShipmentUpdated,
    StockCounted,
)
from scm.commands import ChangeAddress, ChangeOption, CountStock
from scm.domain.addressing import Unmoved
from scm.domain.cancel import Cancel, CancelState
from scm.domain.carrier import CarrierTable
from scm.domain.options import Unlike
from scm.domain.parcel import Packed
from scm.domain.returning import Return
from scm.domain.shipment import Shipment, ShipmentMoved, Units


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
        lines=_lines(event.lines),
        order_shipped=shipment.order_shipped,
        order_delivered=shipment.order_delivered,
        claim_id=shipment.claim_id,
        occurred_at=now,
    )


def address_decided(command: ChangeAddress, refusal: Unmoved | None, now: datetime) -> ShipmentAddressDecided:
    return ShipmentAddressDecided(
        order_id=command.order_id,
        change_id=command.change_id,
        mall_id=command.mall_id,
        accepted=refusal is None,
        reason=refusal.value if refusal else None,
        occurred_at=now,
    )


def option_decided(
    command: ChangeOption, refusal: Unmoved | Unlike | None, short: Units, now: datetime
) -> ShipmentOptionDecided:
    return ShipmentOptionDecided(
        order_id=command.order_id,
        change_id=command.change_id,
        mall_id=command.mall_id,
        accepted=refusal is None,
        reason=refusal.value if refusal else None,
        short=_by_sku(short),
        occurred_at=now,
    )


def cancel_decided(cancel: Cancel, now: datetime) -> ShipmentCancelDecided | ReplacementStopDecided:
    """To whoever asked: the order's cancel, or the exchange that is given up."""
    stop = cancel.stop
    told: dict[str, Any] = {
        "order_id": stop.order_id,
        "mall_id": stop.mall_id,
        "accepted": cancel.state is CancelState.ACCEPTED,
        "reason": cancel.answer.value if cancel.answer else None,
        "short": _by_sku(cancel.short),
        "occurred_at": now,
    }
    if stop.claim_id is None:
        return ShipmentCancelDecided(cancel_id=stop.cancel_id, **told)
    return ReplacementStopDecided(claim_id=stop.claim_id, stop_id=stop.cancel_id, lines=_lines(cancel.gone), **told)


def _lines(units: Iterable[Packed]) -> tuple[ShipmentLine, ...]:
    return tuple(ShipmentLine(line_id=unit.line_id, sku=unit.sku, quantity=unit.quantity) for unit in units)


def _by_sku(units: Units) -> tuple[SkuQuantity, ...]:
    return tuple(SkuQuantity(sku=sku, quantity=quantity) for sku, quantity in units)


def shipment_held(shipment: Shipment, now: datetime) -> ShipmentHeld:
    return ShipmentHeld(
        shipment_id=shipment.id,
        order_id=shipment.order_id,
        order_number=shipment.order_number,
        mall_id=shipment.mall_id,
        claim_id=shipment.claim_id,
        until=shipment.release_at,
        occurred_at=now,
    )


def return_updated(goods: Return, carriers: CarrierTable, now: datetime) -> ReturnUpdated:
    carrier = carriers.get(goods.carrier) if goods.carrier else None
    return ReturnUpdated(
        claim_id=goods.claim_id,
        order_id=goods.order_id,
        order_number=goods.order_number,
        mall_id=goods.mall_id,
        centre=goods.centre,
        status=goods.status.value,
        carrier=goods.carrier,
        carrier_name=carrier.name if carrier else None,
        waybill=goods.waybill,
        tracking_url=carrier.tracking_url(goods.waybill) if carrier and goods.waybill else None,
        occurred_at=now,
    )


def return_received(goods: Return, now: datetime) -> ReturnReceived:
    return ReturnReceived(
        claim_id=goods.claim_id,
        order_id=goods.order_id,
        mall_id=goods.mall_id,
        lines=tuple(
            InspectedLine(
                line_id=line.line_id,
                sku=line.sku,
                resellable=line.resellable,
                damaged=line.damaged,
                missing=line.missing,
            )
            for line in goods.lines
        ),
        occurred_at=now,
    )


def stock_counted(command: CountStock, ids: dict[str, UUID], now: datetime) -> list[StockCounted]:
    """One event per SKU, each with an id of its own: it can be counted, and forgotten, by itself."""
    return [
        StockCounted(count_id=ids[sku], centre=command.centre, sku=sku, on_hand=on_hand, counted_at=now)
        for sku, on_hand in command.items
    ]
