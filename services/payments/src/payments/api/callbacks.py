"""Where providers post. The answer means: it is safe with us. What it says is looked up before it counts."""

from __future__ import annotations

from fastapi import APIRouter, Request

from common.problems import responses
from payments.flows.callbacks import Callbacks
from payments.schemas import AcceptedView

router = APIRouter(prefix="/v1/callbacks", tags=["callbacks"])


@router.post(
    "/{provider}",
    response_model=AcceptedView,
    responses=responses(403, 413, 422),
    summary="A payment provider's callback",
)
async def take_callback(request: Request, provider: str) -> AcceptedView:
    """200 also for a repeat. 403 for a wrong secret, amount or order: recorded as refused, and nothing is changed."""
    callbacks: Callbacks = request.app.state.callbacks
    await callbacks.take(provider, "", "", request.headers, await request.body())
    return AcceptedView()
