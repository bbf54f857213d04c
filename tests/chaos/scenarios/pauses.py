"""Processes stand still and go on as if nothing had happened; handlers take too long; clocks are wrong."""

from __future__ import annotations

import asyncio
import random

from tests.chaos.load import Load
from tests.chaos.scenario import scenario
from tests.chaos.world import World

# Of a local instance: RELAY_LEASE_SECONDS and CONSUMER_SESSION_SECONDS, and a little more.
_PAST_LEASE = 4 + 3
_PAST_SESSION = 6 + 4


@scenario(9, "relay_suspended")
async def relay_suspended(world: World, load: Load, rng: random.Random) -> None:
    """A relay stops with rows in hand, sleeps past its lease, and sends them after its successor did."""
    service = rng.choice(("orders", "payments", "scm"))
    async with world.processes.guest(service, "relay"):
        await load.orders(3)
        copies = world.history.copies
        for _ in range(2):
            (pid,) = await world.strike(service, "before_send", do="stop")
            await asyncio.sleep(_PAST_LEASE)
            world.processes.resume(pid)
            world.note(f"a relay of {service} slept {_PAST_LEASE} s with rows in hand")

        async def zombie_sent() -> bool:
            await world.history.findings()
            return world.history.copies > copies

        await world.until(zombie_sent, "the sleeper sent what its successor had sent", every=0.5)


@scenario(10, "consumer_suspended")
async def consumer_suspended(world: World, load: Load, rng: random.Random) -> None:
    """A consumer stops just before a commit, loses its partitions to another, and commits when it wakes."""
    service = rng.choice(("orders", "catalog", "scm", "notify", "stats"))
    async with world.processes.guest(service, "consumer"):
        await load.orders(2)
        (pid,) = await world.strike(service, "before_commit", do="stop", where="message")
        await asyncio.sleep(_PAST_SESSION)
        world.processes.resume(pid)
        world.note(f"a consumer of {service} slept {_PAST_SESSION} s before a commit")
        await load.orders(2)


@scenario(12, "slow_handler")
async def slow_handler(world: World, load: Load, rng: random.Random) -> None:
    """Handlers slower than the group waits for, while another member joins; then one that blocks the heartbeats."""
    service = rng.choice(("orders", "scm", "notify", "stats"))
    world.box.arm(service, "rebalance_timeout", count=None, seconds=5)
    await world.processes.restart(service)
    await load.orders(2)
    await world.strike(service, "slow_handler", times=2, seconds=12)
    async with world.processes.guest(service, "consumer"):
        await load.orders(2)
        world.note(f"handlers of {service} took 12 s when the group gave 5 s to rebalance")
        await world.strike(service, "slow_handler", seconds=_PAST_SESSION, block=True)
        await asyncio.sleep(_PAST_SESSION)
        world.note(f"one blocked its process for {_PAST_SESSION} s")
    world.box.disarm(service, "rebalance_timeout")
    await world.processes.restart(service)


@scenario(16, "clock_skew")
async def clock_skew(world: World, load: Load, rng: random.Random) -> None:
    """One service is five minutes ahead, then five behind, then right again."""
    service = rng.choice(("orders", "payments", "catalog", "scm", "cart", "notify", "stats"))
    for seconds in rng.sample((300, -300), k=2):
        world.box.arm(service, "clock_skew", count=None, seconds=seconds)
        await load.orders(8)
        world.note(f"the clock of {service} was off by {seconds:+} s")
    world.box.disarm(service, "clock_skew")
    await load.orders(2)
