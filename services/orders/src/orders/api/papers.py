"""What leaves on paper and in spreadsheets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from common.auth import CurrentStaff, require
from common.db import Database
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MallId
from orders.api.callers import ROLE, AllowedCaller
from orders.api.orders import Channel, Day, days
from orders.clients.sets import Sets
from orders.domain import Order, Status
from orders.errors import ExportTooLong, NotPaid, OrderNotFound
from orders.repository import contacts, orders, reads
from orders.repository.contacts import StoredContact
from orders.schemas import export
from orders.schemas.papers import Papers
from orders.schemas.workbook import MEDIA_TYPE

router = APIRouter(tags=["papers"])

_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}
_SHEET: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": export.CsvSheet().begin().decode("utf-8-sig")},
            MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
_MOST_DAYS = 92
_BATCH = 200


@router.get(
    "/v1/orders/export",
    response_class=StreamingResponse,
    responses=_SHEET | responses(401, 403, 422),
    summary="Orders as CSV or XLSX (staff)",
    description="One row per line of an order, newest order first; CSV is UTF-8 with a mark that spreadsheets know."
    " `from` and `to` are business days in Seoul, both included, at most 92 of them. No names, phones or addresses.",
)
async def export_orders(
    *,
    who: CurrentStaff,
    database: DatabaseDep,
    from_day: Annotated[Day, Query(alias="from")],
    to_day: Annotated[Day, Query(alias="to")],
    mall: MallId | None = None,
    status: Status | None = None,
    channel: Channel = None,
    kind: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv",
) -> Response:
    require(who, ROLE)
    if not 0 <= (to_day - from_day).days < _MOST_DAYS:
        raise ExportTooLong(f"`to` is not before `from`, and at most {_MOST_DAYS} days are exported at once")
    wanted = replace(days(from_day, to_day), mall_id=mall, status=status, channel=channel, limit=_BATCH)
    name = f"orders-{from_day:%Y%m%d}-{to_day:%Y%m%d}.{kind}"
    sheet = export.SHEETS[kind]()
    return StreamingResponse(
        _written(database, wanted, sheet),
        media_type=sheet.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _written(database: Database, wanted: reads.Search, sheet: export.Sheet) -> AsyncIterator[bytes]:
    """Batch by batch, each read for itself: a slow reader holds no transaction open."""
    yield sheet.begin()
    while True:
        async with database.read() as connection:
            found = await reads.search(connection, wanted)
        if found:
            yield await asyncio.to_thread(sheet.add, found)
        if len(found) < wanted.limit:
            break
        wanted = replace(wanted, before=found[-1].order_id)
    yield sheet.done()


@router.get(
    "/v1/orders/{order_id}/invoice.pdf",
    response_class=Response,
    responses=_PDF | responses(401, 403, 404, 409, 422),
    summary="The invoice, to print",
    description="Of an order that is paid.",
)
async def invoice(order_id: UUID, _caller: AllowedCaller, request: Request, database: DatabaseDep) -> Response:
    papers: Papers = request.app.state.papers
    order, contact = await _read(database, order_id)
    if order.payment is None:
        raise NotPaid(f"the order is {order.status}: there is an invoice once it is paid")
    return _pdf(await asyncio.to_thread(papers.invoice, order, contact), f"invoice-{order.number}.pdf")


@router.get(
    "/v1/orders/{order_id}/packing-list.pdf",
    response_class=Response,
    responses=_PDF | responses(401, 403, 404, 422),
    summary="What goes into the box, to print (staff)",
    description="Of a set its parts, as they lie on the shelves.",
)
async def packing_list(order_id: UUID, who: CurrentStaff, request: Request, database: DatabaseDep) -> Response:
    require(who, ROLE)
    papers: Papers = request.app.state.papers
    sets: Sets = request.app.state.sets
    order, contact = await _read(database, order_id)
    # A list without them would send an empty box: if they cannot be asked for, there is no list now.
    parts = await sets.parts(line.sku for line in order.lines)
    return _pdf(await asyncio.to_thread(papers.packing_list, order, contact, parts), f"packing-list-{order.number}.pdf")


async def _read(database: Database, order_id: UUID) -> tuple[Order, StoredContact | None]:
    async with database.read() as connection:
        order = await orders.find(connection, order_id)
        contact = await contacts.find(connection, order_id)
    if order is None:
        raise OrderNotFound("there is no such order")
    return order, contact


def _pdf(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
