"""For staff: the coupons of a promotion."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from cart import handlers
from cart.api.promotions import Key, PromotionsStaff
from cart.errors import CouponNotFound
from cart.repository import coupons
from cart.schemas.carts import CODE
from cart.schemas.coupons import CodeView, CouponBody, CouponsView, CouponView, code_of
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from common.wire import Page

router = APIRouter(tags=["staff: promotions"])


@router.post(
    "/v1/promotions/{promotion_id}/coupons",
    status_code=201,
    response_model=CouponView,
    responses=responses(400, 401, 403, 404, 409, 413, 422),
    summary="Make a coupon: one code for all, or many codes for one use each",
    description="409 `coupon.code_taken`: the mall has this code. 422 `promotion.invalid`: the promotion counts "
    "without a coupon.",
)
async def make_coupon(
    *,
    request: Request,
    promotion_id: UUID,
    body: CouponBody,
    who: PromotionsStaff,
    database: DatabaseDep,
    key: Key,
) -> Response:
    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            await handlers.make_coupon(body.to_command(claim.resource_id, promotion_id, who.subject), tx)
            made = await coupons.of_promotion(tx.connection, promotion_id)
            view = next(CouponView.of(row) for row in made if row.id == claim.resource_id)
            return await claim.remember(tx, 201, view)

    return await once(database, request, key, work, caller=who.subject)


@router.get(
    "/v1/promotions/{promotion_id}/coupons",
    response_model=CouponsView,
    responses=responses(401, 403, 404, 422),
    summary="The coupons of a promotion and how often they were used",
)
async def list_coupons(promotion_id: UUID, _who: PromotionsStaff, database: DatabaseDep) -> CouponsView:
    async with database.read() as connection:
        return CouponsView(items=[CouponView.of(row) for row in await handlers.coupons_of(promotion_id, connection)])


@router.get(
    "/v1/promotions/{promotion_id}/coupons/{coupon_id}/codes",
    responses=responses(401, 403, 404, 422),
    summary="The codes of a coupon, to be given out",
)
async def list_codes(
    promotion_id: UUID,
    coupon_id: UUID,
    _who: PromotionsStaff,
    database: DatabaseDep,
    *,
    cursor: Annotated[str, Query(pattern=CODE, description="`next_cursor` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Page[CodeView]:
    async with database.read() as connection:
        rows = await coupons.codes_of(connection, promotion_id, coupon_id, cursor, limit + 1)
    if not rows and not cursor:
        raise CouponNotFound("the promotion has no such coupon")
    return Page(
        items=[code_of(row) for row in rows[:limit]], next_cursor=rows[limit - 1].code if len(rows) > limit else None
    )


@router.post(
    "/v1/promotions/{promotion_id}/coupons/{coupon_id}/stop",
    status_code=204,
    responses=responses(401, 403, 404, 422),
    summary="Stop a coupon: its codes are refused from now on",
)
async def stop_coupon(promotion_id: UUID, coupon_id: UUID, _who: PromotionsStaff, database: DatabaseDep) -> None:
    async with database.transaction() as tx:
        await handlers.stop_coupon(promotion_id, coupon_id, tx)
