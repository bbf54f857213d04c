"""Goods that come back: for a logistics centre's job (header X-API-Key), and for staff in its place."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from common.http import DatabaseDep
from common.problems import responses
from common.wire import Page
from scm.api.callers import CallerDep, CarriersDep, cursor_of, read_cursor
from scm.commands import InspectReturn, PickUpReturn
from scm.domain.returning import ReturnStatus
from scm.handlers import returns as handlers
from scm.repository import contacts, returns
from scm.repository import goods as stocked
from scm.repository.returns import Wanted
from scm.schemas.returns import InspectionBody, PickUpBody, ReturnView, return_view

router = APIRouter(prefix="/v1/logistics/return-requests", tags=["returned goods"])

OPEN = (ReturnStatus.REQUESTED, ReturnStatus.PICKED_UP)
StatusFilter = Literal["open", "requested", "picked_up", "received", "closed"]


@router.get(
    "",
    summary="Goods that are to come back",
    description="Oldest first. A centre sees its own, with the address to fetch them from; staff see all, without."
    " `status=open`: those that have not arrived.",
    responses=responses(401, 403, 422),
)
async def list_returns(
    *,
    database: DatabaseDep,
    carriers: CarriersDep,
    who: CallerDep,
    status: Annotated[StatusFilter | None, Query(description="left out: all")] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ReturnView]:
    statuses = OPEN if status == "open" else (ReturnStatus(status),) if status else ()
    async with database.read() as connection:
        found = await returns.page(connection, Wanted(who.centre, statuses, read_cursor(cursor), limit + 1))
        shown = found[:limit]
        orders = [goods.order_id for goods in shown] if who.centre else []
        addresses = await contacts.ship_to(connection, orders)
        known = await stocked.known(connection, (line.sku for goods in shown for line in goods.lines))
    items = [
        return_view(goods, carriers, addresses.get(goods.order_id), for_staff=not who.centre, known=known)
        for goods in shown
    ]
    return Page(items=items, next_cursor=cursor_of(shown[-1].claim_id) if len(found) > limit else None)


@router.get("/{claim_id}", summary="Goods of one claim", responses=responses(401, 403, 404, 422))
async def one_return(claim_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep) -> ReturnView:
    async with database.read() as connection:
        goods = await returns.find(connection, claim_id, centre=who.centre)
        addresses = await contacts.ship_to(connection, [goods.order_id])
        known = await stocked.known(connection, (line.sku for line in goods.lines))
    return return_view(goods, carriers, addresses.get(goods.order_id), for_staff=not who.centre, known=known)


@router.post(
    "/{claim_id}/pick-up",
    summary="The carrier has fetched the goods",
    description="Safe to repeat; another waybill corrects the first. From now on the customer cannot withdraw.",
    responses=responses(401, 403, 404, 409, 422),
)
async def pick_up(
    claim_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep, body: PickUpBody
) -> ReturnView:
    command = PickUpReturn(claim_id, body.carrier, body.waybill)
    async with database.transaction() as tx:
        goods, warnings = await handlers.pick_up_return(command, tx, carriers, centre=who.centre)
        known = await stocked.known(tx.connection, (line.sku for line in goods.lines))
    return return_view(goods, carriers, None, for_staff=not who.centre, known=known, warnings=warnings)


@router.post(
    "/{claim_id}/received",
    summary="The goods arrived and were looked at",
    description="Says of every unit what became of it: `resellable`, `damaged` or `missing`. On it the money goes back"
    " or the replacement is sent. Safe to repeat; another result than before is 409 `return.inspection_differs`.",
    responses=responses(401, 403, 404, 409, 422),
)
async def received(
    claim_id: UUID, database: DatabaseDep, carriers: CarriersDep, who: CallerDep, body: InspectionBody
) -> ReturnView:
    command = InspectReturn(claim_id, body.found())
    async with database.transaction() as tx:
        goods = await handlers.inspect_return(command, tx, carriers, centre=who.centre)
        known = await stocked.known(tx.connection, (line.sku for line in goods.lines))
    return return_view(goods, carriers, None, for_staff=not who.centre, known=known)
