"""Processes die: at the worst points, at random, several at once, and politely."""

from __future__ import annotations

import asyncio
import random

from tests.chaos.load import Load
from tests.chaos.scenario import scenario
from tests.chaos.world import SERVICE_NAMES, Broken, World

# What SIGTERM promises: an ordered drain within this.
_GRACE_SECONDS = 20
_SAYING = ("orders", "payments", "catalog", "scm", "cart")
_HEARING = (*_SAYING, "notify", "stats")


async def _kill_at(world: World, load: Load, point: str, victims: list[str]) -> None:
    for service in victims:
        await load.orders(2)
        await world.strike(service, point)
        world.note(f"{service} killed {point.replace('_', ' ')}")
        await world.processes.ready(service)


@scenario(1, "kill_before_commit", smoke=True)
async def kill_before_commit(world: World, load: Load, rng: random.Random) -> None:
    """State, inbox and outbox are written and nothing is committed: it must be as if nothing had happened."""
    await _kill_at(world, load, "before_commit", rng.sample(_HEARING, k=2))


@scenario(2, "kill_after_commit")
async def kill_after_commit(world: World, load: Load, rng: random.Random) -> None:
    """Committed, and the relay was not told: its successor finds the rows."""
    await _kill_at(world, load, "after_commit_before_wake", rng.sample(_SAYING, k=2))


@scenario(3, "kill_after_ack")
async def kill_after_ack(world: World, load: Load, rng: random.Random) -> None:
    """The broker has the events and their rows are still there: they come twice and have one effect."""
    copies = world.history.copies
    await _kill_at(world, load, "after_ack_before_delete", rng.sample(_SAYING, k=2))
    await _until_copied(world, copies)


async def _until_copied(world: World, before: int) -> None:
    async def copied() -> bool:
        await world.history.findings()
        return world.history.copies > before

    await world.until(copied, "an event was sent again", every=0.5)


@scenario(4, "kill_mid_batch")
async def kill_mid_batch(world: World, load: Load, rng: random.Random) -> None:
    """Between two handlers of one transaction: neither event had its effect. A pause first makes batches."""
    for service in rng.sample(("catalog", "notify", "stats", "scm"), k=2):
        tries = 4
        while not await _killed_in_a_batch(world, load, service):
            tries -= 1
            if not tries:
                raise Broken(f"{service} never handled a batch")
        world.note(f"{service} killed in a batch")
        await world.processes.ready(service)


async def _killed_in_a_batch(world: World, load: Load, service: str) -> bool:
    """False: what was said while it paused lay in partitions of its own, an event in each."""
    # Nobody can order while catalog pauses: there it is said of orders placed just before.
    await load.orders(8 if service == "catalog" else 2)
    pid = await world.processes.suspend(service)
    if service == "catalog":
        await asyncio.sleep(2.5)
    else:
        await load.orders(8)
    before = len(world.box.hits(service, "mid_batch"))
    world.box.arm(service, "mid_batch")
    world.processes.resume(pid)

    async def hit() -> bool:
        return len(world.box.hits(service, "mid_batch")) > before

    try:
        await world.until(hit, f"{service} handled a batch", seconds=15)
    except Broken:
        # It may have been hit at this very moment.
        return not world.box.disarm(service, "mid_batch")
    return True


@scenario(5, "kill_before_offset", smoke=True)
async def kill_before_offset(world: World, load: Load, rng: random.Random) -> None:
    """Effects are committed and the offset is not: the events come again and the inbox knows them."""
    await _kill_at(world, load, "after_effects_before_offset", rng.sample(_HEARING, k=2))


@scenario(23, "kill_everything")
async def kill_everything(world: World, load: Load, rng: random.Random) -> None:
    """kill -9 of every service at random moments, in their starts too, and then of three at once."""
    victims = rng.sample(SERVICE_NAMES, k=len(SERVICE_NAMES))
    for service in victims:
        await world.processes.crash(service)
        await asyncio.sleep(rng.uniform(0, 0.6))
        await asyncio.gather(world.processes.start(service), asyncio.sleep(rng.uniform(0, 1.5)))
    together = rng.sample(SERVICE_NAMES, k=3)
    await asyncio.gather(*(world.processes.crash(service) for service in together))
    world.note(f"killed {', '.join(victims)}, then {', '.join(together)} together")
    await asyncio.gather(*(world.processes.start(service) for service in together))


@scenario(21, "sigterm_at_peak", shoppers=5)
async def sigterm_at_peak(world: World, load: Load, rng: random.Random) -> None:
    """SIGTERM while everybody shops: an ordered drain, exit code 0, in time; and nothing is left behind."""
    for service in rng.sample(SERVICE_NAMES, k=3):
        await load.orders(3)
        code, seconds = await world.processes.terminate(service)
        world.note(f"{service} told to stop, gone after {seconds:.1f} s")
        if code != 0 or seconds > _GRACE_SECONDS:
            raise Broken(f"{service} ended with exit code {code} after {seconds:.1f} s")
        await world.processes.ready(service)
