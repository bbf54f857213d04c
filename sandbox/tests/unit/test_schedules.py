"""When each party calls back again, and what it takes for an answer: korea.md, minute by minute, on a false clock."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sandbox_world import FakeClock, Mall, settings, settle

from sandbox.app import World

URL = "http://mall.test/hook"
OK = {"content-type": "text/plain"}
# party -> minutes between one attempt and the next. Where korea.md has none the row says (memory), and the README too.
SCHEDULES = {
    "toss": (1, 4, 16, 64, 256, 1024, 4096),  # 1.1 Webhooks: seven retries
    "portone": (1, 4, 16, 64, 256),  # 1.4 V2: at 0, 1, 4, 16, 64, 256; jitter left out
    "portone_v1": (1, 1, 1, 1, 1),  # (memory)
    "inicis": (1,) * 60,  # 1.3: resent until OK; how often and how long (memory)
    "solapi": (1, 5, 30),  # (memory)
}
# Seconds until an attempt without an answer has failed: 1.4 names 30; ten is (memory).
PATIENCE = {"toss": 10, "portone": 30, "portone_v1": 30, "inicis": 10, "solapi": 10}
EVERY = pytest.mark.parametrize("party", SCHEDULES)


class Owed:
    """One callback of a party, and when it was tried."""

    def __init__(self, world: World, clock: FakeClock, mall: Mall) -> None:
        self.world = world
        self.clock = clock
        self.mall = mall

    def owe(self, party: str, subject: str = "order-0001", event: str = "x") -> None:
        body = {"messageId": "m", "statusCode": "4000", "orderId": subject}
        self.world.courier.owe(
            party=party, event=event, subject=f"{party}:{subject}", transmission=f"t-{subject}", url=URL, body=body
        )

    def state(self, party: str) -> list[str]:
        return [row["state"] for row in self.world.courier.listing(party)]

    async def minutes(self, many: float) -> list[float]:
        """What was tried meanwhile, in minutes from the first attempt."""
        began, times = self.clock.now(), list[float]()

        async def hears(request: httpx.Request) -> httpx.Response:
            times.append((self.clock.now() - began).total_seconds() / 60)
            return httpx.Response(500)

        self.mall.routes["POST", "/hook"] = hears
        await self.clock.advance(many * 60)
        return times


@asynccontextmanager
async def courier(data_dir: Path, minute_seconds: float = 60.0) -> AsyncIterator[Owed]:
    """The parties' manners and the courier alone: no server, no clockwork."""
    clock, mall = FakeClock(), Mall()
    http = httpx.AsyncClient(transport=httpx.MockTransport(mall))
    world = World(settings(data_dir, minute_seconds=minute_seconds), clock, http)
    running = asyncio.create_task(world.courier.run())
    try:
        await settle()
        yield Owed(world, clock, mall)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await http.aclose()
        world.store.close()


@pytest.fixture
async def owed(tmp_path: Path) -> AsyncIterator[Owed]:
    async with courier(tmp_path) as one:
        yield one


@EVERY
async def test_again_after_so_many_minutes_and_then_no_more(owed: Owed, party: str) -> None:
    owed.owe(party)
    tried = await owed.minutes(sum(SCHEDULES[party]) + 10_000)
    assert [round(after - before, 6) for before, after in itertools.pairwise(tried)] == list(SCHEDULES[party])
    assert tried[0] == 0
    assert owed.state(party) == ["given_up"]


