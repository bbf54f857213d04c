"""What staff writes about malls, categories and products."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from catalog.api.access import Editor, EditorOnly, Key
from catalog.commands import HideProduct, PublishProduct
from catalog.handlers import malls, products
from catalog.schemas.malls import CategoryView, MallChanges, MallView, NewCategory, NewMall
from catalog.schemas.products import AnotherVariant, NewProduct, ProductChanges, StaffProductView
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from common.wire import MallId

router = APIRouter(tags=["staff: products"])


def _media_url(request: Request) -> str:
    url: str = request.app.state.storefront.media_url
    return url


@router.post(
    "/v1/malls",
    summary="Open a mall",
    status_code=201,
    response_model=MallView,
    responses=responses(401, 403, 409, 422),
)
async def open_mall(request: Request, database: DatabaseDep, who: Editor, key: Key, new: NewMall) -> Response:
    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            return await claim.remember(tx, 201, MallView.of(await malls.open_mall(new.to_command(), tx)))

    return await once(database, request, key, work, caller=who.subject)


@router.patch(
    "/v1/malls/{mall_id}",
    summary="Change a mall",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def change_mall(database: DatabaseDep, mall_id: Annotated[MallId, Path()], changes: MallChanges) -> MallView:
    async with database.transaction() as tx:
        return MallView.of(await malls.change_mall(changes.to_command(mall_id), tx))


@router.post(
    "/v1/categories",
    summary="Add a category",
    status_code=201,
    response_model=CategoryView,
    responses=responses(401, 403, 404, 409, 422),
)
async def add_category(request: Request, database: DatabaseDep, who: Editor, key: Key, new: NewCategory) -> Response:
    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            return await claim.remember(tx, 201, CategoryView.of(await malls.add_category(new.to_command(), tx)))

    return await once(database, request, key, work, caller=who.subject)


@router.post(
    "/v1/products",
    summary="Add a product as a draft",
    status_code=201,
    response_model=StaffProductView,
    responses=responses(401, 403, 404, 409, 422),
)
async def add_product(request: Request, database: DatabaseDep, who: Editor, key: Key, new: NewProduct) -> Response:
    """Its SKUs start with no stock. Customers see it once it is published."""

    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            product = await products.add_product(new.to_command(claim.resource_id, who.subject), tx)
            return await claim.remember(tx, 201, StaffProductView.of(product, _media_url(request)))

    return await once(database, request, key, work, caller=who.subject)


@router.patch(
    "/v1/products/{product_id}",
    summary="Change a product",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def change_product(
    request: Request, database: DatabaseDep, product_id: UUID, changes: ProductChanges
) -> StaffProductView:
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await products.change_product(changes.to_command(product_id), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.post(
    "/v1/products/{product_id}/publish",
    summary="Put on sale",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404),
)
async def publish_product(request: Request, database: DatabaseDep, product_id: UUID) -> StaffProductView:
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await products.publish_product(PublishProduct(product_id), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.post(
    "/v1/products/{product_id}/hide",
    summary="Take off sale",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404),
)
async def hide_product(request: Request, database: DatabaseDep, product_id: UUID) -> StaffProductView:
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await products.hide_product(HideProduct(product_id), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.post(
    "/v1/products/{product_id}/variants",
    summary="Add a variant",
    status_code=201,
    response_model=StaffProductView,
    responses=responses(401, 403, 404, 409, 422),
)
async def add_variant(
    *, request: Request, database: DatabaseDep, who: Editor, key: Key, product_id: UUID, new: AnotherVariant
) -> Response:
    """It stands behind the others and starts with no stock. With `parts` it is a set of other SKUs."""
    media_url = _media_url(request)

    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            product = await products.add_variant(new.to_addition(product_id, who.subject), tx, media_url)
            return await claim.remember(tx, 201, StaffProductView.of(product, media_url))

    return await once(database, request, key, work, caller=who.subject)
