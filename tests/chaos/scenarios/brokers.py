"""Three Kafka brokers: one dies, all are exchanged, all are away, and one comes back as a leader that no longer is."""

from __future__ import annotations

import asyncio
import os
import random
import time

from tests.chaos import cluster
from tests.chaos.cluster import BROKERS
from tests.chaos.load import Load
from tests.chaos.passage import one_gets_through
from tests.chaos.scenario import PROXY, scenario
from tests.chaos.world import SERVICE_NAMES, Broken, World

from contracts.topics import ORDERS
from shop.parts import broker_of
from shop.supervisor import probes

_THREE = {"brokers": 3} | PROXY
# The whole suite runs with a short one; five minutes are SHOP_CHAOS_OUTAGE_SECONDS=300.
OUTAGE_SECONDS = float(os.environ.get("SHOP_CHAOS_OUTAGE_SECONDS", "20"))


async def _until_in_sync(world: World) -> float:
    began = time.monotonic()
    await world.until(lambda: cluster.in_sync(world.instance), "all brokers are in sync", seconds=60, every=0.3)
    return time.monotonic() - began


@scenario(7, "broker_killed", needs=_THREE)
async def broker_killed(world: World, load: Load, rng: random.Random) -> None:
    """kill -9 of one broker of three, twice: the other two have everything and go on."""
    for victim in rng.sample(sorted(BROKERS.values()), k=2):
        await load.orders(2)
        await world.processes.crash(victim)
        seconds = await one_gets_through(world, load)
        await world.processes.start(victim)
        back = await _until_in_sync(world)
        world.note(f"{victim} killed; without it a payment took {seconds:.1f} s; in sync again after {back:.1f} s")


@scenario(7, "brokers_rolling_restart", needs=_THREE)
async def brokers_rolling_restart(world: World, load: Load, rng: random.Random) -> None:
    """Each broker is politely restarted in turn, as for an upgrade: nobody notices."""
    for broker in rng.sample(sorted(BROKERS.values()), k=3):
        began = time.monotonic()
        await world.processes.restart(broker)
        await _until_in_sync(world)
        world.note(f"{broker} exchanged in {time.monotonic() - began:.1f} s")
        await load.orders(1)
    await one_gets_through(world, load)


@scenario(7, "all_brokers_down", needs=_THREE)
async def all_brokers_down(world: World, load: Load, rng: random.Random, *, seconds: float = OUTAGE_SECONDS) -> None:
    """kill -9 of all brokers at once, away for a while: orders are taken all the same, and nothing is lost."""
    await load.orders(2)
    await asyncio.gather(*(world.processes.crash(broker) for broker in BROKERS.values()))
    began = time.monotonic()
    await load.orders(2, seconds=seconds)
    await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
    waiting = 0
    for name in SERVICE_NAMES:
        waiting += await world.database.fetchval(f"SELECT count(*) FROM {name}.outbox")
        if not await probes.http(world.instance.ports[name], "/healthz")():
            raise Broken(f"{name} calls itself dead because the brokers are away: it would be restarted for nothing")
        if not await probes.http(world.instance.ports[name], "/readyz")():
            raise Broken(f"{name} takes no requests because the brokers are away")
    if not waiting:
        raise Broken("no event waited for the brokers")
    order = rng.sample(sorted(BROKERS.values()), k=3)
    began = time.monotonic()
    await asyncio.gather(*(world.processes.start(broker) for broker in order))
    up = time.monotonic() - began
    paid = await one_gets_through(world, load)
    world.note(f"no broker for {seconds:g} s, {waiting} events waited; up in {up:.1f} s, paid {paid:.1f} s later")


@scenario(7, "leader_election_mid_batch", needs=_THREE)
async def leader_election_mid_batch(world: World, load: Load, rng: random.Random) -> None:
    """The leader falls asleep with a batch on the way; others lead; it wakes up and still thinks it does."""
    service = rng.choice(("orders", "payments", "scm"))
    topic = {"orders": ORDERS, "payments": "shop.payments.v1", "scm": "shop.shipments.v1"}[service]
    waiting = await _let_events_wait(world, load, service)
    victim = (await cluster.leaders(world.instance, topic)).most_common(1)[0][0]
    assert victim is not None
    # Slow enough that it falls asleep with requests on their way to it.
    await world.proxy.set(victim, "delay", client=service, milliseconds=rng.randint(300, 800))
    await _heal_others(world, service, but=victim)

    async def some_left() -> bool:
        return await _outbox(world, service) < waiting

    await world.until(some_left, f"{service} sends again", every=0.02)
    pid = await world.processes.suspend(victim)
    began = time.monotonic()

    async def deposed() -> bool:
        return (await cluster.leaders(world.instance, topic))[victim] == 0

    try:
        await world.until(deposed, f"others lead {topic}", every=0.3)
        elected = time.monotonic() - began
        await world.proxy.heal(victim)
        seconds = await one_gets_through(world, load, seconds=60)
    finally:
        world.processes.resume(pid)
    back = await _until_in_sync(world)
    world.note(
        f"{victim} asleep with a batch of {service} ({waiting} waited); deposed after {elected:.1f} s, "
        f"a payment took {seconds:.1f} s; awake and in sync after {back:.1f} s"
    )


async def _let_events_wait(world: World, load: Load, service: str) -> int:
    """Cuts the service off from the brokers until there is a batch worth interrupting.

    scm hears of no order then, so its parcels must be on their way before.
    """
    if service == "scm":
        await load.orders(6)
        await world.until(lambda: _parcels_on_their_way(world), "parcels are on their way", seconds=40)
    for broker in BROKERS.values():
        await world.proxy.set(broker, "cut", client=service)
    began = time.monotonic()

    async def enough() -> int:
        waiting = await _outbox(world, service)
        return waiting if waiting >= 12 or (waiting and time.monotonic() - began > 8) else 0

    waiting: int = await world.until(enough, f"events of {service} wait", seconds=40)
    return waiting


async def _heal_others(world: World, service: str, *, but: str) -> None:
    for broker in set(BROKERS.values()) - {but}:
        await world.proxy.heal(broker)


async def _parcels_on_their_way(world: World) -> bool:
    moving = "SELECT count(*) FROM scm.shipments WHERE status NOT IN ('delivered', 'cancelled')"
    return bool(await world.database.fetchval(moving) >= 4)


async def _outbox(world: World, service: str) -> int:
    waiting: int = await world.database.fetchval(f"SELECT count(*) FROM {service}.outbox")
    return waiting


@scenario(19, "broker_disk_full", needs=_THREE | {"kafka_disk_mb": 200})
async def broker_disk_full(world: World, load: Load, rng: random.Random) -> None:
    """One broker's disk is full, and it stops of it; with room again it has everything."""
    cluster_of = broker_of(world.instance).cluster
    node = rng.choice(cluster_of.nodes)
    disk = cluster_of.disk_of(node)
    assert disk is not None
    first = await world.processes.pid(node.name)

    async def stopped() -> bool:
        await asyncio.to_thread(disk.fill)
        return bool((await world.processes.picture())[node.name]["pid"] != first)

    try:
        await world.until(stopped, f"{node.name} stops because its disk is full", seconds=60, every=0.2)
        seconds = await one_gets_through(world, load)
    finally:
        disk.release()
    # The supervisor would start it again too, after a pause that grows.
    await world.processes.stop(node.name)
    await world.processes.start(node.name)
    back = await _until_in_sync(world)
    world.note(
        f"{node.name} stopped of a full disk; without it a payment took {seconds:.1f} s; in sync after {back:.1f} s"
    )
