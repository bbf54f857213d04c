"""A whole shop to break: real processes on free ports in a throw-away folder, and everything a scenario needs of it.

async with World.running(fault_proxy=True) as world:
    await world.processes.kill("orders")
    world.box.arm("orders", "before_commit")          # see tests.chaos.points
    await world.proxy.set("kafka", "cut", client="orders")
    world.note("what was done, for the report")
    await world.heal()
    seconds = await world.settle()                    # lag 0, then every finding of auditor and history empty
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from tests.chaos.faultbox import FaultBox
from tests.chaos.history import History
from tests.chaos.parts import Processes
from tests.chaos.sql import Sql
from tests.chaos.wire import Proxy

from shop import instance, ports
from shop.audit.findings import ALWAYS, Finding
from shop.audit.run import look
from shop.instance import Instance
from shop.lag import behind
from shop.parts import all_parts
from shop.platform import faults, postgres, roles
from shop.seed import seed
from shop.services import SERVICES

SERVICE_NAMES = tuple(service.name for service in SERVICES)
# Promised after every fault, on two busy cores: no outbox, no lag, nothing parked, so soon after the last customer.
LAG_SECONDS = 30.0
SETTLE_SECONDS = 90.0
# What a killed process had in hand is taken up again within seconds.
_SHORT_WAITS = {
    "NOTIFY_SMTP_TIMEOUT_SECONDS": "2",
    "NOTIFY_SOLAPI_TIMEOUT_SECONDS": "4",
    "NOTIFY_LEASE_SECONDS": "12",
    "PAYMENTS_PATIENCE_SECONDS": "4",
    "PAYMENTS_TOSS_TIMEOUT_SECONDS": "4",
    "PAYMENTS_KAKAOPAY_TIMEOUT_SECONDS": "4",
    "PAYMENTS_KAKAOPAY_LOOK_UP_SECONDS": "3",
    "PAYMENTS_INICIS_TIMEOUT_SECONDS": "2",
    "PAYMENTS_PORTONE_TIMEOUT_SECONDS": "3",
    "PAYMENTS_PORTONE_LOOK_UP_SECONDS": "2",
    "PAYMENTS_PORTONE_V1_TIMEOUT_SECONDS": "2",
    "PAYMENTS_PORTONE_V1_LOOK_UP_SECONDS": "1",
    # And parcels are quick.
    "SANDBOX_LOGISTICS_ACCEPT_SECONDS": "2",
    "SANDBOX_TRACKING_STEP_SECONDS": "0.4",
}
_FIRST_PORT = 23080
_NAME = "chaos"
_WITNESS = """
CREATE SCHEMA IF NOT EXISTS chaos;
CREATE TABLE IF NOT EXISTS chaos.handled (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, grp text NOT NULL, event_id uuid NOT NULL
);
GRANT USAGE ON SCHEMA chaos TO PUBLIC;
GRANT INSERT ON chaos.handled TO PUBLIC;
"""


class Broken(AssertionError):
    """A scenario's own assertion: what the shop promised and did not keep."""


@dataclass(frozen=True)
class Settled:
    """`lag_seconds`: until nothing was on its way any more. `findings` are those with offenders."""

    lag_seconds: float | None
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def late(self) -> bool:
        return self.lag_seconds is None or self.lag_seconds > LAG_SECONDS


