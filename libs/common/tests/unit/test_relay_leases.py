"""The task that keeps a relay's leases ends when it is told to, whatever it is at."""

import asyncio
from types import SimpleNamespace

import pytest

from common.clock import Clock
from common.relay import Relay


class Leases:
    """Answers at once, and has to be renewed at once."""

    ttl_seconds = 10.0
    seconds_to_next = 0.0
    owned = frozenset()

    async def renew(self, _connection) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancellation_is_not_lost(steps):
    relay = Relay(None, SimpleNamespace(), source="cart", clock=Clock(), lease_seconds=10)
    relay._leases = Leases()
    keeper = asyncio.create_task(relay._keep_leases(None))
    for _ in range(steps):
        await asyncio.sleep(0)
    keeper.cancel()
    for _ in range(50):
        await asyncio.sleep(0)
    assert keeper.done(), "it goes on"
