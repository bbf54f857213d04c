"""Who works off what is due, and who has to wait for whom."""

from __future__ import annotations

import asyncio

import pytest

from payments.flows.hands import Hands


class Work:
    """Does what it is given at once, except what `hangs`."""

    def __init__(self, *hanging):
        self.hangs = dict.fromkeys(hanging, True)
        self.begun, self.done = [], []
        self.released = asyncio.Event()

    async def __call__(self, thing):
        self.begun.append(thing)
        if thing in self.hangs:
            await self.released.wait()
        self.done.append(thing)


@pytest.fixture
async def hands():
    made = Hands(turn_seconds=0.01, close_seconds=0.01, at_once=2)
    yield made
    await made.close()


async def test_a_turn_does_what_is_quick_before_it_ends(hands):
    work = Work()
    await hands.turn("refunds", [(1, "toss"), (2, "kakaopay")], work)
    assert sorted(work.done) == [1, 2]


async def test_a_provider_that_hangs_keeps_only_its_own_waiting(hands):
    work = Work("a", "b")
    await hands.turn("refunds", [("a", "toss"), ("b", "toss"), ("c", "toss"), ("d", "kakaopay")], work)
    assert (work.begun, work.done) == (["a", "b", "d"], ["d"])
    await hands.turn("refunds", [("e", "kakaopay")], work)
    assert work.done == ["d", "e"]
    work.released.set()
    await hands.turn("refunds", [("f", "toss")], work)
    assert sorted(work.done) == ["a", "b", "c", "d", "e", "f"]


async def test_one_job_does_not_wait_for_another(hands):
    work = Work("a", "b")
    await hands.turn("refunds", [("a", "toss"), ("b", "toss")], work)
    await hands.turn("settle", [("c", "toss")], work)
    assert work.done == ["c"]


async def test_nothing_is_begun_twice_at_a_time(hands):
    work = Work("a")
    for _ in range(2):
        await hands.turn("refunds", [("a", "toss")], work)
    assert work.begun == ["a"]
    work.released.set()
    await hands.turn("refunds", [("b", "toss")], work)
    await hands.turn("refunds", [("a", "toss")], work)
    assert work.done == ["a", "b", "a"]


async def test_one_that_fails_keeps_nobody_waiting(hands):
    work = Work()

    async def fails(thing):
        if thing == "a":
            raise RuntimeError
        await work(thing)

    await hands.turn("refunds", [("a", "toss"), ("b", "toss")], fails)
    await hands.turn("refunds", [("a", "toss"), ("c", "toss")], work)
    assert sorted(work.done) == ["a", "b", "c"]


async def test_closing_lets_go_of_what_hangs_and_of_what_waits():
    hands, work = Hands(turn_seconds=0.01, close_seconds=0.01, at_once=1), Work("a")
    await hands.turn("refunds", [("a", "toss"), ("b", "toss")], work)
    await hands.close()
    assert (work.begun, work.done) == (["a"], [])


async def test_closing_lets_what_is_in_hand_end_and_begins_nothing_more():
    hands, work = Hands(turn_seconds=0.01, close_seconds=10, at_once=1), Work("a")
    await hands.turn("refunds", [("a", "toss"), ("b", "toss")], work)
    closing = asyncio.create_task(hands.close())
    await asyncio.sleep(0)
    work.released.set()
    await closing
    assert (work.begun, work.done) == (["a"], ["a"])
