"""A service's clock is its database's, whatever the machine thinks."""

import time
from datetime import UTC, datetime, timedelta

from common import clock
from common.clock import Clock, FixedClock

LATER = datetime(2031, 5, 1, 12, tzinfo=UTC)


class Held(Clock):
    at = 50.0

    def monotonic(self) -> float:
        return self.at


def test_until_it_is_told_it_is_the_machines():
    before = clock.wall()
    assert before <= Clock().now() <= clock.wall()


def test_once_told_it_goes_on_from_there_and_the_machines_clock_counts_no_more(monkeypatch):
    held = Held()
    held.follow(LATER, 49.5)
    assert held.now() == LATER + timedelta(seconds=0.5)
    monkeypatch.setattr(clock, "wall", lambda: LATER - timedelta(days=400))
    held.at = 60.0
    assert held.now() == LATER + timedelta(seconds=10.5)


def test_told_again_it_follows_also_backwards():
    held = Held()
    held.follow(LATER, 50.0)
    held.follow(LATER - timedelta(seconds=3), 50.0)
    assert held.now() == LATER - timedelta(seconds=3)


def test_a_clock_held_still_by_a_test_follows_nobody():
    fixed = FixedClock(LATER)
    fixed.follow(LATER + timedelta(days=1), time.monotonic())
    assert fixed.now() == LATER
