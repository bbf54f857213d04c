"""Carts of guests. Every answer is the whole cart with what it costs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from cart import handlers
from cart.api.asking import HolderDep, OptionalKey, TermsDep
from cart.commands import AddCoupon, AddLine, ChangeLine, CreateCart, RemoveCoupon, RemoveLine
from cart.domain.promotions.coupons import normal
from cart.domain.tokens import replayable_token, stored_key
from cart.errors import CartNotFound
from cart.handlers import Occasion, Priced
from cart.repository import carts
from cart.schemas.carts import CODE, AddCouponBody, AddLineBody, CartCreated, CartView, ChangeLineBody, CreateCartBody
from common import idempotency, ids
from common.db import Database, Tx
from common.http import DatabaseDep
from common.idempotency import Claim, KeyInvalid
from common.problems import responses

router = APIRouter()

_LEAST_GUEST_KEY = 16


@router.post(
    "/v1/carts",
    status_code=201,
    response_model=CartCreated,
    responses=responses(400, 409, 413, 422),
    summary="Open a cart",
    description="With an `Idempotency-Key` (at least 16 characters, as only it names the guest) a repeat gets the same "
    "cart and the same token.",
)
async def create_cart(
    request: Request, body: CreateCartBody, database: DatabaseDep, terms: TermsDep, key: OptionalKey
) -> Response:
    if key is None:
        token = ids.new_token()
        command = CreateCart(ids.new_id(), body.mall_id, body.channel, ids.token_hash(token))
        async with database.transaction() as tx:
            priced = await handlers.create_cart(command, terms, tx)
        return _with_token(Response(CartView.of(priced).model_dump_json(), 201), token)
    if len(key) < _LEAST_GUEST_KEY:
        raise KeyInvalid(f"an Idempotency-Key of a guest has at least {_LEAST_GUEST_KEY} characters")

    async def work(claim: Claim) -> Response:
        salt = ids.new_token().encode()
        token_hash = ids.token_hash(replayable_token(salt, key))
        command = CreateCart(claim.resource_id, body.mall_id, body.channel, token_hash, salt)
        async with database.transaction() as tx:
            priced = await handlers.create_cart(command, terms, tx)
            return await claim.remember(tx, 201, CartView.of(priced))

    answer = await idempotency.once(database, request, stored_key(key), work)
    if answer.status_code != 201:
        return answer
    async with database.read() as connection:
        salt = await carts.token_salt(connection, UUID(orjson.loads(answer.body)["id"]))
    if salt is None:
        raise CartNotFound("the cart of this Idempotency-Key is not kept any more")
    return _with_token(answer, replayable_token(salt, key))


def _with_token(answer: Response, token: str) -> Response:
    """The stored answer never holds the token, so it is put in on the way out."""
    replayed = {name: value for name, value in answer.headers.items() if name == "idempotent-replayed"}
    body = orjson.dumps(orjson.loads(answer.body) | {"token": token})
    return Response(body, answer.status_code, headers=replayed, media_type="application/json")


@router.get(
    "/v1/carts/{cart_id}",
    response_model=CartView,
    responses=responses(401, 404, 409, 422),
    summary="Read a cart and what it costs now",
    description="With a `zonecode` the quote has the surcharge for islands and Jeju in it.",
)
async def read_cart(
    database: DatabaseDep,
    terms: TermsDep,
    holder: HolderDep,
    zonecode: Annotated[str | None, Query(pattern=r"^[0-9]{5}$", examples=["63100"])] = None,
) -> CartView:
    async with database.read() as connection:
        at = Occasion(database.clock.now(), zonecode)
        return CartView.of(await handlers.read_cart(holder, terms, connection, at))


@router.post(
    "/v1/carts/{cart_id}/lines",
    status_code=201,
    response_model=CartView,
    responses=responses(400, 401, 404, 409, 413, 422),
    summary="Put something in",
    description="A SKU that is in the cart already gets that many more.",
)
async def add_line(
    *, request: Request, body: AddLineBody, database: DatabaseDep, terms: TermsDep, holder: HolderDep, key: OptionalKey
) -> Response:
    command = AddLine(ids.new_id(), body.sku, body.quantity)

    async def add(tx: Tx) -> Priced:
        return await handlers.add_line(holder, command, terms, tx)

    if key is None:
        return Response((await _in_transaction(database, add)).model_dump_json(), 201, media_type="application/json")

    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            return await claim.remember(tx, 201, CartView.of(await add(tx)))

    return await idempotency.once(database, request, key, work, caller=holder.token_hash.hex())


@router.patch(
    "/v1/carts/{cart_id}/lines/{line_id}",
    response_model=CartView,
    responses=responses(400, 401, 404, 409, 413, 422),
    summary="Change how many",
)
async def change_line(
    line_id: UUID, body: ChangeLineBody, database: DatabaseDep, terms: TermsDep, holder: HolderDep
) -> CartView:
    command = ChangeLine(line_id, body.quantity)
    return await _in_transaction(database, lambda tx: handlers.change_line(holder, command, terms, tx))


@router.delete(
    "/v1/carts/{cart_id}/lines/{line_id}",
    response_model=CartView,
    responses=responses(401, 404, 409, 422),
    summary="Take a line out",
)
async def remove_line(line_id: UUID, database: DatabaseDep, terms: TermsDep, holder: HolderDep) -> CartView:
    return await _in_transaction(database, lambda tx: handlers.remove_line(holder, RemoveLine(line_id), terms, tx))


@router.post(
    "/v1/carts/{cart_id}/coupons",
    status_code=201,
    response_model=CartView,
    responses=responses(400, 401, 404, 409, 413, 422),
    summary="Put a coupon in",
    description="A code that does not count yet, for too little in the cart say, is kept and tells its `reason`. 409 "
    "`coupon.not_usable` (with `reason`) for one that will not count however the cart is filled; 422 `coupon.unknown`, "
    "`cart.too_many_coupons`. The same code again changes nothing.",
)
async def add_coupon(body: AddCouponBody, database: DatabaseDep, terms: TermsDep, holder: HolderDep) -> CartView:
    command = AddCoupon(body.normal)
    return await _in_transaction(database, lambda tx: handlers.add_coupon(holder, command, terms, tx))


@router.delete(
    "/v1/carts/{cart_id}/coupons/{code}",
    response_model=CartView,
    responses=responses(401, 404, 409, 422),
    summary="Take a coupon out",
)
async def remove_coupon(
    code: Annotated[str, Path(pattern=CODE)], database: DatabaseDep, terms: TermsDep, holder: HolderDep
) -> CartView:
    command = RemoveCoupon(normal(code))
    return await _in_transaction(database, lambda tx: handlers.remove_coupon(holder, command, terms, tx))


async def _in_transaction(database: Database, work: Callable[[Tx], Awaitable[Priced]]) -> CartView:
    async with database.transaction() as tx:
        priced = await work(tx)
    return CartView.of(priced)
