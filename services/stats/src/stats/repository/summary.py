"""Counts of orders, of handled events, and the figures of a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Table, and_, cast, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stats.domain.figures import DailyReport, HeardType, OrderSummary
from stats.domain.periods import Span, midnight
from stats.tables import daily_reports, line_facts, order_facts, refund_facts, report_runs


async def orders(
    connection: AsyncConnection, *, generation: int, span: Span, mall_id: str | None, currency: str
) -> OrderSummary:
    """What happened in the span. An order cancelled in parts is counted once, when nothing of it is left."""
    facts = order_facts
    placed, cancelled = facts.c.kind == "placed", facts.c.kind == "cancelled"
    paid_after = facts.alias("paid_after")
    paid_since = exists().where(
        paid_after.c.generation == generation,
        paid_after.c.kind == "paid",
        paid_after.c.fact_id == facts.c.order_id,
    )
    row = (
        await connection.execute(
            select(
                func.count().filter(placed).label("placed"),
                func.count().filter(facts.c.kind == "paid").label("paid"),
                func.count().filter(and_(cancelled, facts.c.whole)).label("cancelled"),
                func.count().filter(and_(cancelled, facts.c.whole, facts.c.was_paid)).label("cancelled_after_payment"),
                func.count().filter(facts.c.kind == "completed").label("completed"),
                func.count().filter(and_(placed, paid_since)).label("paid_of_placed"),
                _total(facts.c.total_amount, placed).label("placed_amount"),
                _total(facts.c.total_amount, facts.c.kind == "paid").label("paid_amount"),
                _total(facts.c.total_amount, and_(cancelled, facts.c.was_paid)).label("cancelled_amount"),
            ).where(*_within(facts, generation, span, mall_id, currency))
        )
    ).one()
    refunds = (
        await connection.execute(
            select(func.count().label("refunds"), _total(refund_facts.c.amount).label("refunded_amount")).where(
                *_within(refund_facts, generation, span, mall_id, currency)
            )
        )
    ).one()
    return OrderSummary(**row._asdict(), **refunds._asdict())


def _total(column: ColumnElement[Any], condition: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    added = func.sum(column) if condition is None else func.sum(column).filter(condition)
    return cast(func.coalesce(added, 0), BigInteger)


def _within(table: Table, generation: int, span: Span, mall_id: str | None, currency: str) -> list[ColumnElement[bool]]:
    conditions = [
        table.c.generation == generation,
        table.c.currency == currency,
        table.c.at >= span.start,
        table.c.at < span.end,
    ]
    return conditions if mall_id is None else [*conditions, table.c.mall_id == mall_id]


async def heard(connection: AsyncConnection, generation: int) -> list[HeardType]:
    """How many facts of each type there are: an event that came twice counts once."""
    kinds = {
        row.kind: HeardType(f"order-{row.kind}", row.handled, row.last_at)
        for row in await connection.execute(
            select(order_facts.c.kind, func.count().label("handled"), func.max(order_facts.c.at).label("last_at"))
            .where(order_facts.c.generation == generation)
            .group_by(order_facts.c.kind)
        )
    }
    refunds = (
        await connection.execute(
            select(func.count(), func.max(refund_facts.c.at)).where(refund_facts.c.generation == generation)
        )
    ).one()
    changed = line_facts.c.generation == generation, line_facts.c.kind == "changed_to"
    options = (await connection.execute(select(func.count(), func.max(line_facts.c.at)).where(*changed))).one()
    orders_heard = [
        kinds.get(kind, HeardType(f"order-{kind}", 0, None)) for kind in ("placed", "paid", "cancelled", "completed")
    ]
    return [
        *orders_heard,
        HeardType("order-option-changed", options[0], options[1]),
        HeardType("payment-refunded", refunds[0], refunds[1]),
    ]


async def waiting(connection: AsyncConnection) -> tuple[int, int]:
    """Events parked behind a failing one, and dead letters nobody has settled: what the figures lack."""
    row = (
        await connection.execute(
            text(
                "SELECT (SELECT count(*) FROM parked_events), (SELECT count(*) FROM dead_letters WHERE status = 'open')"
            )
        )
    ).one()
    return row[0], row[1]


async def report_run_done(connection: AsyncConnection, day: date) -> bool:
    return bool(await connection.scalar(select(exists().where(report_runs.c.day == day))))


async def finish_report_run(connection: AsyncConnection, day: date, now: datetime) -> None:
    await connection.execute(insert(report_runs).values(day=day, finished_at=now).on_conflict_do_nothing())


async def malls(connection: AsyncConnection, generation: int) -> list[tuple[str, datetime]]:
    """Every mall that ever had an order, with the moment of its first."""
    rows = await connection.execute(
        select(order_facts.c.mall_id, func.min(order_facts.c.at).label("first_at"))
        .where(order_facts.c.generation == generation)
        .group_by(order_facts.c.mall_id)
        .order_by(order_facts.c.mall_id)
    )
    return [(row.mall_id, row.first_at) for row in rows]


async def reported_days(connection: AsyncConnection, mall_id: str, since: date) -> set[date]:
    return set(
        await connection.scalars(
            select(daily_reports.c.day).where(daily_reports.c.mall_id == mall_id, daily_reports.c.day >= since)
        )
    )


async def day_of(connection: AsyncConnection, generation: int, mall_id: str, day: date) -> DailyReport:
    """The figures of a mall's business day, shipping included, in the currency of its newest order."""
    mall = (order_facts.c.generation == generation, order_facts.c.mall_id == mall_id)
    currency = await connection.scalar(
        select(order_facts.c.currency).where(*mall).order_by(order_facts.c.at.desc()).limit(1)
    )
    span = Span(midnight(day), midnight(day + timedelta(days=1)))
    found = await orders(connection, generation=generation, span=span, mall_id=mall_id, currency=currency or "KRW")
    return DailyReport(mall_id, day, currency or "KRW", found.paid, found.paid_amount, found.cancelled_amount)


async def keep_report(connection: AsyncConnection, report: DailyReport, now: datetime) -> bool:
    """True for the one who wrote it first."""
    written = await connection.execute(
        insert(daily_reports)
        .values(
            mall_id=report.mall_id,
            day=report.day,
            currency=report.currency,
            orders=report.orders,
            paid_amount=report.paid_amount,
            cancelled_amount=report.cancelled_amount,
            published_at=now,
        )
        .on_conflict_do_nothing()
        .returning(daily_reports.c.day)
    )
    return written.first() is not None
