"""Another option for a line before it leaves."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from orders.api.callers import AllowedCaller, IdempotencyKey
from orders.flows import ChangeOptions
from orders.schemas import OptionBody, OrderView

router = APIRouter(tags=["orders"])


@router.post(
    "/v1/orders/{order_id}/lines/{line_id}/option",
    status_code=202,
    response_model=OrderView,
    responses=responses(401, 403, 404, 409, 422, 503),
    summary="Change a line to another option",
    description="Another variant of the same product at the same price, for all that is kept of the line, while the"
    " order is paid and has not left. The stock is held, and the logistics centre is asked whether it can still pack"
    " the other one: the line's `option_change` says what it answered, and its `sku` changes when it accepts. While an"
    " answer is awaited the line can be neither cancelled nor changed again (409 `order.option_change_open`).",
)
async def change_option(
    *,
    order_id: UUID,
    line_id: UUID,
    request: Request,
    body: OptionBody,
    caller: AllowedCaller,
    database: DatabaseDep,
    key: IdempotencyKey,
) -> Response:
    choosing: ChangeOptions = request.app.state.change_options

    async def work(claim: Claim) -> Response:
        return await choosing.change(order_id, line_id, body.sku, caller.actor, claim)

    return await once(database, request, key, work, caller=caller.key)
