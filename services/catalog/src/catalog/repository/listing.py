"""What customers read: one query for a page, and every body prepared."""

# ruff: noqa: S608 - only constants of this file are put into texts; what callers send is bound
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.domain import search

Sort = Literal["newest", "price_asc", "price_desc", "name", "recommended"]


@dataclass(frozen=True, slots=True)
class _Order:
    column: str
    cast: str
    descending: bool


_ORDERS: dict[Sort, _Order] = {
    "newest": _Order("published_at", "timestamptz", descending=True),
    "price_asc": _Order("lowest_price_amount", "bigint", descending=False),
    "price_desc": _Order("lowest_price_amount", "bigint", descending=True),
    "name": _Order("name", "text", descending=False),
    "recommended": _Order("rank", "integer", descending=False),
}
_AVAILABLE = "s.on_hand - s.reserved + CASE WHEN s.preorder_open THEN s.preorder_limit ELSE 0 END"
_OF_A_SET = (
    f"coalesce((SELECT min(floor(({_AVAILABLE})::numeric / c.quantity))::bigint FROM set_components c"
    " JOIN stock s ON s.sku = c.sku WHERE c.set_sku = v.sku), 0)"
)
_UNITS = (
    f"ARRAY(SELECT CASE WHEN v.is_set THEN {_OF_A_SET} ELSE {_AVAILABLE} END"
    " FROM variants v JOIN stock s ON s.sku = v.sku WHERE v.product_id = p.id ORDER BY v.position) AS units"
)


# 1, 2, 5, 10, 20, 50, ...: steps that fit any currency's minor units.
PRICE_STEPS = tuple(digit * 10**zeros for zeros in range(2, 9) for digit in (1, 2, 5))
MOST_TAGS = 50


_MEDIA_URL = "(SELECT media_url FROM malls m WHERE m.id = p.mall_id) AS media_url"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which published products. `category` stands for itself and all below it, prices are the lowest of a product."""

    mall_id: str | None = None
    category: str | None = None
    question: search.Question | None = None
    tag: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    available: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: its sort value and its id."""

    value: datetime | int | str
    id: UUID


@dataclass(frozen=True, slots=True)
class Row:
    """A prepared body, the available units of its variants, and where its mall serves pictures if not where all do."""

    position: Position
    body: bytes
    units: Sequence[int]
    media_url: str | None = None


async def page(
    connection: AsyncConnection, wanted: Filter, sort: Sort, after: Position | None, limit: int
) -> list[Row]:
    """Up to `limit` published products behind `after`."""
    order = _ORDERS[sort]
    given: dict[str, Any] = {"limit": limit}
    where = ["p.status = 'published'", *_conditions(wanted, given)]
    direction, sign = ("DESC", "<") if order.descending else ("ASC", ">")
    if after is not None:
        where.append(f"(p.{order.column}, p.id) {sign} (CAST(:value AS {order.cast}), CAST(:id AS uuid))")
        given |= {"value": after.value, "id": after.id}
    best = f"ORDER BY p.{order.column} {direction}, p.id {direction} LIMIT :limit"
    source = f"products p WHERE {' AND '.join(where)}"
    if wanted.mall_id is None:
        # The best of each mall, along its own index: one over all malls would be taken for a single mall's page too,
        # and go through everything that others published later.
        source = f"malls CROSS JOIN LATERAL (SELECT p.* FROM {source} AND p.mall_id = malls.id {best}) p"
    query = f"SELECT p.id, p.{order.column} AS value, p.body, {_UNITS}, {_MEDIA_URL} FROM {source} {best}"
    rows = await connection.execute(text(query), given)
    return [Row(Position(row.value, row.id), row.body, row.units, row.media_url) for row in rows]


