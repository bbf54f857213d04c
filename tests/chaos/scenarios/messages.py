"""Messages that cannot be handled, not now or never, and messages that come again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import signal
import time

from tests.chaos import injection
from tests.chaos.injection import Injected, handling, headers, reading
from tests.chaos.load import Load
from tests.chaos.scenario import scenario
from tests.chaos.world import SERVICE_NAMES, Broken, World

from contracts.topics import ORDERS, PAYMENTS

_OVERSIZE_BYTES = 900_000
_FAILING_SECONDS = 45
_REPLAYABLE = (
    ("stats", "order-paid"), ("notify", "order-paid"), ("scm", "order-paid"), ("orders", "payment-confirmed"),
)  # fmt: skip
_GROUPS = ("catalog", "orders", "payments", "scm", "notify", "stats")


@scenario(13, "poison")
async def poison(world: World, load: Load, rng: random.Random) -> None:
    """What nobody can ever handle is a dead letter of each reader, once; unknown types are passed over."""
    handlers = world.box.handlers()
    paid, confirmed = handling(handlers, "order-paid"), handling(handlers, "payment-confirmed")
    anybody = reading(handlers, ORDERS)
    garbage = Injected("garbage", ORDERS, paid, "schema")
    oversize = Injected("oversize", PAYMENTS, confirmed, "schema")
    version = Injected("unknown version", ORDERS, paid, "unknown_version")
    nameless = Injected("no envelope", ORDERS, anybody, "envelope")
    unknown = Injected("unknown type", ORDERS, frozenset(), "")
    send = [
        (garbage, b'{"order_id": 7', headers(garbage, "order-paid")),
        (oversize, b"[" + b"1," * (_OVERSIZE_BYTES // 2) + b"1]", headers(oversize, "payment-confirmed")),
        (version, b"{}", headers(version, "order-paid", ce_dataschema="/schemas/order-paid/v9")),
        (nameless, b"who are you", []),
        (unknown, b"{}", headers(unknown, "order-sung-about")),
    ]
    rng.shuffle(send)
    await load.orders(2)
    for record, value, head in send:
        await injection.send(world.instance, record, value, head)
    for record, _, _ in send:
        for group in sorted(record.readers):
            await _until_dead(world, group, record)
    await load.orders(2)
    await asyncio.gather(
        *(_bury(world, group, [record for record, _, _ in send if group in record.readers]) for group in SERVICE_NAMES)
    )
    world.note(f"{', '.join(record.what for record, _, _ in send)}: dead once in each reader, dropped")


async def _until_dead(world: World, group: str, record: Injected) -> None:
    query = f"SELECT count(*) FROM {group}.dead_letters WHERE key = $1 AND topic = $2 AND reason = $3"

    async def dead() -> bool:
        return bool(await world.database.fetchval(query, record.key, record.topic, record.reason))

    await world.until(dead, f"{record.what} is dead in {group}")


async def _bury(world: World, group: str, expected: list[Injected]) -> None:
    """Exactly these are dead, each was reported on the group's topic; then they are dropped as an operator would."""
    rows = await world.database.fetch(f"SELECT id, event_id::text, key FROM {group}.dead_letters WHERE status = 'open'")
    if sorted(row["key"] for row in rows) != sorted(record.key for record in expected):
        raise Broken(f"dead letters of {group}: {[row['key'] for row in rows]}, wanted {expected}")
    for topic in {record.topic for record in expected}:
        await _until_reported(world, group, topic, [record.key for record in expected if record.topic == topic])
    if rows:
        await world.shop("events", "dlq", "drop", "-s", group, *(str(row["id"]) for row in rows))


async def _until_reported(world: World, group: str, topic: str, keys: list[str]) -> None:
    async def once() -> bool:
        reported = await injection.reports(world.instance, group, topic)
        return all(reported.count(key) == 1 for key in keys)

    await world.until(once, f"{group} reported each of {keys} once", every=1)


