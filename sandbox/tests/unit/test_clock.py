import asyncio

import pytest
from sandbox_world import FakeClock, settle

from sandbox.clock import within


async def forever() -> None:
    await asyncio.Event().wait()


async def at_once() -> str:
    return "done"


class TestWithin:
    async def test_gives_the_result_of_work_in_time(self) -> None:
        assert await within(FakeClock(), at_once(), 5) == "done"

    async def test_times_out_by_the_clock_handed_in(self) -> None:
        clock = FakeClock()
        waiting = asyncio.create_task(within(clock, forever(), 5))
        await clock.advance(4.9)
        assert not waiting.done()
        await clock.advance(0.2)
        with pytest.raises(TimeoutError):
            await waiting

    async def test_cancels_late_work(self) -> None:
        clock = FakeClock()
        work = asyncio.ensure_future(forever())

        async def held() -> None:
            await work

        waiting = asyncio.create_task(within(clock, held(), 1))
        await clock.advance(1)
        with pytest.raises(TimeoutError):
            await waiting
        await settle()
        assert work.cancelled()
