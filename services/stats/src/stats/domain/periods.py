"""Which stretch of time is asked about. Hours, days, weeks (from Monday) and months are those of the clock in Seoul."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from common.clock import SEOUL, business_day
from stats.errors import RangeInvalid, RangeTooLong


class By(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# So many days at most, by length of the period: an answer stays readable and a query quick.
MOST_DAYS = {By.HOUR: 31, By.DAY: 400, By.WEEK: 3700, By.MONTH: 3700}


@dataclass(frozen=True)
class Span:
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime


def span(start: str | None, end: str | None, now: datetime, most_days: int) -> Span:
    """Either bound is a day (`2026-11-22`, in Seoul) or a moment with its offset (RFC 3339).

    A day as the end means through that day; a moment as the end is not included. Without bounds: the last 30 days
    through today. Raises `RangeInvalid` or `RangeTooLong`.
    """
    today = business_day(now)
    until = _end(end) if end is not None else midnight(today + timedelta(days=1))
    since = _start(start) if start is not None else _thirty_days_before(until)
    if since >= until:
        raise RangeInvalid("`from` must lie before `to`")
    if until - since > timedelta(days=most_days):
        raise RangeTooLong(f"at most {most_days} days can be asked for at once", max_days=most_days)
    return Span(since, until)


def midnight(day: date) -> datetime:
    """When `day` begins in Seoul."""
    return datetime.combine(day, time(), SEOUL)


def _thirty_days_before(moment: datetime) -> datetime:
    try:
        return moment - timedelta(days=30)
    except OverflowError as error:
        raise RangeInvalid("`to` is too early") from error


def _start(text: str) -> datetime:
    found = _parse(text, "from")
    return found if isinstance(found, datetime) else midnight(found)


def _end(text: str) -> datetime:
    found = _parse(text, "to")
    try:
        return found if isinstance(found, datetime) else midnight(found + timedelta(days=1))
    except OverflowError as error:
        raise RangeInvalid("`to` is too late") from error


def _parse(text: str, name: str) -> date | datetime:
    try:
        if len(text) == len("2026-11-22"):
            return _sane(date.fromisoformat(text), name)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RangeInvalid(
            f"`{name}` is a day (2026-11-22) or a moment (2026-11-22T09:00:00+09:00, the + written as %2B)"
        ) from error
    if moment.tzinfo is None:
        raise RangeInvalid(f"`{name}` needs its offset from UTC, as in 2026-11-22T09:00:00%2B09:00")
    _sane(moment.date(), name)
    return moment


def _sane(day: date, name: str) -> date:
    if not 2000 <= day.year <= 2999:
        raise RangeInvalid(f"`{name}` lies outside the years 2000 to 2999")
    return day


def reportable_day(now: datetime, delay: timedelta) -> date:
    """The last business day that has been over for `delay`."""
    return business_day(now - delay) - timedelta(days=1)
