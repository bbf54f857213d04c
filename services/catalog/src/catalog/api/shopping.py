"""What customers read. Bodies are prepared, answers carry an ETag, and a list is one query."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from catalog.api.access import ROLE
from catalog.api.shelf import knows
from catalog.domain import search
from catalog.errors import MallNotFound, ProductAmbiguous, ProductNotFound
from catalog.repository import body, listing, malls, searching
from catalog.repository.listing import Filter, Row, Sort
from catalog.schemas import cursor as cursors
from catalog.schemas.facets import FacetsView, ProductPage
from catalog.schemas.fields import CategoryId
from catalog.schemas.malls import CategoryTree, MallView
from catalog.schemas.products import MAX_PRICE, ProductView
from common.auth import OptionalStaff, require
from common.http import DatabaseDep
from common.problems import responses
from common.wire import NFC, PLAIN, MallId

router = APIRouter()

_JSON = "application/json"
_PRIVATE = "private, no-store"
IfNoneMatch = Annotated[str | None, Header(description="An ETag from before: 304 without a body while it still fits.")]


@dataclass(frozen=True, slots=True)
class Storefront:
    """What of the settings shapes the answers."""

    media_url: str
    low_stock_units: int
    cache_seconds: int

    def fill(self, row: Row) -> bytes:
        media_url = row.media_url or self.media_url
        return body.fill(row.body, row.units, low=self.low_stock_units, media_url=media_url.encode())

    def answer(self, content: bytes, if_none_match: str | None) -> Response:
        """The answer, or 304 when the caller has it already."""
        tag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": f"public, max-age={self.cache_seconds}"}
        if if_none_match is not None and knows(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=_JSON, headers=headers)


def _storefront(request: Request) -> Storefront:
    storefront: Storefront = request.app.state.storefront
    return storefront


@dataclass(frozen=True, slots=True)
class Asked:
    """Which products a customer wants to see."""

    wanted: Filter
    nothing: bool


def _asked(
    *,
    mall: Annotated[MallId | None, Query(examples=["intake"])] = None,
    category: Annotated[CategoryId | None, Query(description="with everything below it")] = None,
    q: Annotated[str | None, Query(max_length=100, description="words of the name, two letters are enough")] = None,
    tag: Annotated[str | None, NFC, Query(max_length=30, pattern=PLAIN, examples=["비건"])] = None,
    min_price: Annotated[int | None, Query(ge=0, le=MAX_PRICE, description="in minor units")] = None,
    max_price: Annotated[int | None, Query(ge=0, le=MAX_PRICE, description="in minor units")] = None,
    available: Annotated[bool, Query(description="true: only what is not sold out")] = False,
) -> Asked:
    question = search.ask(q) if q and q.strip() else None
    wanted = Filter(mall, category, question, tag, min_price, max_price, available)
    return Asked(wanted, question is not None and not question.words)


AskedDep = Annotated[Asked, Depends(_asked)]


@router.get(
    "/v1/products",
    summary="Published products",
    response_model=ProductPage,
    responses={304: {"description": "Unchanged"}, **responses(422)},
    tags=["shopping"],
)
async def list_products(
    *,
    request: Request,
    database: DatabaseDep,
    asked: AskedDep,
    sort: Sort = "newest",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A page of the catalogue. `q` finds all its words anywhere in names, without regard to spaces, and by initial
    consonants (ㄱㄹㄴㄹ). If that finds nothing, Korean particles are left out and misspelt words corrected;
    `searched_for` says so.
    """
    wanted, corrected = asked.wanted, None
    after = None
    if cursor is not None:
        after, corrected = cursors.to_products(cursor, sort)
        wanted = wanted if corrected is None else replace(wanted, question=corrected)
    rows: list[Row] = []
    if not asked.nothing:
        async with database.read() as connection:
            rows = await listing.page(connection, wanted, sort, after, limit + 1)
            if not rows and after is None and wanted.question is not None:
                corrected, rows = await searching.page_of_the_nearest(connection, wanted, sort, limit + 1)
    more = len(rows) > limit
    storefront = _storefront(request)
    items = b",".join(storefront.fill(row) for row in rows[:limit])
    next_cursor = orjson.dumps(cursors.of_products(sort, rows[limit - 1].position, corrected) if more else None)
    searched_for = orjson.dumps(None if corrected is None else corrected.words)
    parts = (b'{"items":[', items, b'],"next_cursor":', next_cursor, b',"searched_for":', searched_for, b"}")
    return storefront.answer(b"".join(parts), if_none_match)