@dataclass
class World:
    """A running instance. `database` is asked as the superuser, never through the proxy."""

    instance: Instance
    database: Sql
    http: httpx.AsyncClient
    processes: Processes
    box: FaultBox
    history: History
    notes: list[str] = field(default_factory=list)
    # Offenders known before, when a gate looks for new ones in a world already damaged.
    known: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def running(cls, **options: Any) -> AsyncIterator[World]:
        """A fresh seeded shop with these instance.Options, gone afterwards."""
        current = _new_instance(options)
        try:
            # Named one by one, the parts come up without goods: the witness must be there before the first event.
            parts = ",".join(part.name for part in all_parts(current))
            speed = () if current.options.fsync else ("--no-fsync",)
            await asyncio.to_thread(_shop, current, "up", "--only", parts, *speed)
            password = current.secrets["postgres_password"]
            dsn = postgres.url(postgres.SUPERUSER, password, current.ports["postgres"], roles.DATABASE)
            database = Sql(dsn)
            await database.open()
            await database.execute(_WITNESS)
            await seed(current)
            box = FaultBox(current.faults)
            async with httpx.AsyncClient(timeout=30) as http:
                yield cls(current, database, http, Processes(current), box, History(current, database, box))
            database.terminate()
        finally:
            await asyncio.to_thread(_shop, current, "reset", "--yes", check=False)
            shutil.rmtree(current.directory.parent, ignore_errors=True)

    @property
    def proxy(self) -> Proxy:
        """Needs fault_proxy."""
        return Proxy(faults.control_path(self.instance))

    @property
    def sandbox(self) -> str:
        """The outside world's base URL, straight to its process."""
        return f"http://127.0.0.1:{self.instance.ports['sandbox']}/sandbox"

    def keep_logs(self, name: str) -> Path:
        """A copy of all logs that outlives the world."""
        kept = Path(tempfile.gettempdir()) / f"shop-chaos-logs-{name}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.instance.logs, kept)
        return kept

    def note(self, what: str) -> None:
        """For the report: what was done."""
        self.notes.append(what)

    async def misbehave(self, party: str, operation: str, kind: str, count: int = 1, **more: Any) -> None:
        """A fault of the outside world, see sandbox/README.md."""
        body = {"party": party, "operation": operation, "kind": kind, "count": count, **more}
        (await self.http.post(f"{self.sandbox}/_sandbox/faults", json=body)).raise_for_status()

    async def shop(self, *command: str) -> None:
        """A `shop` command, as an operator would give it. Raises RuntimeError with what it said."""
        await asyncio.to_thread(_shop, self.instance, *command)

    async def until(
        self, question: Callable[[], Awaitable[object]], what: str, *, seconds: float = 30, every: float = 0.1
    ) -> Any:
        """Asks until the answer is truthy and returns it. Raises Broken."""
        end = time.monotonic() + seconds
        while not (answer := await question()):
            if time.monotonic() > end:
                raise Broken(f"not within {seconds:g} s: {what}")
            await asyncio.sleep(every)
        return answer

    async def strike(
        self, service: str, point: str, *, times: int = 1, within: float = 60, **arguments: Any
    ) -> list[int]:
        """Arms a point and waits until it was hit so often, `within` seconds. The pids. Raises Broken: no fault at all.

        `arguments` are the wish: do, seconds, type, key, topic, block, permanent, share.
        """
        before = len(self.box.hits(service, point))
        self.box.arm(service, point, count=times, **arguments)

        async def enough() -> list[int]:
            hits = self.box.hits(service, point)[before:]
            return hits if len(hits) >= times else []

        pids: list[int] = await self.until(enough, f"{service} hit at {point} {times}x", seconds=within, every=0.02)
        return pids

    async def on_the_way(self) -> dict[str, int]:
        """What is not at rest: rows in outboxes, parked keys, unread records. Empty when nothing is."""
        counts: dict[str, int] = {}
        for name in SERVICE_NAMES:
            counts[f"{name} outbox"] = await self.database.fetchval(f"SELECT count(*) FROM {name}.outbox")
            counts[f"{name} parked"] = await self.database.fetchval(f"SELECT count(*) FROM {name}.parked_keys")
        counts |= {f"{name} unread": count for name, count in (await behind(self.instance, SERVICE_NAMES)).items()}
        return {what: count for what, count in counts.items() if count}

    async def heal(self) -> None:
        """Takes every fault back: proxy, points, the outside world, processes."""
        if self.instance.options.fault_proxy:
            await self.proxy.heal()
        self.box.disarm_all()
        await self.processes.heal()
        (await self.http.delete(f"{self.sandbox}/_sandbox/faults")).raise_for_status()

    async def settle(self, seconds: float = SETTLE_SECONDS) -> Settled:
        """Waits for rest, then for zero findings, at most `seconds` in all; not for what can never heal."""
        began = time.monotonic()
        lag_seconds: float | None = None
        while lag_seconds is None and time.monotonic() - began < seconds:
            if not await self.on_the_way():
                lag_seconds = time.monotonic() - began
            await asyncio.sleep(0.2)
        while True:
            findings = tuple(await self.findings())
            spent = time.monotonic() - began
            if not findings:
                await self.history.rest()
            if not findings or spent > seconds or any(each.holds == ALWAYS for each in findings):
                return Settled(lag_seconds, spent, findings)
            await asyncio.sleep(1)

    async def findings(self) -> Sequence[Finding]:
        """What auditor and history have to say now, without what was known before."""
        found = await self._look()
        fresh = [
            replace(each, offenders=tuple(one for one in each.offenders if (each.promise, one) not in self.known))
            for each in found
        ]
        return [each for each in fresh if each.offenders]

    async def promises(self) -> set[str]:
        """Everything that auditor and history look at."""
        return {each.promise for each in await self._look()}

    async def _look(self) -> list[Finding]:
        return [*await look(self.instance), *await self.history.findings()]

    def accept(self, findings: Sequence[Finding]) -> None:
        """From now on only other offenders count."""
        self.known |= {(each.promise, one) for each in findings for one in each.offenders}


def _new_instance(wanted: Mapping[str, Any]) -> Instance:
    options = dict(wanted)
    state = Path(tempfile.mkdtemp(prefix="shop-chaos-"))
    # PostgreSQL may have to run as another user, who must be able to walk in.
    state.chmod(0o711)
    first = int(os.environ.get("SHOP_CHAOS_PORT") or _FIRST_PORT)
    edge = first if not ports.taken(ports.derive(first)) else ports.free_edge_near(first)
    if edge is None:
        raise RuntimeError("no free ports for a whole shop")
    os.environ |= {"SHOP_STATE": str(state), "SHOP_INSTANCE": _NAME, "SHOP_PORT": str(edge)}
    told: dict[str, Any] = {
        "fsync": False,
        "trace_sample_ratio": 0.0,
        "edge_tracing": False,
        "launcher": "tests.chaos.launcher",
    }
    settings = _SHORT_WAITS | options.pop("service_settings", {})
    told |= {"service_settings": settings, "rate_average": 100_000, "rate_burst": 100_000, **options}
    fresh = instance.load()
    current = replace(fresh, options=replace(fresh.options, **told))
    current.save()
    return current


def _shop(current: Instance, *command: str, check: bool = True) -> None:
    env = os.environ | current.environment
    done = subprocess.run([sys.executable, "-m", "shop.cli", *command], env=env, capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"shop {command[0]} failed:\n{done.stdout.decode()}{done.stderr.decode()}")
