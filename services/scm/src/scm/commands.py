"""Everything that can be asked of scm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class OrderedLine:
    line_id: UUID
    sku: str
    product_name: str
    variant_name: str | None
    quantity: int


@dataclass(frozen=True)
class RequestShipment:
    """An order was paid, or goods came back to be exchanged (`claim_id`): goods are to leave.

    `shipment_id` is used if the order, or the claim, has no request yet. `placed_at` tells whether goods were sold
    before their pre-order began.
    """

    shipment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    lines: tuple[OrderedLine, ...]
    placed_at: datetime
    claim_id: UUID | None = None


@dataclass(frozen=True)
class ToldGoods:
    """A SKU as catalog tells of it. `release_at`: sold before it comes out. `parts`: a set, SKU and units of each."""

    sku: str
    parts: tuple[ToldPart, ...]
    release_at: datetime | None


@dataclass(frozen=True)
class ToldPart:
    sku: str
    quantity: int


@dataclass(frozen=True)
class RecordGoods:
    goods: tuple[ToldGoods, ...]
    told_at: datetime


@dataclass(frozen=True)
class ShipTo:
    recipient: str
    phone: str
    zonecode: str
    road_address: str
    jibun_address: str | None
    detail: str
    memo: str | None


@dataclass(frozen=True)
class RecordContact:
    order_id: UUID
    mall_id: str
    ship_to: ShipTo
    access_token_hash: bytes | None
    recorded_at: datetime


@dataclass(frozen=True)
class ChangeAddress:
    """The customer wants the goods elsewhere, if nobody has taken them in hand."""

    order_id: UUID
    change_id: UUID
    mall_id: str
    ship_to: ShipTo
    requested_at: datetime


@dataclass(frozen=True)
class ChangeOption:
    """All of a line is to be another variant, if nobody has taken the goods in hand."""

    order_id: UUID
    change_id: UUID
    mall_id: str
    line_id: UUID
    sku: str
    new_sku: str
    new_variant_name: str | None
    quantity: int
    requested_at: datetime


@dataclass(frozen=True)
class AcceptShipment:
    """`revision` is the one the centre read; None takes whatever the request is now."""

    shipment_id: UUID
    revision: int | None = None


@dataclass(frozen=True)
class RejectShipment:
    """`short`: units that are not there, by SKU on the shelf; none are said where it cannot be shipped for else."""

    shipment_id: UUID
    reason: str
    short: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class PackedLine:
    """`quantity` None: all that is left of the line. `sku`, when given, must be the line's."""

    line_id: UUID
    quantity: int | None = None
    sku: str | None = None


@dataclass(frozen=True)
class RecordWaybill:
    """`lines` None: everything that is left. `parcel_id` is used if the waybill takes only a part.

    `told_by`: the code of the centre that says so; None: staff.
    """

    shipment_id: UUID
    parcel_id: UUID
    carrier: str
    waybill: str
    lines: tuple[PackedLine, ...] | None = None
    revision: int | None = None
    told_by: str | None = None


@dataclass(frozen=True)
class MoveParcel:
    """The carrier has picked the parcel up."""

    shipment_id: UUID
    parcel_id: UUID


@dataclass(frozen=True)
class DeliverParcels:
    """`parcel_id` or `waybill` names one parcel; without either, all that were shipped."""

    shipment_id: UUID
    delivered_at: datetime
    parcel_id: UUID | None = None
    waybill: str | None = None


@dataclass(frozen=True)
class ReassignShipment:
    shipment_id: UUID
    centre: str


@dataclass(frozen=True)
class CancelUnits:
    """`sku` is told of replacements, which need not be what the order's line names."""

    line_id: UUID
    quantity: int
    sku: str | None = None


@dataclass(frozen=True)
class StopOrder:
    """Units of an order are not to be delivered; with `claim_id` the replacements of that exchange, all that are left.

    `final` False asks whether they can be stopped and wants an answer; True tells that the order is cancelled already.
    """

    cancel_id: UUID
    order_id: UUID
    mall_id: str
    whole: bool
    lines: tuple[CancelUnits, ...]
    reason: str
    final: bool
    claim_id: UUID | None = None


@dataclass(frozen=True)
class RequestReturn:
    """A claim was approved: its goods are to come back."""

    claim_id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    lines: tuple[OrderedLine, ...]


@dataclass(frozen=True)
class CloseReturn:
    """The claim was dropped."""

    claim_id: UUID


@dataclass(frozen=True)
class PickUpReturn:
    claim_id: UUID
    carrier: str
    waybill: str


@dataclass(frozen=True)
class FoundUnits:
    """What became of the units of a line that were to come back."""

    line_id: UUID
    resellable: int
    damaged: int
    missing: int


@dataclass(frozen=True)
class InspectReturn:
    claim_id: UUID
    found: tuple[FoundUnits, ...]


@dataclass(frozen=True)
class PutCentre:
    code: str
    name: str
    mode: str
    active: bool


@dataclass(frozen=True)
class PutRoute:
    mall_id: str
    centre: str


@dataclass(frozen=True)
class CountStock:
    batch_id: UUID
    centre: str
    items: tuple[tuple[str, int], ...]
