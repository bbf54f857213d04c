"""Sales figures, added up from the facts at every question: any grouping is exact, and there is nothing to drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import UUID, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from stats.domain import figures
from stats.domain.figures import Dimension, Figures, Sales
from stats.domain.periods import By, Span
from stats.tables import line_facts, refund_facts

_KEYS: dict[Dimension, ColumnElement[Any]] = {
    Dimension.PRODUCT: cast(line_facts.c.product_id, Text),
    Dimension.CATEGORY: line_facts.c.category_id,
    Dimension.SKU: line_facts.c.sku,
    Dimension.CHANNEL: line_facts.c.channel,
    Dimension.MALL: line_facts.c.mall_id,
}


async def sales(
    connection: AsyncConnection,
    *,
    generation: int,
    span: Span,
    by: By,
    dimension: Dimension,
    mall_id: str | None,
    currency: str,
    limit: int,
) -> Sales:
    """At most `limit` + 1 rows, earliest period first: one more than `limit` tells that there are too many."""
    lines = _within(line_facts, generation, span, mall_id, currency)
    refunds = _within(refund_facts, generation, span, mall_id, currency)
    moves = _movements(by, dimension, lines, refunds)
    # An order counts for what it became too, but only once in the total.
    counted = ("sale", "changed_to") if dimension is Dimension.SKU else ("sale",)
    per_key = select(moves.c.period, moves.c.key, *_sums(moves, counted)).group_by(moves.c.period, moves.c.key)
    found = (
        await connection.execute(per_key.order_by(moves.c.period, moves.c.key.asc().nulls_last()).limit(limit + 1))
    ).all()
    total = (await connection.execute(select(*_sums(moves, ("sale",))))).one()
    labels = await _labels(connection, generation, dimension, {row.key for row in found if row.key is not None})
    refunds_known = dimension is Dimension.MALL
    rows = tuple(
        figures.Row(row.period, row.key, labels.get(row.key, row.key), _figures(row, refunds_known=refunds_known))
        for row in found
    )
    return Sales(rows, _figures(total, refunds_known=refunds_known))


def _movements(
    by: By, dimension: Dimension, those: list[ColumnElement[bool]], refunds_too: list[ColumnElement[bool]]
) -> Subquery:
    """Sales, cancels and, per mall, refunds as one list. The period is the start of it on the clock in Seoul.

    Another option is of the same product, order and price: only per SKU is there anything to see of it.
    """
    if dimension is not Dimension.SKU:
        those = [*those, line_facts.c.kind.in_(("sale", "cancel"))]
    lines = select(
        _period(by, line_facts.c.at).label("period"),
        _KEYS[dimension].label("key"),
        line_facts.c.kind.label("kind"),
        line_facts.c.order_id.label("order_id"),
        line_facts.c.quantity.label("quantity"),
        line_facts.c.amount.label("amount"),
    ).where(*those)
    if dimension is not Dimension.MALL:
        return lines.subquery("moves")
    refunds = select(
        _period(by, refund_facts.c.at),
        refund_facts.c.mall_id,
        literal("refund"),
        cast(null(), UUID(as_uuid=True)),
        literal(0, Integer),
        refund_facts.c.amount,
    ).where(*refunds_too)
    return union_all(lines, refunds).subquery("moves")


def _period(by: By, moment: ColumnElement[Any]) -> ColumnElement[datetime]:
    return func.date_trunc(by.value, moment, "Asia/Seoul")


def _within(table: Any, generation: int, span: Span, mall_id: str | None, currency: str) -> list[ColumnElement[bool]]:
    conditions = [
        table.c.generation == generation,
        table.c.currency == currency,
        table.c.at >= span.start,
        table.c.at < span.end,
    ]
    if mall_id is not None:
        conditions.append(table.c.mall_id == mall_id)
    return conditions


def _sums(moves: Subquery, counted: Sequence[str]) -> list[ColumnElement[Any]]:
    """`counted`: the kinds of rows whose orders are counted."""

    def added(column: ColumnElement[Any], *kinds: str) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(column).filter(moves.c.kind.in_(kinds)), 0), BigInteger)

    def sold(column: ColumnElement[Any]) -> ColumnElement[int]:
        return added(column, "sale", "changed_to") - added(column, "changed_from")

    return [
        func.count(moves.c.order_id.distinct()).filter(moves.c.kind.in_(counted)).label("orders"),
        sold(moves.c.quantity).label("quantity"),
        sold(moves.c.amount).label("gross_amount"),
        added(moves.c.quantity, "cancel").label("cancelled_quantity"),
        added(moves.c.amount, "cancel").label("cancelled_amount"),
        added(moves.c.amount, "refund").label("refunded_amount"),
    ]


async def _labels(
    connection: AsyncConnection, generation: int, dimension: Dimension, keys: Iterable[str]
) -> dict[str, str]:
    """Names as the newest sale tells them, or the newest change to what was never sold as such.

    A cancel carries no name, so they are looked up outside the span too.
    """
    if dimension not in (Dimension.PRODUCT, Dimension.SKU):
        return {}
    name: ColumnElement[Any] = line_facts.c.product_name
    if dimension is Dimension.SKU:
        name = func.concat_ws(" ", line_facts.c.product_name, line_facts.c.variant_name)
    newest = aggregate_order_by(name, line_facts.c.at.desc(), line_facts.c.fact_id, line_facts.c.line_id)
    missing = set(keys)
    found: dict[str, str] = {}
    for kind in ("sale", "changed_to"):
        if missing:
            query: Select[Any] = (
                select(_KEYS[dimension].label("key"), func.array_agg(newest)[1].label("label"))
                .where(line_facts.c.generation == generation, line_facts.c.kind == kind, _among(dimension, missing))
                .group_by(_KEYS[dimension])
            )
            found |= {row.key: row.label for row in await connection.execute(query)}
            missing -= found.keys()
    return found


def _among(dimension: Dimension, keys: Iterable[str]) -> ColumnElement[bool]:
    if dimension is Dimension.SKU:
        return line_facts.c.sku.in_(list(keys))
    return line_facts.c.product_id.in_(list(keys))


def _figures(row: Row[Any], *, refunds_known: bool) -> Figures:
    return Figures(
        orders=row.orders,
        quantity=row.quantity,
        gross_amount=row.gross_amount,
        cancelled_quantity=row.cancelled_quantity,
        cancelled_amount=row.cancelled_amount,
        refunded_amount=row.refunded_amount if refunds_known else None,
    )
