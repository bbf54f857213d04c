"""The browser on its way to the provider's window and back."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from common.db import Database
from common.http import DatabaseDep
from common.problems import responses
from payments.api.views import with_refunds
from payments.errors import ReturnUnreadable
from payments.flows.confirming import Confirming, Way
from payments.flows.windows import Windows
from payments.schemas.payments import PaymentView

router = APIRouter(prefix="/v1/payments/{payment_id}", tags=["payments"])

_MAX_FIELDS = 100
# The page holds a signature made for one customer.
_PRIVATE = {"Cache-Control": "no-store"}
_ONWARD: dict[int | str, dict[str, Any]] = {
    200: {"model": PaymentView, "description": "Whoever opened the payment gave no address to go to"},
    303: {"description": "To the opener's `return_url`", "headers": {"Location": {"schema": {"type": "string"}}}},
}


@router.get("/window", response_class=HTMLResponse, responses=responses(404, 409), summary="The way to the provider")
async def window(request: Request, payment_id: UUID) -> Response:
    """For providers whose window has no address of its own: a page with their form or their script."""
    windows: Windows = request.app.state.windows
    return HTMLResponse((await windows.page(payment_id)).html, headers=_PRIVATE)


@router.get("/return", responses=_ONWARD | responses(404, 409, 422), summary="The customer comes back from the window")
@router.get(
    "/return/success", responses=_ONWARD | responses(404, 409, 422), summary="The same, for those who gave this address"
)
async def come_back(request: Request, database: DatabaseDep, payment_id: UUID) -> Response:
    """Confirms, then redirects to the opener's `return_url` with `payment_id`, `status` and, if refused, `code`."""
    confirming: Confirming = request.app.state.confirming
    return await _onward(await confirming.came_back(payment_id, dict(request.query_params)), database)


@router.post("/return", responses=_ONWARD | responses(404, 409, 413, 422), summary="The same, brought by a form")
async def come_back_by_form(request: Request, database: DatabaseDep, payment_id: UUID) -> Response:
    """Some providers post the browser back. The address's own parameters count too; the form's go first."""
    confirming: Confirming = request.app.state.confirming
    posted = _form(await request.body())
    return await _onward(await confirming.came_back(payment_id, dict(request.query_params) | posted), database)


@router.get("/return/fail", responses=_ONWARD | responses(404), summary="The customer left the window")
@router.post("/return/fail", responses=_ONWARD | responses(404), summary="The same, brought by a form")
async def fail(
    request: Request,
    database: DatabaseDep,
    payment_id: UUID,
    code: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Believes nothing of this: the provider is asked. Then redirects like `return`."""
    confirming: Confirming = request.app.state.confirming
    return await _onward(await confirming.gave_up(payment_id, code), database)


def _form(body: bytes) -> dict[str, str]:
    """Raises `ReturnUnreadable`. Values in another encoding than UTF-8 are names for people: nothing hangs on them."""
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError as error:
        raise ReturnUnreadable("too many fields") from error


async def _onward(way: Way, database: Database) -> Response:
    if way.url is not None:
        return RedirectResponse(way.url, status_code=303)
    view = await with_refunds(database, way.payment)
    return Response(view.model_dump_json(), media_type="application/json")
