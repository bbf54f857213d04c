"""The carrier table, for anybody."""

from __future__ import annotations

from fastapi import APIRouter, Response

from scm.api.callers import CarriersDep
from scm.schemas.views import CarriersView, CarrierView

router = APIRouter(tags=["carriers"])


@router.get(
    "/v1/carriers",
    summary="Carriers, their tracking pages, waybill rules and channel codes",
    description="`{waybill}` in `tracking_url` stands for the number. `unconfirmed` names what no document confirms.",
)
async def list_carriers(carriers: CarriersDep, response: Response) -> CarriersView:
    response.headers["Cache-Control"] = "public, max-age=3600"
    return CarriersView(items=[CarrierView.of(carrier) for carrier in carriers.carriers])
