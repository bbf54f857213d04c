"""For orders only: what an order will cost, and who has the cart meanwhile."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query

from cart import handlers
from cart.api.asking import TermsDep, holder_of
from cart.commands import FreezeCart, ReleaseCart
from cart.schemas.carts import Zonecode
from cart.schemas.freezing import FreezeBody, FrozenQuote
from cart.schemas.shipping import SurchargeView
from common.auth import InternalOnly, OptionalMember
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MallId

router = APIRouter()


@router.post(
    "/internal/carts/{cart_id}/freeze",
    response_model=FrozenQuote,
    responses=responses(400, 401, 404, 409, 413, 422),
    dependencies=[InternalOnly],
    summary="Fix what an order will cost",
    description="The same `order_id` always gets the same quote, less gifts named in `without_gifts`. Holds the uses "
    "of gifts and coupons until `order-placed`, `order-cancelled` or the DELETE. 404 `cart.not_found`, also for a "
    "wrong token; 409 `cart.empty`, `cart.already_ordered`, `cart.busy`, `cart.line_unavailable`, "
    "`cart.merged`, `cart.limit_exceeded`, `coupon.not_usable` (with `coupon` and `reason`), "
    "`cart.order_id_reused`, `shipping_rule.missing`.",
)
async def freeze_cart(
    *,
    cart_id: UUID,
    body: FreezeBody,
    database: DatabaseDep,
    terms: TermsDep,
    member: OptionalMember,
    x_cart_token: Annotated[str | None, Header()] = None,
) -> FrozenQuote:
    holder = holder_of(cart_id, x_cart_token, member)
    command = FreezeCart(body.order_id, body.ship_to_zonecode, body.without_gifts)
    async with database.transaction() as tx:
        priced = await handlers.freeze_cart(holder, command, terms, tx)
    return FrozenQuote.of(priced, body.order_id)


@router.delete(
    "/internal/carts/{cart_id}/freeze/{order_id}",
    status_code=204,
    responses=responses(401, 422),
    dependencies=[InternalOnly],
    summary="Let go of a cart whose order will not be placed",
)
async def release_cart(cart_id: UUID, order_id: UUID, database: DatabaseDep) -> None:
    async with database.transaction() as tx:
        await handlers.release_cart(ReleaseCart(cart_id, order_id), tx)


@router.get(
    "/internal/surcharges/{mall_id}/{zonecode}",
    response_model=SurchargeView,
    responses=responses(401, 422),
    dependencies=[InternalOnly],
    summary="What delivery to a postcode costs beside the fee, today",
)
async def read_surcharge(
    mall_id: Annotated[MallId, Path(examples=["intake"])],
    zonecode: Annotated[Zonecode, Path(examples=["63100"])],
    database: DatabaseDep,
    order_id: Annotated[UUID | None, Query(description="0 where a promotion of this order freed far places")] = None,
) -> SurchargeView:
    async with database.read() as connection:
        return SurchargeView(amount=await handlers.surcharge_of(mall_id, zonecode, connection, order_id))
