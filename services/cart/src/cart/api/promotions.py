"""For staff: promotions, and what one would do."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from cart import handlers
from cart.api.asking import TermsDep
from cart.domain.promotions.model import Status
from cart.handlers.promotions import found
from cart.repository import promotions
from cart.schemas.promotions import PromotionBody, PromotionChange, PromotionView
from cart.schemas.rehearsals import DryRunBody, DryRunView
from common.auth import CurrentStaff, Staff, require
from common.http import DatabaseDep
from common.idempotency import Claim, idempotency_key, once
from common.problems import responses
from common.wire import MallId, Page

router = APIRouter(tags=["staff: promotions"])


async def _promotions_staff(who: CurrentStaff) -> Staff:
    require(who, "promotions")
    return who


PromotionsStaff = Annotated[Staff, Depends(_promotions_staff)]
Key = Annotated[str, Depends(idempotency_key)]


@router.post(
    "/v1/promotions",
    status_code=201,
    response_model=PromotionView,
    responses=responses(400, 401, 403, 409, 413, 422),
    summary="Make a promotion",
    description="A `draft` counts nowhere until its status is `active`; try it with a dry run first. 422 "
    "`promotion.invalid`, `sku.unknown` (the gift), `mall.unknown`.",
)
async def create_promotion(
    request: Request, body: PromotionBody, who: PromotionsStaff, database: DatabaseDep, key: Key
) -> Response:
    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            await handlers.put_promotion(body.to_promotion(claim.resource_id), who.subject, tx)
            made = found(await promotions.find(tx.connection, claim.resource_id))
            return await claim.remember(tx, 201, PromotionView.of(*made))

    return await once(database, request, key, work, caller=who.subject)


@router.get(
    "/v1/promotions",
    responses=responses(401, 403, 422),
    summary="The promotions of a mall, oldest first",
)
async def list_promotions(
    mall: Annotated[MallId, Query(examples=["intake"])],
    _who: PromotionsStaff,
    database: DatabaseDep,
    status: Status | None = None,
    *,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[PromotionView]:
    async with database.read() as connection:
        rows = await promotions.of_mall(connection, mall, status, cursor, limit + 1)
    items = [PromotionView.of(*row) for row in rows[:limit]]
    return Page(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)


@router.get(
    "/v1/promotions/{promotion_id}",
    response_model=PromotionView,
    responses=responses(401, 403, 404, 422),
    summary="Read a promotion",
)
async def read_promotion(promotion_id: UUID, _who: PromotionsStaff, database: DatabaseDep) -> PromotionView:
    async with database.read() as connection:
        return PromotionView.of(*found(await promotions.find(connection, promotion_id)))


@router.put(
    "/v1/promotions/{promotion_id}",
    response_model=PromotionView,
    responses=responses(400, 401, 403, 404, 409, 413, 422),
    summary="Change, start or stop a promotion",
    description="Counts for every open cart from now on; frozen quotes and orders keep what they have. 409 "
    "`promotion.changed` when `version` is not the one stored.",
)
async def replace_promotion(
    promotion_id: UUID, body: PromotionChange, who: PromotionsStaff, database: DatabaseDep
) -> PromotionView:
    async with database.transaction() as tx:
        await handlers.replace_promotion(body.to_promotion(promotion_id, body.version), who.subject, tx)
        return PromotionView.of(*found(await promotions.find(tx.connection, promotion_id)))


@router.post(
    "/v1/promotions/dry-run",
    response_model=DryRunView,
    responses=responses(400, 401, 403, 404, 409, 413, 422),
    summary="Try a promotion on a cart without changing anything",
    description="Beside everything that is active now. 404 `promotion.not_found`, `cart.not_found`; 409 "
    "`shipping_rule.missing`; 422 `promotion.invalid`, `channel.unknown`, `sku.unknown`, `mall.unknown`.",
)
async def dry_run(body: DryRunBody, _who: PromotionsStaff, database: DatabaseDep, terms: TermsDep) -> DryRunView:
    async with database.read() as connection:
        return DryRunView.of(await handlers.dry_run(body.to_command(), terms, connection, database.clock.now()))
