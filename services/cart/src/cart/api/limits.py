"""For staff: how much of a product may be bought."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from cart import handlers
from cart.api.promotions import PromotionsStaff
from cart.repository import limits
from cart.schemas.limits import PurchaseLimitBody, PurchaseLimitView
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MallId, Page

router = APIRouter(tags=["staff: promotions"])


@router.get(
    "/v1/promotions/purchase-limits",
    responses=responses(401, 403, 422),
    summary="The products of a mall of which only so many may be bought",
)
async def list_purchase_limits(
    mall: Annotated[MallId, Query(examples=["intake"])],
    _who: PromotionsStaff,
    database: DatabaseDep,
    *,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[PurchaseLimitView]:
    async with database.read() as connection:
        rows = await limits.of_mall(connection, mall, cursor, limit + 1)
    items = [PurchaseLimitView.of(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=str(items[-1].product_id) if len(rows) > limit else None)


@router.put(
    "/v1/promotions/purchase-limits/{product_id}",
    response_model=PurchaseLimitView,
    responses=responses(400, 401, 403, 413, 422),
    summary="Limit how much of a product may be bought",
    description="Carts that hold more keep it, cannot get more, and cannot be ordered: 409 `cart.limit_exceeded`. 422 "
    "`product.unknown`.",
)
async def set_purchase_limit(
    product_id: UUID, body: PurchaseLimitBody, who: PromotionsStaff, database: DatabaseDep
) -> PurchaseLimitView:
    async with database.transaction() as tx:
        await handlers.set_purchase_limit(body.to_command(product_id, who.subject), tx)
    return PurchaseLimitView(
        product_id=product_id, max_per_order=body.max_per_order, max_per_member=body.max_per_member
    )


@router.delete(
    "/v1/promotions/purchase-limits/{product_id}",
    status_code=204,
    responses=responses(401, 403, 404, 422),
    summary="Take a product's limit away",
)
async def drop_purchase_limit(product_id: UUID, _who: PromotionsStaff, database: DatabaseDep) -> None:
    async with database.transaction() as tx:
        await handlers.drop_purchase_limit(product_id, tx)
