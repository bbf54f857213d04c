"""The network between a service and what it depends on: answers lost, partitions, half-open and slow connections."""

from __future__ import annotations

import asyncio
import random

from tests.chaos.links import Mode
from tests.chaos.load import Load
from tests.chaos.scenario import PROXY, scenario
from tests.chaos.world import SERVICE_NAMES, Broken, World

_PRODUCE = 0
_SAYING = ("orders", "payments", "catalog", "scm")
# Longer than a consumer's session (6 s) and a relay's lease (4 s) of a local instance.
_PARTITION_SECONDS = 10


@scenario(6, "produce_ack_dropped", needs=PROXY, smoke=True)
async def produce_ack_dropped(world: World, load: Load, rng: random.Random) -> None:
    """The broker takes the events and its answer never arrives."""
    for service in rng.sample(_SAYING, k=2):
        await load.orders(2)
        await world.proxy.set("kafka", "drop_answers", client=service, kafka_api=_PRODUCE)
        await asyncio.sleep(rng.uniform(3, 6))
        lost = await world.proxy.heal("kafka")
        if not lost:
            raise Broken(f"{service} sent nothing while its acks were dropped")
        world.note(f"acks of {service} lost, connection reset")


@scenario(24, "partition_from_kafka", needs=PROXY)
async def partition_from_kafka(world: World, load: Load, rng: random.Random) -> None:
    """One service cannot reach Kafka: orders go on being taken, and everything catches up."""
    await _partition(world, load, rng, "kafka")


@scenario(25, "partition_from_postgres", needs=PROXY)
async def partition_from_postgres(world: World, load: Load, rng: random.Random) -> None:
    """One service cannot reach its database: it refuses or waits, and forgets nothing."""
    await _partition(world, load, rng, "postgres")


async def _partition(world: World, load: Load, rng: random.Random, target: str) -> None:
    modes: tuple[Mode, ...] = ("stall", "cut")
    service = rng.choice(SERVICE_NAMES)
    for mode in rng.sample(modes, k=2):
        await load.orders(2)
        links = await world.proxy.set(target, mode, client=service)
        if not links:
            raise Broken(f"{service} has no connection to {target}")
        await asyncio.sleep(_PARTITION_SECONDS)
        await world.proxy.heal(target)
        world.note(f"{service} apart from {target} for {_PARTITION_SECONDS} s ({mode}, {links} connections)")


@scenario(26, "half_open", needs=PROXY)
async def half_open(world: World, load: Load, rng: random.Random) -> None:
    """Connections that look alive and lead nowhere, to Kafka and PostgreSQL at the same time."""
    service = rng.choice(SERVICE_NAMES)
    await load.orders(2)
    for target in ("kafka", "postgres"):
        await world.proxy.set(target, "hold", client=service)
    await asyncio.sleep(_PARTITION_SECONDS)
    reset = await world.proxy.heal()
    if not reset:
        raise Broken(f"{service} said nothing")
    world.note(f"{service} sent into nothing for {_PARTITION_SECONDS} s, {reset} connections reset")


@scenario(27, "latency", needs=PROXY, shoppers=4)
async def latency(world: World, load: Load, rng: random.Random) -> None:
    """Every answer of the database and the broker comes late."""
    database, broker = rng.randint(5, 25), rng.randint(50, 200)
    await world.proxy.set("postgres", "delay", milliseconds=database)
    await world.proxy.set("kafka", "delay", milliseconds=broker)
    await load.orders(6, seconds=90)
    world.note(f"PostgreSQL {database} ms and Kafka {broker} ms away, each direction")
    await world.proxy.heal()


@scenario(28, "commit_answer_lost", needs=PROXY)
async def commit_answer_lost(world: World, load: Load, rng: random.Random) -> None:
    """The database commits and nobody hears of it: asking again must find what was done."""
    for service in rng.sample(SERVICE_NAMES, k=3):
        await load.orders(1)
        await world.proxy.set("postgres", "drop_answers", client=service)
        await asyncio.sleep(rng.uniform(0.3, 2))
        reset = await world.proxy.heal("postgres")
        if not reset:
            raise Broken(f"{service} asked its database nothing")
        world.note(f"{service} lost what the database answered on {reset} connections")
