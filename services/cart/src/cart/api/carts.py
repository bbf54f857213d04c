"""Carts of guests and members. Every answer is the whole cart with what it costs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from cart import handlers
from cart.api.asking import HolderDep, OptionalKey, OptionalVisitor, TermsDep, VisitorDep
from cart.commands import AddCoupon, AddLine, ChangeLine, CreateCart, RemoveCoupon, RemoveLine
from cart.domain.promotions.coupons import normal
from cart.domain.tokens import replayable_token, stored_key
from cart.errors import CartNotFound
from cart.handlers import Occasion, Priced
from cart.repository import carts
from cart.schemas.carts import (
    CODE,
    AddCouponBody,
    AddLineBody,
    CartCreated,
    CartView,
    ChangeLineBody,
    CreateCartBody,
    MemberCartView,
)
from common import idempotency, ids
from common.db import Database, Tx
from common.http import DatabaseDep
from common.idempotency import Claim, KeyInvalid
from common.problems import responses
from common.wire import MallId

router = APIRouter()

_LEAST_GUEST_KEY = 16


@router.post(
    "/v1/carts",
    status_code=201,
    response_model=CartCreated,
    responses={
        **responses(400, 401, 409, 413, 422),
        200: {"model": CartCreated, "description": "the member's open cart"},
    },
    summary="Open a cart",
    description="A member (bearer token) has one open cart per mall: it is found (200) or made (201), and is of this "
    "`channel` from now on; no key is needed. A guest always gets a new one. With an `Idempotency-Key` (at least 16 "
    "characters, as only it names the guest) a repeat gets the same cart and the same token. 422 `mall.unknown`, "
    "`channel.unknown`.",
)
async def create_cart(
    *,
    request: Request,
    body: CreateCartBody,
    database: DatabaseDep,
    terms: TermsDep,
    key: OptionalKey,
    visitor: OptionalVisitor,
) -> Response:
    if visitor is not None:
        async with database.transaction() as tx:
            mine = await handlers.open_member_cart(body.mall_id, body.channel, visitor, terms, tx)
        content = MemberCartView.of_member(mine).model_dump_json()
        return Response(content, 201 if mine.made else 200, media_type="application/json")
    if key is None:
        token = ids.new_token()
        command = CreateCart(ids.new_id(), body.mall_id, body.channel, ids.token_hash(token))
        async with database.alone() as connection:
            priced = await handlers.create_cart(command, terms, connection, database.clock.now())
        return _with_token(Response(CartView.of(priced).model_dump_json(), 201), token)
    if len(key) < _LEAST_GUEST_KEY:
        raise KeyInvalid(f"an Idempotency-Key of a guest has at least {_LEAST_GUEST_KEY} characters")

    async def work(claim: Claim) -> Response:
        salt = ids.new_token().encode()
        token_hash = ids.token_hash(replayable_token(salt, key))
        command = CreateCart(claim.resource_id, body.mall_id, body.channel, token_hash, salt)
        async with database.transaction() as tx:
            priced = await handlers.create_cart(command, terms, tx.connection, tx.now)
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
    "/v1/carts/mine",
    response_model=MemberCartView,
    responses=responses(401, 404, 409, 422),
    summary="The member's open cart of a mall",
    description="The same cart on every device, with the token to order it by. 404 `cart.not_found`: there is none, "
    "open one with `POST /v1/carts`. 409 `shipping_rule.missing`.",
)
async def my_cart(
    mall: Annotated[MallId, Query(examples=["intake"])], database: DatabaseDep, terms: TermsDep, visitor: VisitorDep
) -> MemberCartView:
    async with database.transaction() as tx:
        mine = await handlers.my_cart(mall, visitor, terms, tx)
    return MemberCartView.of_member(mine)


@router.post(
    "/v1/carts/{cart_id}/merge",
    response_model=MemberCartView,
    responses=responses(401, 404, 409, 422),
    summary="Put a guest's cart into the member's cart at sign-in",
    description="With the guest's `X-Cart-Token` and the member's bearer token. The member's lines stay, the guest's "
    "follow; of a SKU in both the larger quantity stays; coupons are put together; what does not fit is named in "
    "`left_out`. The guest's cart is closed (`merged`). The same again answers the member's cart and changes nothing. "
    "409 `cart.already_ordered`, `cart.busy` (an order of it is being placed), `cart.merged` (into another member's).",
)
async def merge_cart(database: DatabaseDep, terms: TermsDep, visitor: VisitorDep, holder: HolderDep) -> MemberCartView:
    async with database.transaction() as tx:
        mine = await handlers.merge_cart(holder, visitor, terms, tx)
    return MemberCartView.of_member(mine)


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
    description="A SKU that is in the cart already gets that many more. 409 `cart.already_ordered`, `cart.merged`, "
    "`cart.limit_exceeded`, `shipping_rule.missing`; 422 `sku.unknown`, `sku.not_for_sale`, `cart.quantity_too_large`, "
    "`cart.too_many_lines`.",
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

    return await idempotency.once(
        database,
        request,
        key,
        work,
        caller=str(holder.member_id) if holder.token_hash is None else holder.token_hash.hex(),
    )


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
