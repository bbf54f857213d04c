"""What callers get."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from common.wire import MallId, View
from scm.domain.carrier import Carrier
from scm.repository.centres import Centre


class PartView(View):
    sku: str = Field(examples=["GRANOLA-500"])
    quantity: int = Field(examples=[2])


class LineView(View):
    """`quantity` is what is still to reach the customer of this line; `left` what of it has not been shipped.

    `parts`: the line is of a set, and these are in one unit of it.
    """

    line_id: UUID
    sku: str = Field(examples=["GRANOLA-500"])
    product_name: str = Field(examples=["유기농 그래놀라"])
    variant_name: str | None = Field(examples=["500 g"])
    quantity: int = Field(examples=[2])
    left: int = Field(examples=[2])
    parts: list[PartView] = Field(default_factory=list)


class UnitView(View):
    line_id: UUID
    sku: str = Field(examples=["GRANOLA-500"])
    quantity: int = Field(examples=[2])


class ParcelView(View):
    id: UUID
    status: str = Field(examples=["in_transit"])
    carrier: str = Field(examples=["cj"])
    carrier_name: str | None = Field(examples=["CJ대한통운"])
    waybill: str = Field(examples=["680412345673"])
    tracking_url: str | None = Field(examples=["https://trace.cjlogistics.com/next/tracking.html?wblNo=680412345673"])
    lines: list[UnitView]
    shipped_at: datetime
    delivered_at: datetime | None


class ShipToView(View):
    recipient: str = Field(examples=["김하늘"])
    phone: str = Field(examples=["010-1234-5678"])
    zonecode: str = Field(examples=["06236"])
    road_address: str = Field(examples=["서울 강남구 테헤란로 1"])
    jibun_address: str | None = Field(examples=["서울 강남구 역삼동 1"])
    detail: str = Field(examples=["101동 1203호"])
    memo: str | None = Field(examples=["문 앞에 놓아 주세요"])


class RequestView(View):
    """A shipment request. `revision` changes when units are cancelled; send it back to be sure of what you pack."""

    id: UUID
    order_id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    claim_id: UUID | None = Field(default=None, description="the exchange whose replacements these are")
    mall_id: str = Field(examples=["intake"])
    centre: str = Field(examples=["icheon"])
    status: str = Field(examples=["requested"])
    revision: int = Field(examples=[1])
    reason: str | None = Field(examples=["stock shortage"])
    attention: str | None = Field(
        default=None,
        description="for staff: what somebody should look at; of a rejected request which centre rejected it, why, and "
        "what it is short of, until it is assigned again or over",
        examples=["icheon rejected it: stock shortage (short of 2 × GRANOLA-500)"],
    )
    requested_at: datetime
    held_until: datetime | None = Field(default=None, description="no centre sees it before: a pre-order is in it")
    lines: list[LineView]
    pick: list[PartView] = Field(description="what to take off the shelves for what is left: parts in place of sets")
    short: list[PartView] = Field(
        default_factory=list, description="what of `pick` the centre does not have, as it said when it rejected"
    )
    parcels: list[ParcelView]
    ship_to: ShipToView | None = Field(description="null once the address has been erased, and in the staff's list")
    warnings: list[str] = Field(
        default_factory=list,
        description="what looks odd about the waybill just posted",
        examples=[["the number has eleven digits, not twelve"]],
    )


class TrackEventView(View):
    time: datetime
    code: str = Field(examples=["OUT_FOR_DELIVERY"])


class ShipmentView(View):
    """A part of an order on its way: a parcel, or what has not been shipped yet."""

    id: UUID
    claim_id: UUID | None = Field(default=None, description="the exchange it was sent for")
    status: str = Field(examples=["in_transit"])
    carrier: str | None = Field(default=None, examples=["cj"])
    carrier_name: str | None = Field(default=None, examples=["CJ대한통운"])
    waybill: str | None = Field(default=None, examples=["680412345673"])
    tracking_url: str | None = Field(
        default=None, examples=["https://trace.cjlogistics.com/next/tracking.html?wblNo=680412345673"]
    )
    lines: list[UnitView]
    release_at: datetime | None = Field(default=None, description="a pre-order is in it and comes out then")
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    events: list[TrackEventView] = Field(default_factory=list)


class ShipmentsView(View):
    items: list[ShipmentView]


class CentreView(View):
    code: str = Field(examples=["icheon"])
    name: str = Field(examples=["이천 센터"])
    mode: str = Field(examples=["pull"])
    active: bool

    @classmethod
    def of(cls, centre: Centre) -> CentreView:
        return cls(code=centre.code, name=centre.name, mode=centre.mode, active=centre.active)


class RouteView(View):
    mall_id: MallId
    centre: str = Field(examples=["icheon"])


class StockCountView(View):
    id: UUID
    centre: str = Field(examples=["icheon"])
    items: int = Field(examples=[12])


class WaybillRuleView(View):
    rule: str = Field(examples=["mod7_of_digits_3_to_11"])
    length: int = Field(examples=[12])
    severity: str = Field(examples=["reject"])


class CarrierView(View):
    """`unconfirmed` names fields that no document confirms."""

    code: str = Field(examples=["cj"])
    name: str = Field(examples=["CJ대한통운"])
    tracking_url: str = Field(
        description="{waybill} stands for the number",
        examples=["https://trace.cjlogistics.com/next/tracking.html?wblNo={waybill}"],
    )
    waybill_lengths: list[int] = Field(description="empty: not known", examples=[[12]])
    waybill_length_severity: str = Field(examples=["reject"])
    waybill_checks: list[WaybillRuleView]
    codes: dict[str, str] = Field(examples=[{"naver": "CJGLS"}])
    unconfirmed: list[str] = Field(examples=[["waybill.checks"]])
    note: str | None = Field(examples=["The check digit was seen on one number only."])

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
