"""Time-driven work: the report of each business day, and rebuilds that were asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from common import log
from common.db import Database
from common.jobs import Job
from stats import handlers
from stats.clients import Listening
from stats.domain.periods import reportable_day
from stats.repository import summary

_log = log.get(__name__)


def jobs(
    database: Database,
    rebuild: Callable[[], Awaitable[None]],
    listening: Listening,
    *,
    delay: timedelta,
    backlog: timedelta,
) -> list[Job]:
    async def daily_reports() -> None:
        await publish_daily_reports(database, listening, delay=delay, backlog=backlog)

    return [Job("daily-reports", 60, daily_reports), Job("rebuilds", 5, rebuild)]


async def publish_daily_reports(
    database: Database, listening: Listening, *, delay: timedelta, backlog: timedelta
) -> None:
    """Once the last business day is over for `delay`: its reports, and those a downtime left out. Then rests a day.

    A report is said once and for all, so after a downtime it waits until everything told meanwhile has been heard.
    """
    last = reportable_day(database.clock.now(), delay)
    async with database.read() as connection:
        if await summary.report_run_done(connection, last):
            return
    if not await listening.caught_up():
        _log.warning("reports wait: the figures lack what the topics hold", day=str(last))
        return
    async with database.read() as connection:
        due = await handlers.days_to_report(connection, last, backlog)
    for mall_id, day in due:
        async with database.transaction() as tx:
            await handlers.publish_daily_report(mall_id, day, tx)
    async with database.transaction() as tx:
        await summary.finish_report_run(tx.connection, last, tx.now)
