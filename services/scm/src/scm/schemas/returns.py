"""Goods that come back, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictInt, model_validator

from common.wire import Body, View, plain_text
from scm.commands import FoundUnits, ShipTo
from scm.domain.carrier import CarrierTable
from scm.domain.goods import Known
from scm.domain.returning import Return
from scm.schemas.rendering import parts_view
from scm.schemas.views import PartView, ShipToView

_Units = Annotated[StrictInt, Field(ge=0, le=9999)]


class PickUpBody(Body):
    carrier: Annotated[str, plain_text(40)] = Field(
        examples=["cj"], description="a code of /v1/carriers, ours or a channel's"
    )
    waybill: Annotated[str, plain_text(60)] = Field(examples=["6804-1234-5673"])


class InspectedLineBody(Body):
    line_id: UUID
    resellable: _Units = Field(default=0, examples=[1])
    damaged: _Units = Field(default=0, examples=[0])
    missing: _Units = Field(default=0, examples=[0])


class InspectionBody(Body):
    """Every line of the return, every unit of it."""

    lines: Annotated[list[InspectedLineBody], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("lines names a line twice")
        return self

    def found(self) -> tuple[FoundUnits, ...]:
        return tuple(FoundUnits(line.line_id, line.resellable, line.damaged, line.missing) for line in self.lines)


class ReturnLineView(View):
    """What was found is 0 until the goods were looked at. `parts`: of a set, what is in one unit of it."""

    line_id: UUID
    sku: str = Field(examples=["GRANOLA-500"])
    product_name: str = Field(examples=["유기농 그래놀라"])
    variant_name: str | None = Field(examples=["500 g"])
    quantity: int = Field(examples=[2])
    resellable: int = Field(examples=[1])
    damaged: int = Field(examples=[0])
    missing: int = Field(examples=[0])
    parts: list[PartView] = Field(default_factory=list)


class ReturnView(View):
    claim_id: UUID
    order_id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    mall_id: str = Field(examples=["intake"])
    centre: str = Field(examples=["icheon"])
    status: str = Field(examples=["requested"])
    carrier: str | None = Field(examples=["cj"])
    carrier_name: str | None = Field(examples=["CJ대한통운"])
    waybill: str | None = Field(examples=["680412345673"])
    tracking_url: str | None = Field(examples=["https://trace.cjlogistics.com/next/tracking.html?wblNo=680412345673"])
    attention: str | None = Field(
        default=None,
        description="for staff: what somebody should look at",
        examples=["the claim was dropped, but its goods are coming"],
    )
    lines: list[ReturnLineView]
    fetch_from: ShipToView | None = Field(description="null once the address has been erased, and in the staff's list")
    requested_at: datetime
    picked_up_at: datetime | None
    received_at: datetime | None
    warnings: list[str] = Field(
        default_factory=list,
        description="what looks odd about the waybill just posted",
        examples=[["the number has eleven digits, not twelve"]],
    )


def return_view(
    goods: Return,
    carriers: CarrierTable,
    address: ShipTo | None,
    *,
    for_staff: bool,
    known: Known,
    warnings: tuple[str, ...] = (),
) -> ReturnView:
    carrier = carriers.get(goods.carrier) if goods.carrier else None
    return ReturnView(
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
        attention=goods.attention if for_staff else None,
        lines=[ReturnLineView(**vars(line), parts=parts_view(line.sku, known)) for line in goods.lines],
        fetch_from=ShipToView(**vars(address)) if address else None,
        requested_at=goods.requested_at,
        picked_up_at=goods.picked_up_at,
        received_at=goods.received_at,
        warnings=list(warnings),
    )
