"""Said by scm. The key is the order: everything about getting one order to the door stays in order."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts import topics
from contracts.envelope import Event, Payload
from contracts.shared import MallId, Sku, SkuQuantity


class ShipmentStatus(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class ShipmentLine(Payload):
    line_id: UUID
    sku: Sku
    quantity: int


class ShipmentUpdated(Event):
    """A shipment took a step. Carrier, waybill and tracking link are there from `shipped` on.

    `order_shipped` and `order_delivered` tell whether with this step every open line of the order is so. `claim_id` is
    there for the replacements of an exchange; they say nothing about the order itself.
    """

    type: ClassVar[str] = "shipment-updated"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    shipment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: MallId
    centre: str
    status: ShipmentStatus
    carrier: str | None = None
    carrier_name: str | None = None
    waybill: str | None = None
    tracking_url: str | None = None
    reason: str | None = None
    lines: tuple[ShipmentLine, ...]
    order_shipped: bool = False
    order_delivered: bool = False
    claim_id: UUID | None = None
    occurred_at: datetime


class ShipmentHeld(Event):
    """Goods sold before their release wait for it, all of their order together. Said when they begin to wait, when the
    day moves, and without `until` when they wait no more: from then on the centre has them to ship."""

    type: ClassVar[str] = "shipment-held"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    shipment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: MallId
    claim_id: UUID | None = None
    until: datetime | None = None
    occurred_at: datetime


class ShipmentCancelDecided(Event):
    """The answer to `order-cancel-requested`: `accepted` means the goods were stopped and stay in the centre.

    `short`: those of the stopped units that the centre was asked for and does not have, as they would lie on its
    shelves: of a set its parts.
    """

    type: ClassVar[str] = "shipment-cancel-decided"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    order_id: UUID
    cancel_id: UUID
    mall_id: MallId
    accepted: bool
    reason: str | None = None
    short: tuple[SkuQuantity, ...] = ()
    occurred_at: datetime


class ShipmentAddressDecided(Event):
    """The answer to `order-address-change-requested`: `accepted` means the goods go to the new address."""

    type: ClassVar[str] = "shipment-address-decided"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    order_id: UUID
    change_id: UUID
    mall_id: MallId
    accepted: bool
    reason: str | None = None
    occurred_at: datetime


class ShipmentOptionDecided(Event):
    """The answer to `order-option-change-requested`: `accepted` means the new variant is sent instead of the old.

    `short`: units of the old variant that the centre does not have, as in `shipment-cancel-decided`.
    """

    type: ClassVar[str] = "shipment-option-decided"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    order_id: UUID
    change_id: UUID
    mall_id: MallId
    accepted: bool
    reason: str | None = None
    short: tuple[SkuQuantity, ...] = ()
    occurred_at: datetime


class ReplacementStopDecided(Event):
    """The answer to `replacement-stop-requested`: `accepted` means that `lines` stay in the centre.

    They are what had not left by then, perhaps fewer than were asked for. `short` as in `shipment-cancel-decided`.
    """

    type: ClassVar[str] = "replacement-stop-decided"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    order_id: UUID
    claim_id: UUID
    stop_id: UUID
    mall_id: MallId
    accepted: bool
    reason: str | None = None
    lines: tuple[ShipmentLine, ...] = ()
    short: tuple[SkuQuantity, ...] = ()
    occurred_at: datetime


class ReturnUpdated(Event):
    """Goods of a claim take a step on their way back. What came of them is told by `return-received`."""

    type: ClassVar[str] = "return-updated"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    claim_id: UUID
    order_id: UUID
    order_number: str
    mall_id: MallId
    centre: str
    status: Literal["requested", "picked_up", "received", "closed"]
    carrier: str | None = None
    carrier_name: str | None = None
    waybill: str | None = None
    tracking_url: str | None = None
    occurred_at: datetime


class InspectedLine(Payload):
    """The parts sum to the units that were claimed."""

    line_id: UUID
    sku: Sku
    resellable: int = Field(ge=0)
    damaged: int = Field(ge=0)
    missing: int = Field(ge=0)


class ReturnReceived(Event):
    """A centre got goods of a claim back and looked at each unit."""

    type: ClassVar[str] = "return-received"
    topic = topics.SHIPMENTS
    key_field = "order_id"

    claim_id: UUID
    order_id: UUID
    mall_id: MallId
    lines: tuple[InspectedLine, ...]
    occurred_at: datetime


class StockCounted(Event):
    """A logistics centre counted what lies on its shelves."""

    type: ClassVar[str] = "stock-counted"
    topic = topics.SHIPMENTS
    key_field = "sku"

    count_id: UUID
    centre: str
    sku: Sku
    on_hand: int
    counted_at: datetime


class ChannelOrderReceived(Event):
    """An outside sales channel reported an order."""

    type: ClassVar[str] = "channel-order-received"
    topic = topics.SHIPMENTS
    key_field = "channel_order_id"

    channel: str
    channel_order_id: str
    mall_id: MallId
    received_at: datetime