@router.get(
    "/v1/products/facets",
    summary="How the products that fit can be narrowed down",
    response_model=FacetsView,
    responses={304: {"description": "Unchanged"}, **responses(422)},
    tags=["shopping"],
)
async def read_facets(
    *, request: Request, database: DatabaseDep, asked: AskedDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Counts by category (each with everything below it), tag, price and availability, for the same filters as the
    list. A question that finds nothing is corrected as there.
    """
    wanted, corrected = asked.wanted, None
    if asked.nothing:
        return _storefront(request).answer(FacetsView.nothing().model_dump_json().encode(), if_none_match)
    async with database.read() as connection:
        row = await listing.facets(connection, wanted)
        if row["total"] == 0 and wanted.question is not None:
            corrected, _ = await searching.page_of_the_nearest(connection, wanted, "newest", 1)
            if corrected is not None:
                row = await listing.facets(connection, replace(wanted, question=corrected))
    view = FacetsView.of(row, None if corrected is None else corrected.words)
    return _storefront(request).answer(view.model_dump_json().encode(), if_none_match)


@router.get(
    "/v1/products/{id_or_slug}",
    summary="One product",
    response_model=ProductView,
    responses={304: {"description": "Unchanged"}, **responses(401, 403, 404, 422)},
    tags=["shopping"],
)
async def read_product(
    *,
    request: Request,
    database: DatabaseDep,
    who: OptionalStaff,
    id_or_slug: Annotated[str, NFC, Path(max_length=120)],
    mall: Annotated[MallId | None, Query(description="needed when two malls use the same slug")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A published product. Staff with the role `catalog` sees drafts and hidden ones too."""
    if who is not None:
        require(who, ROLE)
    product_id = _uuid(id_or_slug)
    async with database.read() as connection:
        if product_id is not None:
            found = await listing.by_id(connection, product_id, all_states=who is not None)
            rows = [found] if found else []
        else:
            rows = await listing.by_slug(connection, id_or_slug, mall, all_states=who is not None)
    if not rows:
        raise ProductNotFound("there is no such product")
    if len(rows) > 1:
        raise ProductAmbiguous("several malls have a product of this slug: say which with ?mall=")
    storefront = _storefront(request)
    content = storefront.fill(rows[0])
    if who is not None:
        return Response(content, media_type=_JSON, headers={"Cache-Control": _PRIVATE})
    return storefront.answer(content, if_none_match)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@router.get(
    "/v1/categories",
    summary="The tree of categories",
    response_model=CategoryTree,
    responses={304: {"description": "Unchanged"}, **responses(404, 422)},
    tags=["shopping"],
)
async def read_categories(
    request: Request, database: DatabaseDep, mall: Annotated[MallId, Query()], if_none_match: IfNoneMatch = None
) -> Response:
    async with database.read() as connection:
        found = await malls.categories(connection, mall)
        if not found and await malls.read_mall(connection, mall) is None:
            raise MallNotFound(f"there is no mall {mall}")
    content = CategoryTree.of(found).model_dump_json().encode()
    return _storefront(request).answer(content, if_none_match)


@router.get(
    "/v1/malls/{mall_id}",
    summary="A mall",
    response_model=MallView,
    responses={304: {"description": "Unchanged"}, **responses(404)},
    tags=["shopping"],
)
async def read_mall(
    request: Request, database: DatabaseDep, mall_id: Annotated[MallId, Path()], if_none_match: IfNoneMatch = None
) -> Response:
    async with database.read() as connection:
        mall = await malls.read_mall(connection, mall_id)
    if mall is None:
        raise MallNotFound(f"there is no mall {mall_id}")
    return _storefront(request).answer(MallView.of(mall).model_dump_json().encode(), if_none_match)
