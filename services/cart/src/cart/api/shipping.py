"""For staff: what shipping costs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from cart import handlers
from cart.api.asking import TermsDep
from cart.repository.surcharges import EVERY_MALL
from cart.schemas.shipping import ShippingRuleBody, ShippingRulesView, SurchargesBody, SurchargesView
from common.auth import CurrentStaff, Staff
from common.errors import Forbidden
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MallId

router = APIRouter()


async def _pricing_staff(who: CurrentStaff) -> Staff:
    if not who.roles & {"catalog", "promotions", "admin"}:
        raise Forbidden("this needs the role catalog or promotions")
    return who


PricingStaff = Annotated[Staff, Depends(_pricing_staff)]
MallPath = Annotated[MallId, Path(examples=["intake"])]


@router.get(
    "/v1/shipping-rules/{mall_id}",
    response_model=ShippingRulesView,
    responses=responses(401, 403, 422),
    summary="What shipping costs in a mall, now and later",
)
async def read_shipping_rules(
    mall_id: MallPath, _who: PricingStaff, database: DatabaseDep, terms: TermsDep
) -> ShippingRulesView:
    async with database.read() as connection:
        found = await handlers.shipping_rules(mall_id, terms, connection, database.clock.now())
    return ShippingRulesView.of(mall_id, *found)


@router.put(
    "/v1/shipping-rules/{mall_id}",
    response_model=ShippingRulesView,
    responses=responses(400, 401, 403, 413, 422),
    summary="Set what shipping costs from a moment on",
)
async def set_shipping_rule(
    mall_id: MallPath, body: ShippingRuleBody, who: PricingStaff, database: DatabaseDep, terms: TermsDep
) -> ShippingRulesView:
    async with database.transaction() as tx:
        await handlers.set_shipping_rule(body.to_command(mall_id, who.subject), tx)
        found = await handlers.shipping_rules(mall_id, terms, tx.connection, tx.now)
    return ShippingRulesView.of(mall_id, *found)


@router.get(
    "/v1/shipping-rules/*/surcharges",
    response_model=SurchargesView,
    responses=responses(401, 403),
    summary="What islands and Jeju cost in malls without a table of their own",
)
async def read_common_surcharges(_who: PricingStaff, database: DatabaseDep) -> SurchargesView:
    async with database.read() as connection:
        return SurchargesView.of(EVERY_MALL, await handlers.common_surcharges(connection))


@router.put(
    "/v1/shipping-rules/*/surcharges",
    response_model=SurchargesView,
    responses=responses(400, 401, 403, 413, 422),
    summary="Replace the common table of postcodes",
    description="By your carrier's list: what a new installation has was never checked against one. Counts in all malls"
    " without a table of its own that sells in its currency. 422 `surcharges.invalid`: ranges overlap.",
)
async def set_common_surcharges(body: SurchargesBody, who: PricingStaff, database: DatabaseDep) -> SurchargesView:
    async with database.transaction() as tx:
        await handlers.set_surcharges(body.to_command(EVERY_MALL, who.subject), tx)
        return SurchargesView.of(EVERY_MALL, await handlers.common_surcharges(tx.connection))


@router.get(
    "/v1/shipping-rules/{mall_id}/surcharges",
    response_model=SurchargesView,
    responses=responses(401, 403, 422),
    summary="What delivery to islands and Jeju costs beside the fee",
)
async def read_surcharges(mall_id: MallPath, _who: PricingStaff, database: DatabaseDep) -> SurchargesView:
    async with database.read() as connection:
        return SurchargesView.of(mall_id, await handlers.surcharge_table(mall_id, connection))


@router.put(
    "/v1/shipping-rules/{mall_id}/surcharges",
    response_model=SurchargesView,
    responses=responses(400, 401, 403, 413, 422),
    summary="Replace the mall's table of postcodes",
    description="422 `surcharges.invalid`: ranges overlap, or are in another currency than the mall's.",
)
async def set_surcharges(
    mall_id: MallPath, body: SurchargesBody, who: PricingStaff, database: DatabaseDep
) -> SurchargesView:
    async with database.transaction() as tx:
        await handlers.set_surcharges(body.to_command(mall_id, who.subject), tx)
        return SurchargesView.of(mall_id, await handlers.surcharge_table(mall_id, tx.connection))


@router.delete(
    "/v1/shipping-rules/{mall_id}/surcharges",
    response_model=SurchargesView,
    responses=responses(401, 403, 422),
    summary="Go back to the common table",
)
async def drop_surcharges(mall_id: MallPath, _who: PricingStaff, database: DatabaseDep) -> SurchargesView:
    async with database.transaction() as tx:
        await handlers.drop_surcharges(mall_id, tx)
        return SurchargesView.of(mall_id, await handlers.surcharge_table(mall_id, tx.connection))
