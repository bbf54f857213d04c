"""The backbone alone, by the probe service: how fast a relay empties an outbox, and commit to effect at a rate."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import psutil

from benchmarks.figures import percentiles
from benchmarks.system import GENERATOR_CORE, SHOP_CORE
from common import kafka_admin
from shop.testing import TestPlatform

RATES = (100, 500, 1000)
_BACKLOG = 50_000
_START_SECONDS = 60
_DRAIN_SECONDS = 300
_DELAYS = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin) - pg_xact_commit_timestamp(p.xmin))::float8
FROM published p JOIN effects e USING (key)
"""


@dataclass
class Probe:
    """Starts processes of the probe service with chosen roles, and asks its schema."""

    platform: TestPlatform
    url: str

    @asynccontextmanager
    async def process(self, roles: str, port: int, core: int) -> AsyncIterator[psutil.Process]:
        """One process, ready, pinned to `core`; ended politely."""
        env = {
            **os.environ,
            "PROBE_DATABASE_URL": self.url,
            "PROBE_KAFKA_BOOTSTRAP_SERVERS": self.platform.bootstrap,
            "PROBE_PORT": str(port),
            "PROBE_ROLES": roles,
            "PROBE_LOG_LEVEL": "warning",
        }
        started = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.probe", "serve", env=env)
        try:
            os.sched_setaffinity(started.pid, {core})
            async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient() as http:
                while not await _ready(http, port):
                    await asyncio.sleep(0.05)
            yield psutil.Process(started.pid)
        finally:
            started.terminate()
            await started.wait()

    async def rows(self, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.url, server_settings={"search_path": "probe"})
        try:
            return [row[0] for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def until(self, query: str, wanted: int) -> None:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while (await self.rows(query))[0] != wanted:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def probe(platform: TestPlatform) -> AsyncIterator[Probe]:
    """A fresh database for the probe on the platform, which must remember commit times."""
    admin = await asyncpg.connect(platform.database_url)
    await admin.execute("DROP DATABASE IF EXISTS probe WITH (FORCE)")
    await admin.execute("CREATE DATABASE probe")
    await admin.close()
    url = platform.database_url.rsplit("/", 1)[0] + "/probe"
    await kafka_admin.ensure_topics(platform.bootstrap, groups=["probe"])
    migrate = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.probe", "migrate", env={**os.environ, "PROBE_DATABASE_URL": url}
    )
    if await migrate.wait():
        raise RuntimeError("the probe's migrations failed")
    yield Probe(platform, url)


async def relay_speed(tested: Probe, port: int, backlog: int = _BACKLOG) -> dict[str, float]:
    """Events per second with which one relay process empties an outbox of `backlog` rows."""
    async with tested.process("api", port, GENERATOR_CORE), httpx.AsyncClient(timeout=300) as http:
        answer = await http.post(f"http://127.0.0.1:{port}/v1/publish/{backlog}", params={"per_commit": 100})
        answer.raise_for_status()
    waiting = (await tested.rows("SELECT count(*) FROM outbox"))[0]
    async with tested.process("relay", port, SHOP_CORE) as relay:
        # It began while it was becoming ready: what is left now is what is timed.
        left, began, spent = (await tested.rows("SELECT count(*) FROM outbox"))[0], time.monotonic(), _spent(relay)
        await tested.until("SELECT count(*) FROM outbox", 0)
        took, cpu = time.monotonic() - began, _spent(relay) - spent
    return {"backlog": waiting, "timed": left, "events_per_second": left / took, "cpu_us_per_event": cpu / left * 1e6}


async def latency(tested: Probe, ports: tuple[int, int], per_second: int, seconds: float) -> dict[str, float]:
    """Milliseconds from the commit of an event to the commit of its effect, at a steady rate.

    One process publishes on the generator's core; another, relay and consumer, works on the shop's.
    """
    count = int(per_second * seconds)
    async with (
        tested.process("api", ports[0], GENERATOR_CORE),
        tested.process("relay,consumer", ports[1], SHOP_CORE) as worker,
        httpx.AsyncClient(timeout=300) as http,
    ):
        url = f"http://127.0.0.1:{ports[0]}/v1/publish"
        (await http.post(f"{url}/200", params={"per_second": 100})).raise_for_status()
        await _all_done(tested)
        await _forget(tested)
        spent = _spent(worker)
        answer = (await http.post(f"{url}/{count}", params={"per_second": per_second})).raise_for_status().json()
        await _all_done(tested)
        cpu = _spent(worker) - spent
    found = await tested.rows(_DELAYS)
    if len(found) != count:
        raise RuntimeError(f"{len(found)} effects of {count} events")
    await _forget(tested)
    reached = {"asked_per_second": per_second, "reached_per_second": count / answer["seconds"]}
    return {**reached, **percentiles(found), "worker_cpu_us_per_event": cpu / count * 1e6}


async def _all_done(tested: Probe) -> None:
    wanted = (await tested.rows("SELECT count(*) FROM published"))[0]
    await tested.until("SELECT count(*) FROM effects", wanted)


async def _forget(tested: Probe) -> None:
    await tested.rows("WITH a AS (DELETE FROM published), b AS (DELETE FROM effects) SELECT 1")


async def _ready(http: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
