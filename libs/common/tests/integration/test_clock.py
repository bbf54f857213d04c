"""Every process takes its time from the database."""

from datetime import timedelta

import pytest

from common import clock

pytestmark = pytest.mark.integration


async def test_a_machine_five_minutes_ahead_has_the_databases_time(database, monkeypatch):
    right = clock.wall
    monkeypatch.setattr(clock, "wall", lambda: right() + timedelta(minutes=5))
    database.clock = clock.Clock()
    assert database.clock.now() - right() > timedelta(minutes=4)
    await database.set_clock()
    assert abs(database.clock.now() - right()) < timedelta(seconds=1)
    async with database.transaction() as tx:
        stored = (await tx.connection.exec_driver_sql("SELECT clock_timestamp()")).scalar_one()
    assert abs(tx.now - stored) < timedelta(seconds=1)
