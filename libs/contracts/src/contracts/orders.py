"""Said by orders."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field, StrictInt

from contracts import topics
from contracts.envelope import Event, Payload
from contracts.shared import Currency, MallId, OrderLine, Sku, SkuQuantity


class OrderEvent(Event):
    """What every event about an order says of it."""

    topic = topics.ORDERS
    key_field = "order_id"

    order_id: UUID
    order_number: str
    mall_id: MallId
    channel: str
    currency: Currency


class OrderPlaced(OrderEvent):
    """An order exists and waits for its payment until `payment_due_at`. `total_amount` is owed, shipping in it."""

    type: ClassVar[str] = "order-placed"

    lines: tuple[OrderLine, ...]
    items_amount: StrictInt
    discount_amount: StrictInt
    shipping_amount: StrictInt
    total_amount: StrictInt
    placed_at: datetime
    payment_due_at: datetime


class OrderPaid(OrderEvent):
    """An order is paid in full: goods may leave. Carries the lines, so a listener needs nothing earlier."""

    type: ClassVar[str] = "order-paid"

    payment_id: UUID
    provider: str
    method: str
    lines: tuple[OrderLine, ...]
    shipping_amount: StrictInt
    discount_amount: StrictInt
    total_amount: StrictInt
    placed_at: datetime
    paid_at: datetime


class CancelledLine(Payload):
    """So many units of an order line that will not be delivered, and the money for them (minor units)."""

    line_id: UUID
    sku: str
    product_id: UUID
    category_ids: tuple[str, ...] = ()
    quantity: int = Field(ge=1)
    amount: StrictInt


class OrderCancelRequested(OrderEvent):
    """A paid order is to be cancelled in part or whole, if its goods can still be stopped.

    scm answers with `shipment-cancel-decided`; no money moves before that.
    """

    type: ClassVar[str] = "order-cancel-requested"

    cancel_id: UUID
    whole: bool
    reason: str
    lines: tuple[CancelledLine, ...]
    requested_at: datetime


class OrderCancelled(OrderEvent):
    """Units of an order will not be delivered. `whole`: nothing of the order is left and it is over.

    `was_paid` tells whether its stock had been sold or was only reserved. `refund_amount` is what goes back
    (shipping included where due); 0 when nothing had been paid or the deposit was taken back by the bank. `short`:
    those of the units that the centre does not have, so nobody can buy them: of a set its parts.
    """

    type: ClassVar[str] = "order-cancelled"

    cancel_id: UUID
    whole: bool
    was_paid: bool
    reason: str
    lines: tuple[CancelledLine, ...]
    shipping_amount: StrictInt = 0
    refund_amount: StrictInt
    short: tuple[SkuQuantity, ...] = ()
    placed_at: datetime
    cancelled_at: datetime


class OrderRefundRequested(OrderEvent):
    """Money of `payment_id` must go back: after a cancel, or because it came for an order that does not want it.

    `refund_id` names this refund for ever, so asking twice pays once. `paid_at` is the `confirmed_at` of the money
    meant: a deposit that the bank took back and that came anew is other money, and is asked back under another name.
    """

    type: ClassVar[str] = "order-refund-requested"

    refund_id: UUID
    payment_id: UUID
    amount: StrictInt = Field(gt=0)
    tax_free_amount: StrictInt = 0
    vat_amount: StrictInt = 0
    reason: str
    requested_at: datetime
    paid_at: datetime | None = None


class OrderOptionChange(OrderEvent):
    """What every event about another option for a line says of it: `quantity` units of `sku` become `new_sku`."""

    change_id: UUID
    line_id: UUID
    product_id: UUID
    product_name: str
    sku: Sku
    variant_name: str | None = None
    new_sku: Sku
    new_variant_name: str | None = None
    quantity: int = Field(ge=1)


class OrderOptionChangeRequested(OrderOptionChange):
    """A line of a paid order is to be another variant of its product, if its goods have not left.

    scm answers with `shipment-option-decided`; until then the line is what was bought. The new units are held at
    catalog under `change_id`.
    """

    type: ClassVar[str] = "order-option-change-requested"

    requested_at: datetime


class OrderOptionChanged(OrderOptionChange):
    """The line is the new variant from now on: the old units can be sold again, the new ones are the order's.

    The price is the same; `amount` is what the units cost (minor units). `short`: those of the old units that the
    centre does not have, so nobody can buy them: of a set its parts.
    """

    type: ClassVar[str] = "order-option-changed"

    category_ids: tuple[str, ...] = ()
    amount: StrictInt
    short: tuple[SkuQuantity, ...] = ()
    changed_at: datetime


class OrderOptionChangeRefused(OrderOptionChange):
    """The line stays what it was, and what was held for the change is free again."""

    type: ClassVar[str] = "order-option-change-refused"

    reason: str
    refused_at: datetime


class OrderCompleted(OrderEvent):
    """Every parcel arrived and the customer confirmed the purchase, or the time for that is over."""

    type: ClassVar[str] = "order-completed"

    completed_at: datetime
    by_customer: bool = False


class Person(Payload):
    name: str
    email: str | None = None
    phone: str


class Address(Payload):
    recipient: str
    phone: str
    zonecode: str
    road_address: str
    jibun_address: str | None = None
    detail: str
    memo: str | None = None


class OrderAddressChangeRequested(Event):
    """An order that has not left is to go elsewhere, if its centre can still be told.

    scm answers with `shipment-address-decided`; until then the goods go where they went before. Personal data.
    """

    type: ClassVar[str] = "order-address-change-requested"
    topic = topics.ORDER_CONTACTS
    key_field = "order_id"

    order_id: UUID
    change_id: UUID
    mall_id: MallId
    ship_to: Address
    requested_at: datetime


class OrderContactRecorded(Event):
    """Who ordered and where it goes. Personal data: on a topic of its own that only notify and scm read.

    `access_token_hash` is the hex SHA-256 of the order's guest token, so that scm can answer its holder.
    """

    type: ClassVar[str] = "order-contact-recorded"
    topic = topics.ORDER_CONTACTS
    key_field = "order_id"

    order_id: UUID
    order_number: str
    mall_id: MallId
    orderer: Person
    ship_to: Address
    access_token_hash: str | None = None
    recorded_at: datetime
