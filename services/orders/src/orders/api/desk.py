"""Looking an order up without its token, and staff's notes."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.auth import CurrentStaff, require
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import problem, responses
from orders import handlers
from orders.api.callers import ROLE, IdempotencyKey
from orders.commands import AddNote
from orders.domain.caller import caller
from orders.errors import OrderNotFound
from orders.repository import notes, reads
from orders.schemas import LookUpBody, LookUpView, NoteBody, NotesView, NoteView

router = APIRouter(tags=["orders"])


@router.post(
    "/v1/orders/look-up",
    response_model=LookUpView,
    responses=responses(404, 422, 429),
    summary="Find an order by its number",
    description="For guests who lost their token: the number and the orderer's e-mail or phone. A wrong answer and an"
    " unknown number are told apart by nobody. 429 `order.look_ups_exhausted`: in a quarter of an hour the number was"
    " tried ten times from this address, or three hundred times from everywhere; come back after it.",
)
async def look_up(request: Request, body: LookUpBody, database: DatabaseDep) -> Response:
    peer = None if request.client is None else request.client.host
    forwarded_for = ",".join(request.headers.getlist("x-forwarded-for"))
    command = replace(body.to_command(), caller=caller(peer, forwarded_for, request.app.state.trusted_proxies))
    # A wrong try counts as well as a right one: its transaction commits before it is refused.
    async with database.transaction() as tx:
        found = await handlers.look_up(command, request.app.state.token_keys, tx)
    if found.exhausted:
        wait = {"Retry-After": "900"}
        return problem(429, "order.look_ups_exhausted", "this number was tried too often; wait a while", headers=wait)
    if found.order_id is None or found.token is None:
        raise OrderNotFound("there is no such order, or the e-mail or phone is not the orderer's")
    view = LookUpView(order_id=found.order_id, token=found.token)
    return Response(view.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post(
    "/v1/orders/{order_id}/notes",
    status_code=201,
    response_model=NoteView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Note something about an order (staff)",
    description="Customers never see it.",
)
async def add_note(
    *,
    order_id: UUID,
    who: CurrentStaff,
    request: Request,
    body: NoteBody,
    database: DatabaseDep,
    key: IdempotencyKey,
) -> Response:
    require(who, ROLE)

    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            note = await handlers.add_note(AddNote(order_id, claim.resource_id, who.subject, body.text), tx)
            return await claim.remember(tx, 201, NoteView.of(note))

    return await once(database, request, key, work, caller=f"staff:{who.subject}")


@router.get(
    "/v1/orders/{order_id}/notes",
    response_model=NotesView,
    responses=responses(401, 403, 404, 422),
    summary="Staff's notes about an order (staff)",
)
async def read_notes(order_id: UUID, who: CurrentStaff, database: DatabaseDep) -> NotesView:
    require(who, ROLE)
    async with database.read() as connection:
        if await reads.access_token_hash(connection, order_id) is None:
            raise OrderNotFound("there is no such order")
        found = await notes.of_order(connection, order_id)
    return NotesView(items=[NoteView.of(note) for note in found])
