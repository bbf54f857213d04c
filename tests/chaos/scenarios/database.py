"""PostgreSQL is killed, locked, held back and full: callers are told to come again, and what they were told holds."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import asyncpg
import httpx
from tests.chaos.customers import Visit
from tests.chaos.load import Load
from tests.chaos.passage import one_gets_through
from tests.chaos.scenario import scenario
from tests.chaos.world import SERVICE_NAMES, Broken, World

from shop.parts import disk_of
from shop.platform import postgres, roles

_BUSY = ("orders", "payments", "catalog", "scm")
# Longer than a full pool makes a request wait (5 s), shorter than a lock does (10 s).
_LOCK_SECONDS = 8
_HELD_SECONDS = 20
_FULL_SECONDS = 10
# More than any service's pool has connections.
_CROWD = 30


async def _superuser(world: World) -> asyncpg.Connection:
    current = world.instance
    dsn = postgres.url(
        postgres.SUPERUSER, current.secrets["postgres_password"], current.ports["postgres"], roles.DATABASE
    )
    return await asyncpg.connect(dsn, timeout=10)


@contextlib.asynccontextmanager
async def _no_surprises(world: World) -> AsyncIterator[None]:
    """A database in trouble is nothing unforeseen: no service may answer 500 for it."""
    logs = {name: world.instance.logs / f"{name}.log" for name in SERVICE_NAMES}
    before = {name: log.stat().st_size for name, log in logs.items()}
    yield
    for name, log in logs.items():
        with log.open("rb") as file:
            file.seek(before[name])
            surprises = [
                line for line in file.read().decode(errors="replace").splitlines() if '"unhandled error"' in line
            ]
        if surprises:
            raise Broken(f"{name} was surprised {len(surprises)}x: {surprises[0][:1500]}")


@scenario(8, "postgres_killed_mid_commit")
async def postgres_killed_mid_commit(world: World, load: Load, rng: random.Random) -> None:
    """kill -9 of the server while transactions commit, three times: each happened wholly or not at all."""
    async with _no_surprises(world):
        for _ in range(3):
            await _kill_in_commits(world, load, rng)


async def _kill_in_commits(world: World, load: Load, rng: random.Random) -> None:
    await load.orders(2)
    services = rng.sample(_BUSY, k=2)
    # Commits are held back a moment at the same time, so that the kill meets them on their way.
    await asyncio.gather(*(
        world.strike(service, "before_commit", do="sleep", seconds=rng.uniform(0, 0.02)) for service in services
    ))  # fmt: skip
    await world.processes.crash("postgres")
    down = rng.uniform(0, 4)
    await asyncio.sleep(down)
    began = time.monotonic()
    await world.processes.start("postgres")
    world.note(
        f"PostgreSQL killed in commits of {' and '.join(services)}, away {down:.1f} s, "
        f"recovered in {time.monotonic() - began:.1f} s"
    )
    for service in services:
        await world.processes.ready(service, seconds=30)


@scenario(8, "pool_exhausted")
async def pool_exhausted(world: World, load: Load, rng: random.Random) -> None:
    """A hot table is locked until all connections wait for it: callers get a 503 and come again."""
    visit = load.visit("window")
    await visit.come()
    service, table, ask = rng.choice(_hot(world, load, visit))
    async with _no_surprises(world), _locked(world, f"{service}.{table}"):
        began = time.monotonic()
        crowd = [asyncio.create_task(ask()) for _ in range(_CROWD)]
        await asyncio.sleep(_LOCK_SECONDS)
    answers = await asyncio.gather(*crowd)
    seconds = time.monotonic() - began
    told = Counter(answer.status_code for answer in answers)
    world.note(f"{service}.{table} locked for {_LOCK_SECONDS} s, {_CROWD} callers were told {dict(told)}")
    _check_refusals(answers)
    if not told[503]:
        raise Broken(f"{_CROWD} callers waited {seconds:.1f} s for a connection and none was sent away")
    after = await ask()
    if after.status_code != 200:
        raise Broken(f"after the lock: {after.status_code} {after.text[:200]}")


Ask = Callable[[], Coroutine[Any, Any, httpx.Response]]


def _hot(world: World, load: Load, visit: Visit) -> Sequence[tuple[str, str, Ask]]:
    """Service, table, and a question to the edge that reads it."""
    if visit.order is None:
        raise Broken(f"a customer could not order: {visit.refused or visit.wrong}")
    headers = {"X-Order-Token": visit.order.token}

    def get(path: str) -> Ask:
        return lambda: load.http.get(f"{world.instance.edge_url}{path}", headers=headers)

    return (
        ("orders", "orders", get(f"/v1/orders/{visit.order.id}")),
        ("payments", "payments", get(f"/v1/payments/{visit.payment_id}")),
        ("catalog", "products", get(f"/v1/products?mall={visit.mall}&limit=50")),
    )


@contextlib.asynccontextmanager
async def _locked(world: World, table: str) -> AsyncIterator[None]:
    connection = await _superuser(world)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


def _check_refusals(answers: Sequence[httpx.Response]) -> None:
    """A 503 says what it is and when to come again; nothing is a 500."""
    for answer in answers:
        if answer.status_code == 503:
            if answer.json()["code"] != "database.unavailable" or "retry-after" not in answer.headers:
                raise Broken(f"a 503 without a word about it: {answer.text[:200]}")
        elif answer.status_code not in {200, 201}:
            raise Broken(f"while the database was in trouble: {answer.status_code} {answer.text[:200]}")


@scenario(15, "long_transaction")
async def long_transaction(world: World, load: Load, rng: random.Random) -> None:
    """A write transaction and its snapshot stay open; others with events commit late: nobody else waits for them."""
    holder = await _superuser(world)
    try:
        await holder.execute("CREATE TABLE IF NOT EXISTS chaos.scratch (at timestamptz)")
        began = time.monotonic()
        async with holder.transaction(isolation="repeatable_read"):
            await holder.execute("INSERT INTO chaos.scratch VALUES (now())")
            late = rng.choice(_BUSY)
            await world.strike(late, "before_commit", times=3, do="sleep", seconds=rng.uniform(3, 6))
            await load.orders(3)
            seconds = await one_gets_through(world, load)
            await asyncio.sleep(max(0.0, began + _HELD_SECONDS - time.monotonic()))
            dead = await _dead_rows(world)
        world.note(
            f"xmin held for {time.monotonic() - began:.0f} s, {dead} dead rows in the outboxes; "
            f"3 commits of {late} came late; a payment took {seconds:.1f} s meanwhile"
        )
    finally:
        await holder.close()


async def _dead_rows(world: World) -> int:
    dead: int = await world.database.fetchval(
        "SELECT coalesce(sum(n_dead_tup), 0)::int FROM pg_stat_user_tables WHERE relname = 'outbox'"
    )
    return dead


@scenario(19, "disk_full", needs={"postgres_disk_mb": 400})
async def disk_full(world: World, load: Load, rng: random.Random) -> None:
    """The database's disk is full: writes are refused, or the server dies of it; with room again all goes on."""
    log = world.instance.logs / "postgres.log"
    await load.orders(2)
    before = log.stat().st_size
    dies = rng.random() < 0.5
    async with _no_surprises(world):
        answers = await _carts_on_a_full_disk(world, load, dies=dies)
        refused = log.read_bytes()[before:].decode(errors="replace").count("No space left on device")
        if not refused:
            raise Broken("the disk was full and PostgreSQL never noticed")
        _check_refusals(answers)
        seconds = await one_gets_through(world, load, seconds=60)
    told = Counter(answer.status_code for answer in answers)
    world.note(
        f"disk full for {_FULL_SECONDS} s, {refused} writes refused, PostgreSQL {'died of it' if dies else 'lived'}, "
        f"callers were told {dict(told)}; with room again a payment took {seconds:.1f} s"
    )


async def _carts_on_a_full_disk(world: World, load: Load, *, dies: bool) -> list[httpx.Response]:
    """What callers who want a new cart are told meanwhile. Afterwards there is room and the server runs."""
    disk = disk_of(world.instance)
    assert disk is not None
    body, answers = {"mall_id": "intake", "channel": "pc"}, []
    end = time.monotonic() + _FULL_SECONDS
    try:
        while time.monotonic() < end:
            await asyncio.to_thread(disk.fill)
            if dies:
                await _use_up_the_log(world)
            answers.append(await load.http.post(f"{world.instance.edge_url}/v1/carts", json=body))
            await asyncio.sleep(0.1)
    finally:
        disk.release()
        if (await world.processes.picture())["postgres"]["state"] != "ready":
            # The supervisor would start it again too, after a pause that grows.
            await world.processes.stop("postgres")
            await world.processes.start("postgres")
    return answers


async def _use_up_the_log(world: World) -> None:
    """Writes log until the server cannot: then it ends itself."""
    with contextlib.suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
        connection = await _superuser(world)
        try:
            await connection.execute("SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1000000))")
        finally:
            connection.terminate()