def _conditions(wanted: Filter, given: dict[str, Any]) -> list[str]:
    found = []
    if wanted.mall_id is not None:
        found.append("p.mall_id = :mall_id")
        given["mall_id"] = wanted.mall_id
    if wanted.category is not None:
        found.append("p.category_path @> ARRAY[:category]::text[]")
        given["category"] = wanted.category
    if wanted.tag is not None:
        found.append("p.tags @> ARRAY[:tag]::text[]")
        given["tag"] = wanted.tag
    if wanted.min_price is not None:
        found.append("p.lowest_price_amount >= :min_price")
        given["min_price"] = wanted.min_price
    if wanted.max_price is not None:
        found.append("p.lowest_price_amount <= :max_price")
        given["max_price"] = wanted.max_price
    if wanted.available:
        found.append("NOT p.sold_out")
    if wanted.question is not None:
        # A boiled-down word has no % and no _, so it is a pattern as it is.
        found.append("p.grams @> CAST(:grams AS text[]) AND p.search_text LIKE ALL (CAST(:patterns AS text[]))")
        given["grams"] = list(wanted.question.grams)
        given["patterns"] = [f"%{word}%" for word in wanted.question.words]
    return found


async def facets(connection: AsyncConnection, wanted: Filter) -> RowMapping:
    """How the products that fit fall into categories, tags, steps of price, and available or not."""
    given: dict[str, Any] = {"steps": list(PRICE_STEPS), "most": MOST_TAGS}
    where = " AND ".join(["p.status = 'published'", *_conditions(wanted, given)])
    query = (
        "WITH hit AS MATERIALIZED (SELECT p.category_path, p.tags, p.lowest_price_amount AS price, p.sold_out"
        f"  FROM products p WHERE {where}),"
        " paths AS (SELECT category_path, count(*) AS n FROM hit GROUP BY 1),"
        " labels AS (SELECT tags, count(*) AS n FROM hit GROUP BY 1),"
        " by_category AS (SELECT id, sum(n) AS n FROM paths, unnest(category_path) AS id GROUP BY 1),"
        " by_tag AS (SELECT tag, sum(n) AS n FROM labels, unnest(tags) AS tag GROUP BY 1"
        "  ORDER BY 2 DESC, 1 LIMIT :most),"
        " by_step AS (SELECT width_bucket(price, CAST(:steps AS bigint[])) AS step, count(*) AS n FROM hit GROUP BY 1)"
        " SELECT (SELECT count(*) FROM hit) AS total, (SELECT count(*) FROM hit WHERE NOT sold_out) AS available,"
        " (SELECT coalesce(jsonb_agg(jsonb_build_array(id, n) ORDER BY n DESC, id), '[]') FROM by_category)"
        "  AS categories,"
        " (SELECT coalesce(jsonb_agg(jsonb_build_array(tag, n) ORDER BY n DESC, tag), '[]') FROM by_tag) AS tags,"
        " (SELECT coalesce(jsonb_agg(jsonb_build_array(step, n) ORDER BY step), '[]') FROM by_step) AS prices"
    )
    return (await connection.execute(text(query), given)).mappings().one()


async def by_id(connection: AsyncConnection, product_id: UUID, *, all_states: bool) -> Row | None:
    rows = await _read(connection, "p.id = :id", {"id": product_id}, all_states=all_states)
    return rows[0] if rows else None


async def by_slug(connection: AsyncConnection, slug: str, mall_id: str | None, *, all_states: bool) -> list[Row]:
    """The product of this slug, of one mall or of each mall that has one."""
    if mall_id is None:
        return await _read(connection, "p.slug = :slug", {"slug": slug}, all_states=all_states)
    return await _read(
        connection, "p.mall_id = :mall_id AND p.slug = :slug", {"mall_id": mall_id, "slug": slug}, all_states=all_states
    )


async def _read(connection: AsyncConnection, where: str, given: dict[str, Any], *, all_states: bool) -> list[Row]:
    seen = where if all_states else f"p.status = 'published' AND {where}"
    query = f"SELECT p.id, p.slug, p.body, {_UNITS}, {_MEDIA_URL} FROM products p WHERE {seen} LIMIT 2"
    rows = await connection.execute(text(query), given)
    return [Row(Position(row.slug, row.id), row.body, row.units, row.media_url) for row in rows]
