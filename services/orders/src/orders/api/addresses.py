"""Sending an order elsewhere before it leaves."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.errors import Forbidden
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from orders import handlers
from orders.api.callers import AllowedCaller, IdempotencyKey
from orders.commands import ChangeAddress
from orders.flows import MoveOrders
from orders.schemas import AddressChangeView, MoveBody

router = APIRouter(tags=["orders"])


@router.post(
    "/v1/orders/{order_id}/ship-to",
    status_code=202,
    response_model=AddressChangeView,
    responses=responses(401, 403, 404, 409, 422, 503),
    summary="Send the order elsewhere",
    description="Before it leaves. The logistics centre is asked whether it can still be told; the order's story says"
    " what it answered, and `ship_to` changes when it accepts. A nearer place gives nothing back; a farther one costs"
    " the difference to the most that was paid for far places before, to the mall's account and first: 409"
    " `order.surcharge_due`, with `surcharge`, until staff sends it with `surcharge_paid_by`. 409"
    " `order.address_change_pending`: the centre has not answered the change a surcharge was settled for.",
)
async def change_address(
    *,
    order_id: UUID,
    request: Request,
    body: MoveBody,
    caller: AllowedCaller,
    database: DatabaseDep,
    key: IdempotencyKey,
) -> Response:
    if body.surcharge_paid_by is not None and not caller.is_staff:
        raise Forbidden("only staff notes that money came, or waives it")
    moving: MoveOrders = request.app.state.move_orders

    async def work(claim: Claim) -> Response:
        asked = ChangeAddress(
            order_id,
            claim.resource_id,
            caller.actor,
            body.to_ship_to(),
            surcharge_paid_by=body.surcharge_paid_by,
        )
        command = await moving.priced(asked)
        async with database.transaction() as tx:
            await handlers.change_address(command, tx)
            return await claim.remember(tx, 202, AddressChangeView(change_id=claim.resource_id))

    return await once(database, request, key, work, caller=caller.key)
