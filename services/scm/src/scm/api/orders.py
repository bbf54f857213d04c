"""For the holder of an order: where its parcels are."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from common.auth import OptionalStaff, require
from common.errors import Unauthenticated
from common.http import DatabaseDep
from common.ids import same_token
from common.problems import responses
from scm.api.callers import ROLE, CarriersDep
from scm.errors import OrderNotFound
from scm.repository import contacts, shipments, tracking
from scm.schemas.rendering import shipments_view
from scm.schemas.views import ShipmentsView

router = APIRouter(tags=["shipments"])


@router.get(
    "/v1/orders/{order_id}/shipments",
    summary="Where the goods of an order are",
    description="One item per parcel, and one for what has not left yet. With the order's token (`X-Order-Token`) or a "
    "staff token with the role `scm`. A wrong token answers like an unknown order.",
    responses=responses(401, 403, 404, 422),
)
async def order_shipments(
    *,
    order_id: UUID,
    database: DatabaseDep,
    carriers: CarriersDep,
    who: OptionalStaff,
    response: Response,
    x_order_token: Annotated[str | None, Header()] = None,
) -> ShipmentsView:
    if who is not None:
        require(who, ROLE)
    elif x_order_token is None:
        raise Unauthenticated("the order's token is needed (header X-Order-Token)")
    async with database.read() as connection:
        known, token_hash = await contacts.token_hash(connection, order_id)
        if who is None and (token_hash is None or not same_token(x_order_token, token_hash)):
            raise OrderNotFound("there is no such order")
        found = await shipments.all_of_order(connection, order_id)
        if not found and not known:
            raise OrderNotFound("there is no such order")
        parcels = [parcel.id for shipment in found for parcel in shipment.parcels]
        events = await tracking.events_of(connection, parcels)
    response.headers["Cache-Control"] = "private, no-store"
    return shipments_view(found, carriers, events)
