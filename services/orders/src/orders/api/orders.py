"""Placing, reading, searching and cancelling orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, StringConstraints

from common import ids
from common.auth import CurrentStaff, InternalOnly, require
from common.clock import SEOUL
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from common.wire import MallId, Page
from orders import handlers
from orders.api.callers import ROLE, AllowedCaller, IdempotencyKey, OrderToken, check_token
from orders.commands import ConfirmPurchase
from orders.domain import CancelStatus, Status
from orders.domain.access import order_token
from orders.errors import OrderNotFound
from orders.flows import PlaceOrders
from orders.repository import contacts, history, orders, reads
from orders.schemas import (
    CancelBody,
    HistoryView,
    OrderBody,
    OrderDetailView,
    OrderView,
    PayableView,
    PlacedOrderView,
    read_cursor,
    write_cursor,
)

router = APIRouter(tags=["orders"])

CartToken = Annotated[
    str, Header(description="the cart's token"), StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")
]
# Far from both ends of the calendar: a midnight in Seoul must exist in UTC too, and the one after it.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


Channel = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["pc", "naver"])]


@router.post(
    "/v1/orders",
    status_code=201,
    response_model=PlacedOrderView,
    responses=responses(404, 409, 422, 503),
    summary="Turn a cart into an order",
    description="Prices are the cart's, frozen; the stock is held. The order waits for its payment until"
    " `payment_due_at`. Repeating the request with the same Idempotency-Key gives the same answer. 409"
    " `order.nothing_to_pay`: goods and shipping come to 0 after discounts, and no payment is of nothing.",
)
async def place_order(
    request: Request, body: OrderBody, database: DatabaseDep, key: IdempotencyKey, x_cart_token: CartToken
) -> Response:
    placing: PlaceOrders = request.app.state.place_orders

    async def work(claim: Claim) -> Response:
        return await placing.place(body.to_command(claim.resource_id, x_cart_token), claim)

    answer = await once(database, request, key, work, caller=ids.token_hash(x_cart_token).hex())
    return _with_token(answer, placing.token_key) if answer.status_code == 201 else answer


def _with_token(answer: Response, token_key: str) -> Response:
    """The token is never stored with the remembered answer: it is made again each time the answer is given."""
    view = orjson.loads(bytes(answer.body))
    view["token"] = order_token(token_key, UUID(view["id"]))
    kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(orjson.dumps(view), status_code=201, headers=kept)


@router.get(
    "/v1/orders",
    response_model=Page[OrderView],
    responses=responses(401, 403, 422),
    summary="Search orders (staff)",
    description="Newest first. `from` and `to` are business days in Seoul, both included.",
)
async def search_orders(
    *,
    who: CurrentStaff,
    database: DatabaseDep,
    mall: MallId | None = None,
    status: Status | None = None,
    channel: Channel = None,
    number: Annotated[str | None, Query(max_length=20)] = None,
    from_day: Annotated[Day | None, Query(alias="from")] = None,
    to_day: Annotated[Day | None, Query(alias="to")] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[OrderView]:
    require(who, ROLE)
    wanted = replace(
        days(from_day, to_day),
        mall_id=mall,
        status=status,
        channel=channel,
        number=number,
        before=read_cursor(cursor) if cursor else None,
        limit=limit + 1,
    )
    async with database.read() as connection:
        found = await reads.search(connection, wanted)
    page = found[:limit]
    more = write_cursor(page[-1].order_id) if len(found) > limit else None
    return Page(items=[OrderView.of(order) for order in page], next_cursor=more)


def days(first: date | None, last: date | None) -> reads.Search:
    """The orders of these business days, both included."""
    return reads.Search(
        placed_from=_midnight(first) if first else None,
        placed_until=_midnight(last) + timedelta(days=1) if last else None,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SEOUL)


@router.get(
    "/v1/orders/{order_id}",
    response_model=OrderDetailView,
    responses=responses(401, 403, 404, 422),
    summary="An order, for its customer or staff",
)
async def read_order(order_id: UUID, _caller: AllowedCaller, database: DatabaseDep) -> OrderDetailView:
    async with database.read() as connection:
        order = await orders.find(connection, order_id)
        contact = await contacts.find(connection, order_id)
    if order is None:
        raise OrderNotFound("there is no such order")
    return OrderDetailView.with_contact(order, contact)


@router.post(
    "/v1/orders/{order_id}/confirm",
    response_model=OrderView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Confirm the purchase",
    description="The customer is content: the order is completed now and not when the time is over. Safe to repeat."
    " The days the law gives for sending goods back run on.",
)
async def confirm_purchase(order_id: UUID, caller: AllowedCaller, database: DatabaseDep) -> OrderView:
    async with database.transaction() as tx:
        return OrderView.of(await handlers.confirm_purchase(ConfirmPurchase(order_id, caller.actor), tx))


@router.get(
    "/v1/orders/{order_id}/history",
    response_model=HistoryView,
    responses=responses(401, 403, 404, 422),
    summary="What happened to an order, as a story",
)
async def read_history(order_id: UUID, caller: AllowedCaller, database: DatabaseDep) -> HistoryView:
    async with database.read() as connection:
        entries = await history.read(connection, order_id)
    if not entries:
        raise OrderNotFound("there is no such order")
    return HistoryView.of(entries, for_staff=caller.is_staff)


@router.post(
    "/v1/orders/{order_id}/cancel",
    response_model=OrderView,
    responses={
        202: {"model": OrderView, "description": "The logistics centre is asked whether the goods can be stopped"},
        **responses(401, 403, 404, 409, 422),
    },
    summary="Cancel an order, or units of it",
    description="200: cancelled at once, because nothing was paid. 202: the logistics centre is asked first; the money"
    " goes back when it accepts. The shipping fee goes back only when nothing of the order is left.",
)
async def cancel_order(
    *,
    order_id: UUID,
    request: Request,
    body: CancelBody,
    caller: AllowedCaller,
    database: DatabaseDep,
    key: IdempotencyKey,
) -> Response:
    async def work(claim: Claim) -> Response:
        command = body.to_command(order_id, claim.resource_id, caller.reason, caller.actor)
        async with database.transaction() as tx:
            order = await handlers.request_cancel(command, tx)
            waits = order.cancel(claim.resource_id).status is CancelStatus.REQUESTED
            return await claim.remember(tx, 202 if waits else 200, OrderView.of(order))

    return await once(database, request, key, work, caller=caller.key)


@router.get(
    "/internal/orders/{order_id}/payable",
    response_model=PayableView,
    responses=responses(401, 404, 422),
    dependencies=[InternalOnly],
    summary="What is owed (for payments)",
)
async def read_payable(
    order_id: UUID, request: Request, database: DatabaseDep, x_order_token: OrderToken = None
) -> PayableView:
    await check_token(database, order_id, x_order_token)
    async with database.read() as connection:
        order = await orders.find(connection, order_id)
        contact = await contacts.find(connection, order_id)
    if order is None:
        raise OrderNotFound("there is no such order")
    orderer_name = contact.contact.orderer_name if contact else ""
    return PayableView.of(order, orderer_name, request.app.state.order_name_pattern)
