"""Goods on their way to the customer."""

from __future__ import annotations

from typing import Any

from common.db import Tx
from common.processing import Handlers
from contracts.orders import OrderCompleted, OrderOptionChanged, OrderOptionChangeRefused
from contracts.shipments import ShipmentAddressDecided, ShipmentHeld, ShipmentStatus, ShipmentUpdated
from notify import handlers as does
from notify.commands import RecordOption, Tell
from notify.consumer.telling import Teller, at, parcel, some_of
from notify.domain.messages import Kind


def handlers(teller: Teller) -> Handlers:
    hears = _Hears(teller)
    return {
        ShipmentUpdated: hears.on_shipment_updated,
        ShipmentHeld: hears.on_shipment_held,
        ShipmentAddressDecided: hears.on_address_decided,
        OrderOptionChanged: hears.on_option_changed,
        OrderOptionChangeRefused: hears.on_option_change_refused,
        OrderCompleted: hears.on_order_completed,
    }


class _Hears:
    def __init__(self, teller: Teller) -> None:
        self._tell = teller.tell

    async def on_shipment_updated(self, event: ShipmentUpdated, tx: Tx) -> None:
        """Of a parcel only its leaving is told. What its exchange told names the replacements once this is written."""
        if event.status is not ShipmentStatus.SHIPPED:
            return
        kind = Kind.EXCHANGE_SHIPPED if event.claim_id else Kind.ORDER_SHIPPED
        data = parcel(event) | {"lines": some_of(event.lines)}
        if event.claim_id:
            data["claim_id"] = event.claim_id
        await self._tell(Tell(kind, event.shipment_id, event.order_id, event.mall_id, event.occurred_at, data), tx)

    async def on_shipment_held(self, event: ShipmentHeld, tx: Tx) -> None:
        """The day is told each time it is another; once it has come, that is told once."""
        moment = event.occurred_at
        if event.until is None:
            command = Tell(Kind.PREORDER_RELEASED, event.shipment_id, event.order_id, event.mall_id, moment)
        else:
            fact_id, data = at(event.shipment_id, moment), {"shipment_id": event.shipment_id, "until": event.until}
            command = Tell(Kind.PREORDER_HELD, fact_id, event.order_id, event.mall_id, moment, data, event.until)
        await self._tell(command, tx)

    async def on_address_decided(self, event: ShipmentAddressDecided, tx: Tx) -> None:
        """Without the address: whoever reads the message need not be who lives there."""
        kind = Kind.ADDRESS_CHANGED if event.accepted else Kind.ADDRESS_KEPT
        data = {"reason": event.reason, "decided_at": event.occurred_at}
        await self._tell(Tell(kind, event.change_id, event.order_id, event.mall_id, event.occurred_at, data), tx)

    async def on_option_changed(self, event: OrderOptionChanged, tx: Tx) -> None:
        await does.record_option(RecordOption(event.order_id, event.line_id, event.new_variant_name), tx)
        data = _options(event) | {"decided_at": event.changed_at}
        command = Tell(Kind.OPTION_CHANGED, event.change_id, event.order_id, event.mall_id, event.changed_at, data)
        await self._tell(command, tx)

    async def on_option_change_refused(self, event: OrderOptionChangeRefused, tx: Tx) -> None:
        data = _options(event) | {"reason": event.reason, "decided_at": event.refused_at}
        command = Tell(Kind.OPTION_KEPT, event.change_id, event.order_id, event.mall_id, event.refused_at, data)
        await self._tell(command, tx)

    async def on_order_completed(self, event: OrderCompleted, tx: Tx) -> None:
        data = {"by_customer": event.by_customer, "completed_at": event.completed_at}
        moment = event.completed_at
        await self._tell(Tell(Kind.ORDER_COMPLETED, event.order_id, event.order_id, event.mall_id, moment, data), tx)


def _options(event: OrderOptionChanged | OrderOptionChangeRefused) -> dict[str, Any]:
    named = ("product_name", "sku", "variant_name", "new_sku", "new_variant_name", "quantity")
    return {name: getattr(event, name) for name in named}
