"""What staff does with one SKU: its price, its sale, its pre-order, and what it has cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from catalog.api.access import Editor, EditorOnly
from catalog.commands import ClosePreorder, EndSale
from catalog.errors import SkuNotFound
from catalog.handlers import offers, products
from catalog.repository import prices
from catalog.repository.products import product_of_sku
from catalog.schemas import cursor as cursors
from catalog.schemas.fields import Sku
from catalog.schemas.offers import PreorderBody, PriceChangeView, SaleBody
from catalog.schemas.products import StaffProductView, VariantPrice
from common.http import DatabaseDep
from common.problems import responses
from common.wire import Page

router = APIRouter(tags=["staff: prices"])
SkuPath = Annotated[Sku, Path(examples=["GRANOLA-500"])]


def _media_url(request: Request) -> str:
    url: str = request.app.state.storefront.media_url
    return url


@router.patch("/v1/variants/{sku}", summary="Change a price", responses=responses(401, 403, 404, 422))
async def change_price(
    request: Request, database: DatabaseDep, who: Editor, sku: SkuPath, price: VariantPrice
) -> StaffProductView:
    """Quotes frozen and orders placed before keep their price. A sale that runs goes on."""
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await products.change_price(price.to_command(sku, who.subject), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.put("/v1/variants/{sku}/sale", summary="Set a sale price", responses=responses(401, 403, 404, 422))
async def set_sale(
    request: Request, database: DatabaseDep, who: Editor, sku: SkuPath, sale: SaleBody
) -> StaffProductView:
    """A lower price for a time, in place of the sale the SKU has. Its beginning and end are told within a second."""
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await offers.set_sale(sale.to_command(sku, who.subject), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.delete("/v1/variants/{sku}/sale", summary="Take a sale off", responses=responses(401, 403, 404, 422))
async def end_sale(request: Request, database: DatabaseDep, who: Editor, sku: SkuPath) -> StaffProductView:
    """The SKU costs its price again at once. Without a sale nothing changes."""
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await offers.end_sale(EndSale(sku, who.subject), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.put(
    "/v1/variants/{sku}/preorder",
    summary="Open a pre-order",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def open_preorder(
    request: Request, database: DatabaseDep, sku: SkuPath, preorder: PreorderBody
) -> StaffProductView:
    """Units are promised before they come in, until the release; from then on only what has come in is sold."""
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await offers.open_preorder(preorder.to_command(sku), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.delete(
    "/v1/variants/{sku}/preorder",
    summary="Close a pre-order",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def close_preorder(request: Request, database: DatabaseDep, sku: SkuPath) -> StaffProductView:
    """What was promised stays promised. Without a pre-order nothing changes."""
    media_url = _media_url(request)
    async with database.transaction() as tx:
        product = await offers.close_preorder(ClosePreorder(sku), tx, media_url)
    return StaffProductView.of(product, media_url)


@router.get(
    "/v1/variants/{sku}/prices",
    summary="What a SKU has cost",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def read_prices(
    database: DatabaseDep,
    sku: SkuPath,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[PriceChangeView]:
    """Every price, the latest first, with who set it and why."""
    before = None if cursor is None else cursors.to_prices(cursor)
    async with database.read() as connection:
        if await product_of_sku(connection, sku) is None:
            raise SkuNotFound(f"there is no {sku}")
        rows = await prices.history(connection, sku, before, limit + 1)
    items = [PriceChangeView.of(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=cursors.of_story(rows[limit - 1]["id"]) if len(rows) > limit else None)