def test_of_toss_all_of_it_takes_three_days_and_nineteen_hours() -> None:
    days, minutes = divmod(sum(SCHEDULES["toss"]), 24 * 60)
    assert (days, minutes // 60) == (3, 19)


@EVERY
async def test_a_short_minute_shortens_all_of_it(tmp_path: Path, party: str) -> None:
    async with courier(tmp_path, minute_seconds=0.6) as owed:
        owed.owe(party)
        tried = await owed.minutes(1000)
        assert [round(after - before, 4) for before, after in itertools.pairwise(tried)] == [
            minutes / 100 for minutes in SCHEDULES[party]
        ]


@EVERY
async def test_an_answer_that_does_not_come_is_none(owed: Owed, party: str) -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    owed.mall.answers = [hangs]
    owed.owe(party)
    await owed.clock.advance(PATIENCE[party] - 0.1)
    assert owed.world.courier.listing(party)[0]["attempts"] == 0
    await owed.clock.advance(0.2)
    (row,) = owed.world.courier.listing(party)
    assert (row["attempts"], row["last_answer"], row["state"]) == (1, "no answer in time", "pending")


@EVERY
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500), httpx.Response(204), httpx.Response(202), httpx.Response(301), httpx.Response(404),
        httpx.ConnectError("down"), httpx.ReadError("cut"), httpx.RemoteProtocolError("not HTTP"),
    ],
    ids=lambda answer: str(getattr(answer, "status_code", type(answer).__name__)),
)  # fmt: skip
async def test_what_is_no_yes_has_it_sent_again(owed: Owed, party: str, answer: object) -> None:
    async def answers(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, httpx.Response)
        return httpx.Response(answer.status_code)

    async def yes(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"OK", headers=OK)

    owed.mall.answers = [answers, yes]
    owed.owe(party)
    await settle()
    assert owed.state(party) == ["pending"]
    await owed.clock.advance(SCHEDULES[party][0] * 60)
    assert owed.state(party) == ["delivered"]
    assert len(owed.mall.requests) == 2


@EVERY
async def test_one_subject_waits_for_its_own_and_for_no_other(owed: Owed, party: str) -> None:
    async def yes(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"OK", headers=OK)

    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("never")

    owed.mall.answers = [hangs, yes, yes]
    owed.owe(party, "order-0001")
    owed.owe(party, "order-0001")
    owed.owe(party, "order-0002")
    await settle()
    assert owed.state(party) == ["pending", "pending", "delivered"]


class TestMisbehaviour:
    """The callback kinds of the faults, at every party that calls back."""

    def ask(self, owed: Owed, party: str, kind: str, **more: object) -> None:
        store, names = owed.world.store, {"seconds": None, "count": 1} | more
        store.run(
            "INSERT INTO faults (party, operation, kind, total, remaining, seconds, code, mode) "
            "VALUES (?, 'x', ?, ?, ?, ?, NULL, 'close')",
            party, kind, names["count"], names["count"], names["seconds"],
        )  # fmt: skip

    def yes(self, owed: Owed) -> None:
        async def answers(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=b"OK", headers=OK)

        owed.mall.routes["POST", "/hook"] = answers

    @EVERY
    @pytest.mark.parametrize(
        ("kind", "seconds", "at"),
        [("no_callbacks", None, []), ("duplicate_callbacks", 3, [0, 3]), ("late_callbacks", 40, [40])],
    )
    async def test_never_twice_or_late(
        self, owed: Owed, party: str, kind: str, seconds: float | None, at: list[int]
    ) -> None:
        self.yes(owed)
        self.ask(owed, party, kind, seconds=seconds)
        owed.owe(party)
        began = 0
        for second in at:
            await owed.clock.advance(max(second - began - 0.5, 0))
            began = second
            await owed.clock.advance(0.5 if second else 0)
        assert len(owed.mall.requests) == len(at)
        await owed.clock.advance(3600)
        assert len(owed.mall.requests) == len(at)

    @EVERY
    async def test_of_another_event_goes_out_as_ever(self, owed: Owed, party: str) -> None:
        self.yes(owed)
        self.ask(owed, party, "no_callbacks")
        owed.owe(party, event="y")
        await settle()
        assert owed.state(party) == ["delivered"]

    @EVERY
    async def test_the_last_one_first(self, owed: Owed, party: str) -> None:
        self.yes(owed)
        self.ask(owed, party, "reorder_callbacks", count=3, seconds=5)
        for number in range(3):
            owed.owe(party, f"order-{number}")
        await owed.clock.advance(4.9)
        assert owed.mall.requests == []
        await owed.clock.advance(1)
        listed = owed.world.courier.listing(party)
        assert [row["state"] for row in listed] == ["delivered"] * 3
        assert sorted(range(3), key=lambda place: listed[place]["delivered_at"]) == [2, 1, 0]


def test_kakaopay_calls_nobody_back(tmp_path: Path) -> None:
    """1.2: no webhook was found; a mall asks by itself."""
    world = World(settings(tmp_path), FakeClock(), httpx.AsyncClient())
    assert "kakaopay" not in world.courier._manners
    world.store.close()
