"""Real processes on a real broker, killed with -9 at the two points where other shops lose or double events."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import asyncpg
import httpx
import pytest

from common import kafka_admin, testing

pytestmark = [pytest.mark.integration, pytest.mark.kafka, pytest.mark.timeout(120)]

PROBE = Path(__file__).parent / "probe.py"


class Probe:
    """Starts, asks and kills processes of the probe service."""

    def __init__(self, port: int, database_url: str) -> None:
        self.port = port
        self.database_url = database_url
        self.running: list[asyncio.subprocess.Process] = []

    async def start(self, roles: str, **settings: str) -> asyncio.subprocess.Process:
        env = {
            **os.environ,
            "PROBE_DATABASE_URL": self.database_url,
            "PROBE_KAFKA_BOOTSTRAP_SERVERS": os.environ["SHOP_TEST_KAFKA"],
            "PROBE_PORT": str(self.port),
            "PROBE_ROLES": roles,
            "PROBE_LOG_LEVEL": "warning",
            "PROBE_RELAY_LEASE_SECONDS": "1",
            "PROBE_CONSUMER_SESSION_SECONDS": "6",
            "PROBE_CONSUMER_REBALANCE_SECONDS": "10",
            # The embedded broker's groups never forget a killed member.
            "PROBE_KAFKA_GROUPS": str(os.environ["SHOP_TEST_BROKER"].startswith("apache-kafka")),
            **settings,
        }
        process = await asyncio.create_subprocess_exec(sys.executable, str(PROBE), "serve", env=env)
        self.running.append(process)
        await self._ready(process)
        return process

    async def _ready(self, process) -> None:
        end = time.monotonic() + 30
        async with httpx.AsyncClient() as client:
            while True:
                assert process.returncode is None, "the probe ended by itself"
                try:
                    if (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                assert time.monotonic() < end, "the probe did not become ready"
                await asyncio.sleep(0.05)

    async def publish(self, count: int) -> None:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.post(f"http://127.0.0.1:{self.port}/v1/events/{count}")
            assert answer.status_code == 201

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def rows(self, query: str):
        connection = await asyncpg.connect(self.database_url, server_settings={"search_path": "probe"})
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    async def until(self, query: str, wanted: int, seconds: float = 40) -> None:
        end = time.monotonic() + seconds
        while (found := (await self.rows(query))[0][0]) != wanted:
            assert time.monotonic() < end, f"{found}, not {wanted}: {query}"
            await asyncio.sleep(0.05)


@pytest.fixture
async def probe(unused_tcp_port):
    name = f"probe_{os.getpid()}"
    admin_url = testing.test_database_url()
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name}")
    url = admin_url.rsplit("/", 1)[0] + f"/{name}"
    await kafka_admin.ensure_topics(os.environ["SHOP_TEST_KAFKA"], groups=["probe"])
    made = Probe(unused_tcp_port, url)
    migrate = await asyncio.create_subprocess_exec(
        sys.executable, str(PROBE), "migrate", env={**os.environ, "PROBE_DATABASE_URL": url}
    )
    assert await migrate.wait() == 0
    yield made
    for process in made.running:
        if process.returncode is None:
            await made.kill(process)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def effects(probe: Probe) -> Counter[str]:
    return Counter(row["key"] for row in await probe.rows("SELECT key FROM effects"))


async def test_killed_between_commit_and_publish_and_between_effect_and_offset_commit(probe):
    """40 events are committed and not sent; their effects happen and no offset is committed; each effect is single."""
    committed_only = await probe.start("api")
    await probe.publish(40)
    await probe.kill(committed_only)
    assert (await probe.rows("SELECT count(*) FROM outbox"))[0][0] == 40
    wanted = {row["aggregateid"] for row in await probe.rows("SELECT aggregateid FROM outbox")}

    handled_only = await probe.start("api,relay,consumer", PROBE_CONSUMER_COMMIT_SECONDS="3600")
    await probe.until("SELECT count(*) FROM outbox", 0)
    await probe.until("SELECT count(*) FROM effects", 40)
    await probe.kill(handled_only)

    again = await probe.start("api,relay,consumer")
    await probe.publish(1)
    await probe.until("SELECT count(*) FROM effects", 41)
    found = await effects(probe)
    assert wanted <= found.keys()
    assert set(found.values()) == {1}
    duplicates = await _metric(probe, "inbox_duplicates_total")
    assert duplicates >= 40, "the events did not come again, so nothing was shown"
    again.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(again.wait(), 20) == 0


async def test_killed_again_and_again_under_load_every_event_has_one_effect(probe):
    process = await probe.start("api,relay,consumer")
    total = 0
    for _ in range(3):
        publishing = asyncio.create_task(probe.publish(60))
        await asyncio.sleep(0)
        total += 60
        await publishing
        await probe.kill(process)
        process = await probe.start("api,relay,consumer")
    await probe.until("SELECT count(*) FROM outbox", 0)
    await probe.until("SELECT count(*) FROM effects", total)
    assert set((await effects(probe)).values()) == {1}


async def test_a_relay_in_a_process_of_its_own_is_woken_by_the_api_process(probe):
    await probe.start("relay", PROBE_RELAY_POLL_MAX_SECONDS="30")
    relay_port, probe.port = probe.port, probe.port + 1
    await probe.start("api")
    await probe.until("SELECT count(*) FROM relay_leases WHERE owner IS NOT NULL", 16)
    await probe.publish(3)
    await probe.until("SELECT count(*) FROM outbox", 0, seconds=10)
    probe.port = relay_port


async def _metric(probe: Probe, name: str) -> float:
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"http://127.0.0.1:{probe.port}/metrics")).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(name))
