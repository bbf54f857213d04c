"""One function per command, and the questions staff ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.clock import business_day
from common.db import Tx
from stats import events
from stats.commands import Record, RequestRebuild
from stats.domain.facts import facts_of
from stats.domain.figures import Dimension, HeardType, OrderSummary, Rebuild, Sales
from stats.domain.periods import By, Span
from stats.errors import RebuildNotFound, RebuildRunning, TooManyRows
from stats.repository import facts, rebuilds, sales, summary


@dataclass(frozen=True)
class Defaults:
    """What the settings decide: the currency nobody asked for, and rows of one answer at most."""

    currency: str
    max_rows: int


@dataclass(frozen=True)
class Question:
    """`mall_id` None asks for all malls. Amounts of other currencies are left out: they do not add up."""

    span: Span
    currency: str
    mall_id: str | None = None


@dataclass(frozen=True)
class Heard:
    """How many facts of each type there are, and how many events are not in the figures yet."""

    types: tuple[HeardType, ...]
    parked: int
    dead_letters: int


async def record(command: Record, tx: Tx) -> None:
    """Repeats safely, and needs nothing that came before."""
    await facts.add(tx.connection, await facts.generation_to_record(tx.connection), [facts_of(command)])


async def read_sales(
    question: Question, by: By, dimension: Dimension, limit: int, connection: AsyncConnection
) -> Sales:
    found = await sales.sales(
        connection,
        generation=await facts.live(connection),
        span=question.span,
        by=by,
        dimension=dimension,
        mall_id=question.mall_id,
        currency=question.currency,
        limit=limit,
    )
    if len(found.rows) > limit:
        raise TooManyRows(f"more than {limit} rows: ask for a shorter time or longer periods", max_rows=limit)
    return found


async def read_orders(question: Question, connection: AsyncConnection) -> OrderSummary:
    return await summary.orders(
        connection,
        generation=await facts.live(connection),
        span=question.span,
        mall_id=question.mall_id,
        currency=question.currency,
    )


async def read_heard(connection: AsyncConnection) -> Heard:
    found = await summary.heard(connection, await facts.live(connection))
    parked, dead_letters = await summary.waiting(connection)
    return Heard(tuple(found), parked, dead_letters)


async def request_rebuild(command: RequestRebuild, tx: Tx) -> Rebuild:
    """Queues it; a job does the work. One at a time."""
    if not await rebuilds.request(tx.connection, command, tx.now):
        raise RebuildRunning("a rebuild is queued or running")
    return await read_rebuild(command.rebuild_id, tx.connection)


async def read_rebuild(rebuild_id: UUID, connection: AsyncConnection) -> Rebuild:
    found = await rebuilds.find(connection, rebuild_id)
    if found is None:
        raise RebuildNotFound("there is no such rebuild")
    return found


async def publish_daily_report(mall_id: str, day: date, tx: Tx) -> bool:
    """True if this call published it: the row of the mall's day lets only one do so."""
    report = await summary.day_of(tx.connection, await facts.live(tx.connection), mall_id, day)
    if not await summary.keep_report(tx.connection, report, tx.now):
        return False
    tx.publish(events.daily_report_ready(report, tx.now))
    return True


async def days_to_report(connection: AsyncConnection, last: date, backlog: timedelta) -> list[tuple[str, date]]:
    """Malls and days without a report, up to `last` and at most `backlog` back; none before a mall's first order."""
    found = []
    earliest = last - backlog + timedelta(days=1)
    for mall_id, first in await summary.malls(connection, await facts.live(connection)):
        reported = await summary.reported_days(connection, mall_id, earliest)
        day = max(earliest, business_day(first))
        while day <= last:
            if day not in reported:
                found.append((mall_id, day))
            day += timedelta(days=1)
    return found
