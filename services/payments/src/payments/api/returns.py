"""Where the provider's window sends the browser."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from common.db import Database
from common.http import DatabaseDep
from common.problems import responses
from payments.api.views import with_refunds
from payments.commands import ConfirmPayment
from payments.flows.confirming import Confirming, Way
from payments.schemas import OrderRef, ProviderKey, WireAmount

router = APIRouter(prefix="/v1/payments/{payment_id}/return", tags=["payments"])


@router.get("/success", responses=responses(404, 409, 422), summary="The customer agreed at the window")
async def success(
    *,
    request: Request,
    database: DatabaseDep,
    payment_id: UUID,
    payment_key: Annotated[ProviderKey, Query(alias="paymentKey")],
    order_ref: Annotated[OrderRef, Query(alias="orderId")],
    amount: Annotated[WireAmount, Query()],
) -> Response:
    """Confirms, then redirects to the opener's `return_url` with `payment_id`, `status` and, if refused, `code`."""
    confirming: Confirming = request.app.state.confirming
    way = await confirming.came_back(ConfirmPayment(payment_id, payment_key, order_ref, amount))
    return await _onward(way, database)


@router.get("/fail", responses=responses(404), summary="The customer left the window")
async def fail(
    request: Request,
    database: DatabaseDep,
    payment_id: UUID,
    code: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Believes nothing of this: the provider is asked. Then redirects like `success`."""
    confirming: Confirming = request.app.state.confirming
    return await _onward(await confirming.gave_up(payment_id, code), database)


async def _onward(way: Way, database: Database) -> Response:
    if way.url is not None:
        return RedirectResponse(way.url, status_code=303)
    view = await with_refunds(database, way.payment)
    return Response(view.model_dump_json(), media_type="application/json")
