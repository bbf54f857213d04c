import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from services.stats.tests.builders import a_line, a_purchase, seoul

from common.testing import published
from stats import handlers
from stats.jobs import publish_daily_reports

pytestmark = pytest.mark.integration

DELAY, BACKLOG = timedelta(minutes=15), timedelta(days=7)


@dataclass(frozen=True)
class Heard:
    """Whether the service's consumer has caught up."""

    all: bool

    async def caught_up(self) -> bool:
        return self.all


ALL, NOT_ALL = Heard(all=True), Heard(all=False)


@pytest.fixture
def at(database, clock):
    """Runs the job at a moment in Seoul and gives the reports it published."""

    async def run(moment: str, listening: Heard = ALL):
        clock.advance(seoul(moment) - clock.now())
        await publish_daily_reports(database, listening, delay=DELAY, backlog=BACKLOG)
        return await published(database, clear=True)

    return run


class TestDailyReports:
    async def test_one_per_mall_once_the_day_is_over_for_a_while(self, desk, at):
        line = a_line(quantity=2, amount=20000)
        purchase = a_purchase(line)
        await desk.hears(
            purchase.placed(),
            purchase.paid(at=seoul("2026-11-22 00:00")),
            purchase.cancelled(seoul("2026-11-22 23:59"), (line, 1, 10000)),
            a_purchase(mall_id="livestore").paid(at=seoul("2026-11-22 12:00")),
            a_purchase(mall_id="livestore").paid(at=seoul("2026-11-23 00:00")),
        )
        assert await at("2026-11-23 00:14") == []
        told = await at("2026-11-23 00:15")
        assert [(each.mall_id, each.day, each.orders, each.paid_amount, each.cancelled_amount) for each in told] == [
            ("intake", date(2026, 11, 22), 1, 23000, 10000),
            ("livestore", date(2026, 11, 22), 1, 15900, 0),
        ]
        assert await at("2026-11-23 00:16") == []
        assert await at("2026-11-23 23:59") == []

    async def test_after_a_downtime_it_waits_until_everything_is_heard(self, desk, at):
        await desk.hears(a_purchase().paid(at=seoul("2026-11-22 12:00")))
        assert await at("2026-11-23 09:00", NOT_ALL) == []
        await desk.hears(a_purchase().paid(at=seoul("2026-11-22 23:00")))
        (report,) = await at("2026-11-23 09:01")
        assert report.orders == 2

    async def test_two_processes_at_once_say_it_once(self, desk, database, clock):
        await desk.hears(a_purchase().paid(at=seoul("2026-11-22 12:00")))
        clock.advance(seoul("2026-11-23 01:00") - clock.now())

        async def says() -> bool:
            async with database.transaction() as tx:
                return await handlers.publish_daily_report("intake", date(2026, 11, 22), tx)

        assert sorted(await asyncio.gather(*(says() for _ in range(4)))) == [False, False, False, True]
        assert len(await published(database)) == 1

    async def test_again_after_a_crash_says_it_once(self, desk, at, database):
        await desk.hears(a_purchase().paid(at=seoul("2026-11-22 12:00")))
        assert len(await at("2026-11-23 01:00")) == 1
        async with database.transaction() as tx:
            await tx.connection.exec_driver_sql("DELETE FROM report_runs")
        assert await at("2026-11-23 01:01") == []

    async def test_a_day_without_sales_is_reported_as_such(self, desk, at):
        await desk.hears(a_purchase().paid(at=seoul("2026-11-22 12:00")))
        await at("2026-11-23 01:00")
        (report,) = await at("2026-11-24 01:00")
        assert (report.day, report.orders, report.paid_amount) == (date(2026, 11, 23), 0, 0)

    async def test_missed_days_are_made_up_for_within_the_backlog(self, desk, at):
        await desk.hears(
            a_purchase().paid(at=seoul("2026-11-01 12:00")), a_purchase().paid(at=seoul("2026-11-20 12:00"))
        )
        told = await at("2026-11-23 01:00")
        assert [each.day for each in told] == [date(2026, 11, day) for day in range(16, 23)]
        assert [each.orders for each in told] == [0, 0, 0, 0, 1, 0, 0]

    async def test_nothing_is_reported_from_before_a_malls_first_order(self, desk, at):
        await desk.hears(a_purchase(placed_at=seoul("2026-11-21 12:00")).placed())
        assert [each.day for each in await at("2026-11-23 01:00")] == [date(2026, 11, 21), date(2026, 11, 22)]
