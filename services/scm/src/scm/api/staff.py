"""For staff with the role `scm`: centres, routes, and requests that need another centre."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from common.http import DatabaseDep
from common.problems import responses
from common.wire import MallId, Page
from scm.api.callers import CarriersDep, StaffOnly
from scm.commands import PutCentre, PutRoute, ReassignShipment
from scm.handlers import centres as handlers
from scm.handlers.steps import reassign_shipment
from scm.repository import centres, goods
from scm.schemas.bodies import CentreBody, CentreCode, ReassignBody, RouteBody
from scm.schemas.rendering import request_view
from scm.schemas.views import CentreView, RequestView, RouteView

router = APIRouter(prefix="/v1/logistics", tags=["logistics staff"], dependencies=[StaffOnly])


@router.get("/centres", summary="Logistics centres", responses=responses(401, 403))
async def list_centres(database: DatabaseDep) -> Page[CentreView]:
    async with database.read() as connection:
        found, _ = await centres.everything(connection)
    return Page(items=[CentreView.of(centre) for centre in found])


@router.put(
    "/centres/{code}",
    summary="Open or change a centre",
    description="Its API key stands in the settings, not here. Only the centre whose API the settings name can have "
    "the mode `poll`.",
    responses=responses(401, 403, 422),
)
async def put_centre(
    request: Request, code: Annotated[CentreCode, Path()], body: CentreBody, database: DatabaseDep
) -> CentreView:
    command = PutCentre(code, body.name, body.mode, body.active)
    async with database.transaction() as tx:
        await handlers.put_centre(command, tx, poll_centre=request.app.state.poll_centre)
    return CentreView(code=code, name=body.name, mode=body.mode, active=body.active)


@router.get("/routes", summary="Which mall's orders go where", responses=responses(401, 403))
async def list_routes(database: DatabaseDep) -> Page[RouteView]:
    async with database.read() as connection:
        _, routed = await centres.everything(connection)
    return Page(items=[RouteView(mall_id=mall, centre=centre) for mall, centre in routed.items()])


@router.put(
    "/routes/{mall_id}",
    summary="Send a mall's orders to a centre",
    description="From now on; requests that exist stay where they are.",
    responses=responses(401, 403, 422),
)
async def put_route(mall_id: Annotated[MallId, Path()], body: RouteBody, database: DatabaseDep) -> RouteView:
    async with database.transaction() as tx:
        await handlers.put_route(PutRoute(mall_id, body.centre), tx)
    return RouteView(mall_id=mall_id, centre=body.centre)


@router.post(
    "/shipment-requests/{request_id}/reassign",
    summary="Give what is left to a centre",
    description="For requests that no centre has accepted: rejected ones, and those that nobody took.",
    responses=responses(401, 403, 404, 409, 422),
)
async def reassign(request_id: UUID, body: ReassignBody, database: DatabaseDep, carriers: CarriersDep) -> RequestView:
    async with database.transaction() as tx:
        shipment = await reassign_shipment(ReassignShipment(request_id, body.centre), tx, carriers)
        known = await goods.known(tx.connection, (line.sku for line in shipment.lines))
    return request_view(shipment, carriers, known=known)
