"""For a logistics centre's job (header X-API-Key), and for staff in its place.

This is where addresses leave the shop: to the centre that ships, and only for its own requests.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from common import idempotency, ids
from common.http import DatabaseDep
from common.problems import responses
from common.wire import Page
from scm.api.callers import CallerDep, CarriersDep, CentreDep, cursor_of, read_cursor
from scm.commands import AcceptShipment, CountStock, DeliverParcels, RecordWaybill, RejectShipment
from scm.domain.shipment import Shipment, Status
from scm.handlers import steps
from scm.handlers.centres import count_stock
from scm.repository import contacts, goods, shipments
from scm.repository.shipments import Wanted
from scm.schemas.bodies import AcceptBody, DeliveredBody, RejectBody, StockCountBody, WaybillBody
from scm.schemas.rendering import request_view
from scm.schemas.views import RequestView, StockCountView

router = APIRouter(prefix="/v1/logistics", tags=["logistics centre"])

# What a centre still has work with. Those it accepted are in it, so that a job that lost its memory finds them.
OPEN = (Status.REQUESTED, Status.ACCEPTED, Status.PARTLY_SHIPPED)
StatusFilter = Literal[
    "open", "requested", "accepted", "rejected", "partly_shipped", "shipped", "in_transit", "delivered", "cancelled"
]


@router.get(
    "/shipment-requests",
    summary="Shipment requests",
    description="Oldest first. A centre sees its own, with the address; staff see all, without. `status=open`: those "
    "with goods still to ship. A request appears once its address is known and its pre-orders have come out. `pick` "
    "names the parts of sets; waybills speak of lines.",
    responses=responses(401, 403, 422),
)
async def list_requests(
    *,
    database: DatabaseDep,
    carriers: CarriersDep,
    who: CallerDep,
    status: Annotated[StatusFilter | None, Query(description="left out: all")] = None,
    mall: Annotated[str | None, Query(max_length=40)] = None,
    order_number: Annotated[str | None, Query(max_length=40)] = None,
    attention: Annotated[
        bool, Query(description="only what somebody should look at: what was noted, and every request that is rejected")
    ] = False,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[RequestView]:
    wanted = Wanted(
        centre=who.centre,
        statuses=OPEN if status == "open" else (Status(status),) if status else (),
        mall_id=mall,
        order_number=order_number,
        attention=attention,
        offered=who.centre is not None,
        after=read_cursor(cursor),
        limit=limit + 1,
    )
    async with database.read() as connection:
        found = await shipments.page(connection, wanted)
        shown = found[:limit]
        orders = [shipment.order_id for shipment, _ in shown] if who.centre else []
        addresses = await contacts.ship_to(connection, orders)
        known = await goods.known(connection, (line.sku for shipment, _ in shown for line in shipment.lines))
    items = [
        request_view(
            shipment,
            carriers,
            ship_to=addresses.get(shipment.order_id),
            attention=attention_of if who.centre is None else None,
            known=known,
        )
        for shipment, attention_of in shown
    ]
    return Page(items=items, next_cursor=cursor_of(shown[-1][0].id) if len(found) > limit else None)


@router.get("/shipment-requests/{request_id}", summary="One shipment request", responses=responses(401, 403, 404, 422))
async def one_request(request_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep) -> RequestView:
    async with database.read() as connection:
        shipment, attention = await shipments.find(connection, request_id, centre=who.centre)
        addresses = await contacts.ship_to(connection, [shipment.order_id])
        known = await goods.known(connection, (line.sku for line in shipment.lines))
    return request_view(
        shipment,
        carriers,
        ship_to=addresses.get(shipment.order_id),
        attention=attention if who.centre is None else None,
        known=known,
    )


@router.post(
    "/shipment-requests/{request_id}/accept",
    summary="The centre takes the request",
    description="Safe to repeat. 409 `shipment.cancelled`: it was cancelled, do not ship. 409 "
    "`shipment.changed`: units were cancelled since the revision you read.",
    responses=responses(401, 403, 404, 409, 422),
)
async def accept(
    request_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep, body: AcceptBody | None = None
) -> RequestView:
    command = AcceptShipment(request_id, body.revision if body else None)
    async with database.transaction() as tx:
        shipment = await steps.accept_shipment(command, tx, carriers, centre=who.centre)
    return await _shown(database, carriers, who, shipment)


@router.post(
    "/shipment-requests/{request_id}/waybill",
    summary="Goods have left under a waybill",
    description="Without `lines`: all that is left. With `lines`: these units only; post again for the rest. The same "
    "waybill again is answered the same; another one for what has left is 409 `shipment.already_shipped`. `warnings` "
    "tell what looks odd about the number.",
    responses=responses(401, 403, 404, 409, 422),
)
async def waybill(
    request_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep, body: WaybillBody
) -> RequestView:
    command = RecordWaybill(
        request_id, ids.new_id(), body.carrier, body.waybill, body.packed(), body.revision, told_by=who.centre
    )
    async with database.transaction() as tx:
        shipment, warnings = await steps.record_waybill(command, tx, carriers, centre=who.centre)
    return await _shown(database, carriers, who, shipment, warnings)


@router.post(
    "/shipment-requests/{request_id}/reject",
    summary="The centre cannot ship what is left",
    description="Safe to repeat; another `reason` or `short` takes the place of what was said before. Staff find it "
    "with `attention=true` and assign it again, or it is cancelled. `short`: the units that are not there; of what is "
    "cancelled then, these are not sold again. More of a SKU than `pick` has: 422 `shortage.unknown`.",
    responses=responses(401, 403, 404, 409, 422),
)
async def reject(
    request_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep, body: RejectBody
) -> RequestView:
    async with database.transaction() as tx:
        command = RejectShipment(request_id, body.reason, body.missing())
        shipment = await steps.reject_shipment(command, tx, carriers, centre=who.centre)
    return await _shown(database, carriers, who, shipment)


@router.post(
    "/shipment-requests/{request_id}/delivered",
    summary="Parcels have arrived",
    description="For carriers that no tracking API knows. Safe to repeat.",
    responses=responses(401, 403, 404, 409, 422),
)
async def delivered(
    request_id: UUID,
    database: DatabaseDep,
    carriers: CarriersDep,
    who: CallerDep,
    body: DeliveredBody | None = None,
) -> RequestView:
    said = body or DeliveredBody()
    async with database.transaction() as tx:
        command = DeliverParcels(request_id, said.delivered_at or tx.now, waybill=said.waybill)
        shipment = await steps.deliver_parcels(command, tx, carriers, centre=who.centre)
    return await _shown(database, carriers, who, shipment)


async def _optional_key(
    idempotency_key: Annotated[str | None, Header(description="the same count twice is counted once")] = None,
) -> str:
    # Counting again what was counted is harmless, so a job may leave the key out.
    return idempotency.check_key(idempotency_key) if idempotency_key else str(ids.new_id())


@router.post(
    "/stock-counts",
    status_code=201,
    response_model=StockCountView,
    summary="What lies on the centre's shelves",
    responses=responses(401, 409, 422),
)
async def stock_counts(
    request: Request,
    database: DatabaseDep,
    centre: CentreDep,
    body: StockCountBody,
    key: Annotated[str, Depends(_optional_key)],
) -> Response:
    async def work(claim: idempotency.Claim) -> Response:
        command = CountStock(claim.resource_id, centre, tuple((item.sku, item.on_hand) for item in body.items))
        async with database.transaction() as tx:
            await count_stock(command, tx)
            view = StockCountView(id=claim.resource_id, centre=centre, items=len(body.items))
            return await claim.remember(tx, 201, view)

    return await idempotency.once(database, request, key, work, caller=centre)


async def _shown(
    database: DatabaseDep, carriers: CarriersDep, who: CallerDep, shipment: Shipment, warnings: tuple[str, ...] = ()
) -> RequestView:
    attention = None
    async with database.read() as connection:
        if who.centre is None:
            _, attention = await shipments.find(connection, shipment.id, centre=None)
        addresses = await contacts.ship_to(connection, [shipment.order_id])
        known = await goods.known(connection, (line.sku for line in shipment.lines))
    return request_view(
        shipment,
        carriers,
        ship_to=addresses.get(shipment.order_id),
        attention=attention,
        warnings=warnings,
        known=known,
    )
