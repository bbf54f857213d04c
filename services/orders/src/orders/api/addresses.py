"""Sending an order elsewhere before it leaves."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from orders import handlers
from orders.api.callers import AllowedCaller, IdempotencyKey
from orders.commands import ChangeAddress
from orders.schemas import AddressChangeView, ShipToBody

router = APIRouter(tags=["orders"])


@router.post(
    "/v1/orders/{order_id}/ship-to",
    status_code=202,
    response_model=AddressChangeView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Send the order elsewhere",
    description="Before it leaves. The logistics centre is asked whether it can still be told; the order's story says"
    " what it answered, and `ship_to` changes when it accepts. The shipping fee stays what it was.",
)
async def change_address(
    *,
    order_id: UUID,
    request: Request,
    body: ShipToBody,
    caller: AllowedCaller,
    database: DatabaseDep,
    key: IdempotencyKey,
) -> Response:
    async def work(claim: Claim) -> Response:
        command = ChangeAddress(order_id, claim.resource_id, caller.actor, body.to_ship_to())
        async with database.transaction() as tx:
            await handlers.change_address(command, tx)
            return await claim.remember(tx, 202, AddressChangeView(change_id=claim.resource_id))

    return await once(database, request, key, work, caller=caller.key)
