"""The centre's switches and the books of everything shipped. Under /logistics/_sandbox."""

from collections import Counter
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from sandbox.logistics.fassto import FasstoRefusal
from sandbox.logistics.parcels import CODES
from sandbox.logistics.parts import Logistics
from sandbox.logistics.switches import Findings, Refusal

MOST_ON_SHELF = 10**9


class Delays(BaseModel):
    accept_seconds: float | None = Field(None, ge=0, description="seen -> accepted")
    waybill_seconds: float | None = Field(None, ge=0, description="accepted -> waybill")


class Rejection(BaseModel):
    reason: str = "stock shortage"
    count: int = Field(1, ge=0)
    short: int = Field(
        0, ge=0, le=MOST_ON_SHELF, description="so many units are not there, of what is to be picked first"
    )


class Split(BaseModel):
    count: int = Field(1, ge=0)


class Inspection(BaseModel):
    damaged: int = Field(0, ge=0)
    wrong: int = Field(0, ge=0, description="other goods lie in the box: the mall hears that these units did not come")
    missing: int = Field(0, ge=0)
    count: int = Field(1, ge=1, le=1000)


class Shelf(BaseModel):
    cstGodCd: str  # noqa: N815 - field names of the party
    stockQty: int = Field(ge=0, le=MOST_ON_SHELF)  # noqa: N815
    badStockQty: int = Field(0, ge=0, le=MOST_ON_SHELF)  # noqa: N815


class Counted(BaseModel):
    sku: str
    on_hand: int = Field(ge=0)


class Parcel(BaseModel):
    carrier_id: str
    waybill: str = Field(pattern=r"^[0-9A-Za-z]+$")


class Scan(BaseModel):
    code: str = Field(description="one of " + ", ".join(CODES))
    description: str = ""


class Forced(BaseModel):
    status: Literal["WORKING", "DONE", "PARTDONE", "CANCEL", "SHORTAGE"]


def router(logistics: Logistics) -> APIRouter:
    api = APIRouter(prefix="/logistics/_sandbox", tags=["Logistics: sandbox"])
    _job_routes(api, logistics)
    _shelf_routes(api, logistics)

    @api.get("/books")
    async def books() -> dict[str, Any]:
        """Every request and return seen by the job, every release of the answering centre, every parcel and call."""
        requests = logistics.job.books()
        returns = logistics.returns.books()
        releases = logistics.fassto.slips()
        parcels = logistics.parcels.books()
        calls = [dict(row) for row in logistics.store.rows("SELECT * FROM calls WHERE party = 'logistics' ORDER BY id")]
        totals = {
            "requests": len(requests),
            **{f"requests_{state}": count for state, count in Counter(one["state"] for one in requests).items()},
            "returns": len(returns),
            **{f"returns_{state}": count for state, count in Counter(one["state"] for one in returns).items()},
            "releases": len(releases),
            **{f"releases_{state}": count for state, count in Counter(one["status"] for one in releases).items()},
            "waybills": len(parcels),
        }
        return {
            "requests": requests,
            "returns": returns,
            "releases": releases,
            "parcels": parcels,
            "calls": calls,
            "totals": totals,
        }

    return api


def _job_routes(api: APIRouter, logistics: Logistics) -> None:
    switches = logistics.switches

    @api.get("/job")
    async def shown() -> dict[str, object]:
        return {"url": logistics.settings.logistics_url, **switches.show()}

    @api.post("/job/pause")
    async def pause() -> dict[str, object]:
        switches.set("paused", "yes")
        return switches.show()

    @api.post("/job/resume")
    async def resume() -> dict[str, object]:
        switches.set("paused", "no")
        return switches.show()

    @api.post("/job/delays")
    async def delays(wanted: Delays) -> dict[str, object]:
        for name, value in wanted.model_dump(exclude_none=True).items():
            switches.set(name, str(value))
        return switches.show()

    _job_orders(api, logistics)


def _job_orders(api: APIRouter, logistics: Logistics) -> None:
    switches = logistics.switches

    @api.post("/job/reject-next")
    async def reject_next(rejection: Rejection) -> dict[str, object]:
        """The next `count` requests are turned away with this reason; each with the units that are not there."""
        switches.reject_next(Refusal(rejection.reason, rejection.short), rejection.count)
        return switches.show()

    @api.post("/job/split-next")
    async def split_next(split: Split) -> dict[str, object]:
        """The next `count` requests of several lines go out in two parcels."""
        switches.split_next(split.count)
        return switches.show()

    @api.post("/job/inspect-next")
    async def inspect_next(inspection: Inspection) -> dict[str, object]:
        """What is wrong with the next `count` returns; without this, and beyond it, goods are found in order."""
        findings = Findings(inspection.damaged, inspection.wrong, inspection.missing)
        switches.inspect_next(findings, inspection.count)
        return switches.show()

    @api.post("/job/poll")
    async def poll() -> dict[str, object]:
        """Run the job now instead of at its next time. Does nothing while paused."""
        if logistics.settings.logistics_url:
            await logistics.job.round()
        return switches.show()

    @api.post("/job/stock-count")
    async def stock_count(items: list[Counted]) -> dict[str, int | None]:
        """Post a stock count to the mall; its HTTP status."""
        return {"answer": await logistics.job.count_stock([item.model_dump() for item in items])}


def _shelf_routes(api: APIRouter, logistics: Logistics) -> None:
    @api.put("/stock")
    async def stock(shelves: list[Shelf]) -> list[dict[str, Any]]:
        """What stands on the answering centre's shelves now."""
        with logistics.store.tx():
            for shelf in shelves:
                logistics.fassto.set_stock(shelf.cstGodCd, shelf.stockQty, shelf.badStockQty)
        return logistics.fassto.stock()

    @api.post("/fassto/{slip_no}/status")
    async def force(slip_no: str, forced: Forced) -> Response:
        """Put a release into a status by hand."""
        try:
            return JSONResponse(logistics.fassto.force(slip_no, forced.status))
        except FasstoRefusal as refusal:
            return JSONResponse({"code": refusal.code, "message": refusal.message}, 404)

    @api.post("/parcels", status_code=201)
    async def issue(parcel: Parcel) -> dict[str, str]:
        """Make a waybill known to the carrier, as if its label had just been printed."""
        logistics.parcels.issue(parcel.carrier_id, parcel.waybill, "by hand")
        return {"carrier_id": parcel.carrier_id, "waybill": parcel.waybill}

    @api.post("/parcels/{carrier_id}/{waybill}/events", status_code=201)
    async def scan(carrier_id: str, waybill: str, event: Scan) -> Response:
        """An extra scan now: ATTEMPT_FAIL, EXCEPTION and the like."""
        if event.code not in CODES:
            return JSONResponse({"code": "UNKNOWN_CODE", "message": ", ".join(CODES)}, 422)
        if not logistics.parcels.add_event(carrier_id, waybill, event.code, event.description):
            return JSONResponse({"code": "NOT_FOUND", "message": "모르는 운송장입니다."}, 404)
        return JSONResponse({"carrier_id": carrier_id, "waybill": waybill, "code": event.code}, 201)
