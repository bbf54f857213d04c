"""Time, handed in from outside, so that a test can let three days of retries pass in a moment."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol, TypeVar

KST = timezone(timedelta(hours=9), "KST")
T = TypeVar("T")


class Clock(Protocol):
    """What the sandbox needs of time. `now` is aware and in Korean time."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(KST)  # noqa: TID251 - the sandbox may not import common, and this is its one clock

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def within(clock: Clock, work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of `work`, or TimeoutError once the clock has moved `seconds`. Work that is late is cancelled."""
    doing = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({doing, timer}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise TimeoutError
    finally:
        doing.cancel()
        timer.cancel()
        await asyncio.gather(doing, timer, return_exceptions=True)


def wire_time(moment: datetime) -> str:
    """Korean time with its offset and whole seconds, as the payment provider writes it."""
    return moment.astimezone(KST).isoformat(timespec="seconds")


def epoch(moment: datetime) -> float:
    return moment.timestamp()


def from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, KST)
