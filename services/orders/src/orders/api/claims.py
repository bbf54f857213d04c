"""Returns and exchanges: asked for by the customer or by staff for them, decided by staff."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from common.auth import CurrentStaff, Staff, require
from common.errors import Forbidden
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.ids import new_id
from common.problems import responses
from common.wire import MallId, Page
from orders import handlers
from orders.api.callers import ROLE, AllowedCaller, IdempotencyKey
from orders.commands import ApproveClaim, NoteChargeReturned, RejectClaim, StopReplacement, WithdrawClaim
from orders.domain import ClaimStatus
from orders.flows import RequestClaims
from orders.repository import claims, orders, terms
from orders.schemas import (
    ApproveBody,
    ClaimBody,
    ClaimOfOrderView,
    ClaimsView,
    ClaimView,
    OrderView,
    RejectBody,
    TermsBody,
    TermsView,
    read_cursor,
    write_cursor,
)

router = APIRouter(tags=["returns and exchanges"])


@router.get(
    "/v1/orders/claims",
    response_model=Page[ClaimOfOrderView],
    responses=responses(401, 403, 422),
    summary="Returns and exchanges of all orders (staff)",
    description="Newest first. `status=requested`: those that wait for a decision.",
)
async def search_claims(
    *,
    who: CurrentStaff,
    database: DatabaseDep,
    mall: MallId | None = None,
    status: ClaimStatus | None = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[ClaimOfOrderView]:
    require(who, ROLE)
    before = read_cursor(cursor) if cursor else None
    async with database.read() as connection:
        found = await claims.search(connection, claims.Search(mall, status, before, limit + 1))
        shown = found[:limit]
        by_id = {order.order_id: order for order in await orders.find_many(connection, [of for _, of in shown])}
    items = [ClaimOfOrderView.of_order(by_id[order_id], claim_id) for claim_id, order_id in shown]
    return Page(items=items, next_cursor=write_cursor(shown[-1][0]) if len(found) > limit else None)


@router.get(
    "/v1/orders/claim-terms/{mall_id}",
    response_model=TermsView,
    responses=responses(422),
    summary="What holds for returns and exchanges of a mall",
    description="For anybody: until when goods may be sent back, and what that costs whom.",
)
async def read_terms(mall_id: MallId, request: Request, database: DatabaseDep) -> TermsView:
    flow: RequestClaims = request.app.state.request_claims
    async with database.read() as connection:
        found = await terms.of_mall(connection, mall_id)
    return TermsView.of(found or flow.default_terms)


@router.put(
    "/v1/orders/claim-terms/{mall_id}",
    response_model=TermsView,
    responses=responses(401, 403, 422),
    summary="Set what holds for returns and exchanges of a mall (staff)",
    description="For claims from now on; those there are keep the terms they were made under. The law's least is kept.",
)
async def put_terms(mall_id: MallId, who: CurrentStaff, body: TermsBody, database: DatabaseDep) -> TermsView:
    require(who, ROLE)
    async with database.transaction() as tx:
        await handlers.put_terms(mall_id, body.to_terms(), f"staff:{who.subject}", tx)
    return TermsView.of(body.to_terms())


@router.post(
    "/v1/orders/{order_id}/claims",
    status_code=201,
    response_model=ClaimView,
    responses=responses(401, 403, 404, 409, 422, 503),
    summary="Ask for a return or an exchange",
    description="Of units that have arrived, others of the order may be on their way: seven days for a change of mind,"
    " three months for a fault of the seller's, from the parcel that brought them, also of what was sent in exchange."
    " 409 `claim.not_delivered`: only `open` units have arrived. Nothing is fetched and no money moves before staff"
    " approves. The answer shows the terms it is made under.",
)
async def request_claim(
    *,
    order_id: UUID,
    request: Request,
    body: ClaimBody,
    caller: AllowedCaller,
    database: DatabaseDep,
    key: IdempotencyKey,
) -> Response:
    if body.goodwill and not caller.is_staff:
        raise Forbidden("only staff lets a claim in after its time")
    flow: RequestClaims = request.app.state.request_claims

    async def work(claim: Claim) -> Response:
        order, agreed = await flow.terms_for(order_id)
        asked = body.to_command(order_id, claim.resource_id, caller.actor, agreed)
        command = await flow.with_replacements(order, asked)
        async with database.transaction() as tx:
            after = await handlers.request_claim(command, tx)
            view = ClaimView.of(after.claim(claim.resource_id), after.currency)
            return await claim.remember(tx, 201, view)

    return await once(database, request, key, work, caller=caller.key)


@router.get(
    "/v1/orders/{order_id}/claims",
    response_model=ClaimsView,
    responses=responses(401, 403, 404, 422),
    summary="The returns and exchanges of an order",
)
async def read_claims(order_id: UUID, _caller: AllowedCaller, request: Request) -> ClaimsView:
    flow: RequestClaims = request.app.state.request_claims
    order, _ = await flow.terms_for(order_id)
    return ClaimsView(items=[ClaimView.of(claim, order.currency) for claim in order.claims])


@router.post(
    "/v1/orders/{order_id}/claims/{claim_id}/withdraw",
    response_model=ClaimView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Keep the goods after all",
    description="Safe to repeat. 409 `claim.already_picked_up`: the goods are on their way back.",
)
async def withdraw_claim(order_id: UUID, claim_id: UUID, caller: AllowedCaller, database: DatabaseDep) -> ClaimView:
    async with database.transaction() as tx:
        order = await handlers.withdraw_claim(WithdrawClaim(order_id, claim_id, caller.actor), tx)
    return ClaimView.of(order.claim(claim_id), order.currency)


@router.post(
    "/v1/orders/{order_id}/claims/{claim_id}/approve",
    response_model=ClaimView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Approve a return or an exchange (staff)",
    description="The logistics centre has the goods fetched; the replacements of an exchange are kept for it. `fault`"
    " decides who bears the shipping where the customer's reason does not tell the truth of it. Where the customer"
    " bears an exchange, its fee is paid to the mall's account first: without `fee_paid_by` 409 `claim.fee_due`, with"
    " `fee`. Safe to repeat.",
)
async def approve_claim(
    order_id: UUID, claim_id: UUID, who: CurrentStaff, database: DatabaseDep, body: ApproveBody | None = None
) -> ClaimView:
    told = body or ApproveBody()
    command = ApproveClaim(order_id, claim_id, _actor(who), told.fault, told.fee_paid_by)
    async with database.transaction() as tx:
        order = await handlers.approve_claim(command, tx)
    return ClaimView.of(order.claim(claim_id), order.currency)


@router.post(
    "/v1/orders/{order_id}/claims/{claim_id}/reject",
    response_model=ClaimView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Reject a return or an exchange (staff)",
    description="Also an approved one whose goods never come (`not_sent`). Safe to repeat.",
)
async def reject_claim(
    order_id: UUID, claim_id: UUID, who: CurrentStaff, database: DatabaseDep, body: RejectBody
) -> ClaimView:
    command = RejectClaim(order_id, claim_id, _actor(who), body.reason, body.note)
    async with database.transaction() as tx:
        order = await handlers.reject_claim(command, tx)
    return ClaimView.of(order.claim(claim_id), order.currency)


@router.post(
    "/v1/orders/{order_id}/claims/{claim_id}/refund-instead",
    status_code=202,
    response_model=ClaimView,
    responses=responses(401, 403, 404, 409, 422) | {200: {"model": ClaimView, "description": "it was stopped before"}},
    summary="Give the money back instead of what an exchange sends (staff)",
    description="For a completed exchange whose new goods cannot be sent. The logistics centre is asked to keep what"
    " has not left. What it keeps is paid back like goods that come back at the seller's fault, what has left stays"
    " exchanged. `replacement_stop` tells its answer; a centre at work on it says no (`centre_accepted`) until it"
    " rejects what is left. Safe to repeat; after a refusal the centre is asked anew. Gifts stay with the customer. 409"
    " `claim.not_completed`: nothing came back yet; `claim.nothing_to_stop`: all of it has left, or nothing was to be"
    " sent; `order.cancel_in_progress`: a cancel of the same units is undecided.",
)
async def refund_instead(
    order_id: UUID, claim_id: UUID, who: CurrentStaff, database: DatabaseDep, response: Response
) -> ClaimView:
    command = StopReplacement(order_id, claim_id, new_id(), _actor(who))
    async with database.transaction() as tx:
        order = await handlers.stop_replacement(command, tx)
    claim = order.claim(claim_id)
    if not claim.is_stopping:
        response.status_code = 200
    return ClaimView.of(claim, order.currency)


@router.post(
    "/v1/orders/{order_id}/charges/{subject}/returned",
    response_model=OrderView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Note that a charge was sent back (staff)",
    description="Of an exchange or an address change that came to nothing: `subject` is its `claim_id` or `change_id`."
    " 409 `order.no_charge_owed`: none is owed. Safe to repeat.",
)
async def return_charge(order_id: UUID, subject: UUID, who: CurrentStaff, database: DatabaseDep) -> OrderView:
    command = NoteChargeReturned(order_id, subject, _actor(who))
    async with database.transaction() as tx:
        return OrderView.of(await handlers.note_charge_returned(command, tx))


def _actor(who: Staff) -> str:
    require(who, ROLE)
    return f"staff:{who.subject}"
