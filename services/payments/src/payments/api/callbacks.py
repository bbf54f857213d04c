"""Where providers post. The answer means: it is safe with us. What it says is looked up before it counts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from common.problems import responses
from payments.domain.source import sender
from payments.flows.callbacks import Arrived, Callbacks

router = APIRouter(prefix="/v1/callbacks", tags=["callbacks"], default_response_class=Response)

_TAKEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "It is safe with us, said as this provider wants it said",
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": {"status": "ok"}},
            "text/plain": {"schema": {"type": "string"}, "example": "OK"},
        },
    }
}
_ANSWERS = _TAKEN | responses(403, 404, 413, 422)


@router.post("/{provider}", responses=_ANSWERS, summary="A payment provider's callback")
async def take_callback(request: Request, provider: str) -> Response:
    """Answered as the provider wants it, 200 also for a repeat.

    404 for a provider whose callbacks the edge does not let in, 422 for one that is let in and not known here.
    403 for a wrong signature, secret, amount, order or sender: recorded as refused, and nothing is changed.
    """
    return await _take(request, provider)


@router.post("/{provider}/{place}", responses=_ANSWERS, summary="The same, about one mall or of a kind")
async def take_callback_of(request: Request, provider: str, place: str) -> Response:
    return await _take(request, provider, place)


@router.post("/{provider}/{mall_id}/{kind}", responses=_ANSWERS, summary="The same, with both")
async def take_callback_of_kind(request: Request, provider: str, mall_id: str, kind: str) -> Response:
    return await _take(request, provider, mall_id, kind)


async def _take(request: Request, provider: str, *place: str) -> Response:
    callbacks: Callbacks = request.app.state.callbacks
    peer = None if request.client is None else request.client.host
    forwarded_for = ",".join(request.headers.getlist("x-forwarded-for"))
    source = sender(peer, forwarded_for, request.app.state.trusted_proxies)
    arrived = Arrived(provider, place, source, request.headers, await request.body())
    status, media_type, body = await callbacks.take(arrived)
    return Response(body, status_code=status, media_type=media_type)
