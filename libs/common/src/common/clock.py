"""The one place where time comes from, so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


class Clock:
    """Wall time in UTC and monotonic seconds."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one allowed place

    def monotonic(self) -> float:
        return time.monotonic()


class FixedClock(Clock):
    """Stands still until told to move."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta) -> None:
        self._now += by
        self._monotonic += by.total_seconds()


def business_day(moment: datetime, zone: ZoneInfo = SEOUL) -> date:
    """The calendar day on which `moment` falls for the mall's books."""
    return moment.astimezone(zone).date()
