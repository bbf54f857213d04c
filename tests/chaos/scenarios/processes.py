"""Processes die: at the worst points, at random, all at once, and politely."""

from __future__ import annotations

import random

from tests.chaos.load import Load
from tests.chaos.scenario import scenario
from tests.chaos.world import World

# Those that publish after most messages; every point is passed by each of them all the time.
_BUSY = ("orders", "payments", "catalog", "scm")


@scenario(1, "kill_before_commit", smoke=True)
async def kill_before_commit(world: World, load: Load, rng: random.Random) -> None:
    """State, inbox and outbox are written and nothing is committed: it must be as if nothing had happened."""
    for service in rng.sample(_BUSY, k=2):
        await load.orders(3)
        before = world.box.fired().count((service, "before_commit"))
        world.box.arm(service, "before_commit")
        await world.until_fired(service, "before_commit", before + 1)
        world.note(f"{service} killed before a commit")
        await world.processes.ready(service)
