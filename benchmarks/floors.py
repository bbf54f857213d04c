"""What the same machine does with next to no software in the way, measured in the same run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from benchmarks.figures import percentiles
from benchmarks.load import closed_loop
from benchmarks.system import GENERATOR_CORE, SHOP_CORE
from common import kafka_admin
from shop.platform import commands, postgres
from shop.testing import TestPlatform

_POM = Path(__file__).with_name("kafka-tools.pom.xml")
_RECORDS, _RECORD_BYTES = 300_000, 600


@asynccontextmanager
async def bare_app(url: str, port: int) -> AsyncIterator[str]:
    """`benchmarks.floor_app` on the shop's core."""
    env = {**os.environ, "FLOOR_DATABASE_URL": url}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "uvicorn",
        "benchmarks.floor_app:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
        env=env,
    )
    os.sched_setaffinity(process.pid, {SHOP_CORE})
    base = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{base}/ping"):
                        break
                await asyncio.sleep(0.05)
        yield base
    finally:
        process.terminate()
        await process.wait()


async def web(platform: TestPlatform, port: int, clients: tuple[int, ...], seconds: float) -> dict[str, Any]:
    """A bare FastAPI ping, and a bare FastAPI + asyncpg endpoint writing one row and one outbox row."""
    admin = await asyncpg.connect(platform.database_url)
    await admin.execute("DROP TABLE IF EXISTS floor_orders, floor_outbox")
    await admin.execute("CREATE TABLE floor_orders (id uuid PRIMARY KEY, body jsonb NOT NULL)")
    await admin.execute(
        "CREATE TABLE floor_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload bytea NOT NULL)"
    )
    await admin.close()
    found: dict[str, Any] = {"ping": [], "write": []}
    async with bare_app(platform.database_url, port) as base, aiohttp.ClientSession() as http:
        for name, method, path in (("ping", "GET", "/ping"), ("write", "POST", "/write")):

            async def one(method: str = method, path: str = path) -> None:
                body = {"sku": "A", "quantity": 1} if method == "POST" else None
                async with http.request(method, base + path, json=body) as answer:
                    await answer.read()
                    answer.raise_for_status()

            await closed_loop(4, 1, one)
            for count in clients:
                took, ran = await closed_loop(count, seconds, one)
                found[name].append({"clients": count, "per_second": round(len(took) / ran, 1), **percentiles(took)})
    return found


async def database(platform: TestPlatform, seconds: int) -> dict[str, float]:
    """pgbench's own TPC-B-like transactions, on the shop's core, 8 clients."""
    tool = str(postgres.binary("pgbench"))

    def run(*arguments: str) -> str:
        command = ["taskset", "-c", str(GENERATOR_CORE), tool, *arguments, platform.database_url]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    await asyncio.to_thread(run, "-i", "-q", "-s", "5")
    said = await asyncio.to_thread(run, "-c", "8", "-j", "1", "-T", str(seconds), "-M", "prepared")
    return {"transactions_per_second": _number(r"tps = ([0-9.]+)", said)}


async def broker(platform: TestPlatform, cache: Path, log: Path) -> dict[str, float]:
    """Kafka's own producer test: acks=all, idempotent, records as large as our events."""
    libs = cache / "kafka-tools-libs"
    if not libs.exists():
        await commands.run(
            ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={libs}"],
            seconds=300,
            log=log,
        )

    # Without its topic the producer would wait a minute for every record.
    await kafka_admin.ensure_topics(platform.bootstrap)

    def run() -> str:
        command = [
            "taskset", "-c", str(GENERATOR_CORE), "java", "-Xmx256m", "-cp", f"{libs}/*",
            "org.apache.kafka.tools.ProducerPerformance", "--topic", "shop.carts.v1", "--num-records", str(_RECORDS),
            "--record-size", str(_RECORD_BYTES), "--throughput", "-1", "--producer-props",
            f"bootstrap.servers={platform.bootstrap}", "acks=all", "linger.ms=2", "batch.size=262144",
        ]  # fmt: skip
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    said = (await asyncio.to_thread(run)).strip().splitlines()[-1]
    return {"records_per_second": _number(r"([0-9.]+) records/sec", said), "record_bytes": _RECORD_BYTES}


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"cannot read {text[:200]!r}")
    return float(found[1])
