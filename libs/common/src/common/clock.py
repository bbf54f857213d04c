"""The one place where time comes from, so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


class Clock:
    """Time in UTC and monotonic seconds.

    A service's clock follows its database's (ADR 0012): what one process leases or puts off, another finds due, and
    their machines need not agree on the time. Until it was told, the machine's own clock must do.
    """

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        if self._told is None:
            return wall()
        moment, at = self._told
        return moment + timedelta(seconds=self.monotonic() - at)

    def monotonic(self) -> float:
        return time.monotonic()

    def follow(self, moment: datetime, at: float) -> None:
        """It was `moment` when `monotonic` was `at`."""
        self._told = (moment, at)


def wall() -> datetime:
    """What the machine takes for now."""
    return datetime.now(UTC)  # noqa: TID251 - the one allowed place


class FixedClock(Clock):
    """Stands still until told to move."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def follow(self, moment: datetime, at: float) -> None:
        """Follows nobody."""

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._monotonic += by.total_seconds()


def business_day(moment: datetime, zone: ZoneInfo = SEOUL) -> date:
    """The calendar day on which `moment` falls for the mall's books."""
    return moment.astimezone(zone).date()
