"""What callers get."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from common.wire import MallId, View
from scm.domain.carrier import Carrier
from scm.repository.centres import Centre


class LineView(View):
    """`quantity` is what is still to reach the customer of this line; `left` what of it has not been shipped."""

    line_id: UUID
    sku: str
    product_name: str
    variant_name: str | None
    quantity: int
    left: int


class UnitView(View):
    line_id: UUID
    sku: str
    quantity: int


class ParcelView(View):
    id: UUID
    status: str
    carrier: str
    carrier_name: str | None
    waybill: str
    tracking_url: str | None
    lines: list[UnitView]
    shipped_at: datetime
    delivered_at: datetime | None


class ShipToView(View):
    recipient: str
    phone: str
    zonecode: str
    road_address: str
    jibun_address: str | None
    detail: str
    memo: str | None


class RequestView(View):
    """A shipment request. `revision` changes when units are cancelled; send it back to be sure of what you pack."""

    id: UUID
    order_id: UUID
    order_number: str
    claim_id: UUID | None = Field(default=None, description="the exchange whose replacements these are")
    mall_id: str
    centre: str
    status: str
    revision: int
    reason: str | None
    attention: str | None = Field(default=None, description="for staff: what somebody should look at")
    requested_at: datetime
    lines: list[LineView]
    parcels: list[ParcelView]
    ship_to: ShipToView | None = Field(description="null once the address has been erased, and in the staff's list")
    warnings: list[str] = Field(default_factory=list, description="what looks odd about the waybill just posted")


class TrackEventView(View):
    time: datetime
    code: str = Field(examples=["OUT_FOR_DELIVERY"])


class ShipmentView(View):
    """A part of an order on its way: a parcel, or what has not been shipped yet."""

    id: UUID
    claim_id: UUID | None = Field(default=None, description="the exchange it was sent for")
    status: str = Field(examples=["in_transit"])
    carrier: str | None = None
    carrier_name: str | None = None
    waybill: str | None = None
    tracking_url: str | None = None
    lines: list[UnitView]
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    events: list[TrackEventView] = Field(default_factory=list)


class ShipmentsView(View):
    items: list[ShipmentView]


class CentreView(View):
    code: str
    name: str
    mode: str
    active: bool

    @classmethod
    def of(cls, centre: Centre) -> CentreView:
        return cls(code=centre.code, name=centre.name, mode=centre.mode, active=centre.active)


class RouteView(View):
    mall_id: MallId
    centre: str


class StockCountView(View):
    id: UUID
    centre: str
    items: int


class WaybillRuleView(View):
    rule: str
    length: int
    severity: str


class CarrierView(View):
    """`unconfirmed` names fields that no document confirms."""

    code: str
    name: str
    tracking_url: str = Field(description="{waybill} stands for the number")
    waybill_lengths: list[int] = Field(description="empty: not known")
    waybill_length_severity: str
    waybill_checks: list[WaybillRuleView]
    codes: dict[str, str]
    unconfirmed: list[str]
    note: str | None

    @classmethod
    def of(cls, carrier: Carrier) -> CarrierView:
        return cls(
            code=carrier.code,
            name=carrier.name,
            tracking_url=carrier.tracking_page,
            waybill_lengths=list(carrier.lengths),
            waybill_length_severity=carrier.length_severity.value,
            waybill_checks=[
                WaybillRuleView(rule=check.rule, length=check.length, severity=check.severity.value)
                for check in carrier.checks
            ],
            codes=dict(carrier.codes),
            unconfirmed=list(carrier.unconfirmed),
            note=carrier.note,
        )


class CarriersView(View):
    items: list[CarrierView]