@scenario(14, "failing_key")
async def failing_key(world: World, load: Load, rng: random.Random) -> None:
    """One order's events fail for a while: they are parked in order, everybody else goes on, then they pass."""
    group = rng.choice(("stats", "notify", "scm", "catalog"))
    visit = load.visit("account")
    order = await visit.place()
    world.box.arm(group, "handler_fails", count=None, key=order.id)
    await visit.deposit(await visit.ask_for_account(order))
    began = time.monotonic()
    parked = f"SELECT count(*) FROM {group}.parked_events WHERE key = $1"

    async def waits() -> int:
        return int(await world.database.fetchval(parked, order.id))

    await world.until(waits, f"the order is parked in {group}")
    completed = "SELECT count(*) FROM orders.orders WHERE status = 'completed'"
    before = await world.database.fetchval(completed)
    await asyncio.sleep(max(0.0, began + _FAILING_SECONDS - time.monotonic()))
    others = await world.database.fetchval(completed) - before
    waiting = await waits()
    if others < 5:
        raise Broken(f"only {others} orders were completed while one key of {group} failed")
    topics = await world.database.fetch(f"SELECT topic FROM {group}.parked_keys WHERE key = $1", order.id)
    world.box.disarm(group, "handler_fails")
    for (topic,) in topics:
        with contextlib.suppress(RuntimeError):  # its own next try may have been quicker than the operator
            await world.shop("events", "parked", "retry", "-s", group, topic, order.id)

    async def drained() -> bool:
        return not await waits()

    await world.until(drained, f"the parked key of {group} is drained")
    world.note(f"{waiting} events of one order waited {_FAILING_SECONDS} s in {group}; {others} others completed")


@scenario(11, "rebalance_storm")
async def rebalance_storm(world: World, load: Load, rng: random.Random) -> None:
    """A further consumer joins and leaves again and again, politely or not."""
    service = rng.choice(("orders", "catalog", "scm", "notify", "stats"))
    ways = rng.sample((signal.SIGTERM, signal.SIGKILL) * 2, k=4)
    for number in ways:
        guest = await world.processes.join(service, "consumer")
        await asyncio.sleep(rng.uniform(1, 3))
        await world.processes.leave(guest, number)
    await load.orders(2)
    world.note(f"a further consumer of {service} came and left by {', '.join(number.name for number in ways)}")


@scenario(17, "group_reset")
async def group_reset(world: World, load: Load, rng: random.Random) -> None:
    """A group starts again from the earliest record: everything comes again and nothing happens again."""
    service = rng.choice(_GROUPS)
    await load.orders(4)
    await world.processes.stop(service)
    again = await injection.rewind(world.instance, service)
    await world.processes.start(service)

    async def known() -> bool:
        return await _duplicates(world, service) > 0

    if again:
        await world.until(known, f"the inbox of {service} met events it knows", seconds=60)
    world.note(f"{service} read {again} records again")


async def _duplicates(world: World, service: str) -> float:
    page = (await world.http.get(f"http://127.0.0.1:{world.instance.ports[service]}/metrics")).text
    return sum(float(value) for value in re.findall(r"^inbox_duplicates_total\{.*\} (\S+)$", page, re.MULTILINE))


@scenario(18, "sent_twice")
async def sent_twice(world: World, load: Load, rng: random.Random) -> None:
    """Relays lose their heads between ack and delete, again and again: a good part of all events comes twice."""
    copies = world.history.copies
    for service in ("orders", "payments", "scm", "catalog"):
        world.box.arm(service, "after_ack_before_delete", count=6, do="raise")
    await load.orders(12)

    async def copied() -> bool:
        await world.history.findings()
        return world.history.copies > copies

    await world.until(copied, "events were sent again", every=0.5)
    world.note("relays failed 6 times each between ack and delete")


@scenario(18, "replayed_dead_letters")
async def replayed_dead_letters(world: World, load: Load, rng: random.Random) -> None:
    """Dead letters are given back to their consumer, once by two operators at the same moment: each has its effect."""
    group, kind = rng.choice(
        (("stats", "order-paid"), ("notify", "order-paid"), ("scm", "order-paid"), ("orders", "payment-confirmed"))
    )
    await world.strike(group, "handler_fails", times=2, type=kind, permanent=True)
    query = f"SELECT id FROM {group}.dead_letters WHERE status = 'open' ORDER BY id"

    async def both() -> list[int]:
        found = [row["id"] for row in await world.database.fetch(query)]
        return found if len(found) >= 2 else []

    dead = await world.until(both, f"two dead letters in {group}")
    replay = ("events", "dlq", "replay", "-s", group, *map(str, dead))
    await asyncio.gather(world.shop(*replay), world.shop(*replay))
    world.note(f"{len(dead)} dead {kind} of {group} replayed by two at once")
    await load.orders(2)
