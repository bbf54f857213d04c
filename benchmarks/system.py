"""A throw-away shop for measuring: on one core, with what is not ours (provider, centre, console) on the other."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from shop import environment, instance, lag, ports
from shop.instance import Instance
from shop.platform import postgres, roles
from shop.seed import seed
from shop.services import SERVICES
from shop.supervisor import control

SHOP_CORE, GENERATOR_CORE = 0, 1
# They stand in for other companies, or are tools of ours that no customer waits for.
OUTSIDE = frozenset({"sandbox", "console"})
_SETTLE_SECONDS = 180
_NAME = "bench"


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU per part since its start, children that ended included."""

    seconds: dict[str, float]

    def since(self, before: Cpu) -> dict[str, float]:
        return {part: spent - before.seconds.get(part, 0) for part, spent in self.seconds.items()}


class Shop:
    """A running instance, as the benchmark sees it."""

    def __init__(self, current: Instance) -> None:
        self.current = current
        self.edge = current.edge_url
        self.sandbox = f"http://127.0.0.1:{current.ports['sandbox']}/sandbox"

    @property
    def inside(self) -> list[str]:
        """The parts that are the shop: what a checkout costs is what these spend."""
        return [part for part in self.pids() if part not in OUTSIDE]

    def pids(self) -> dict[str, int]:
        """Part → pid of its leader."""
        parts = control.ask(self.current.directory, "status")["parts"]
        return {part["name"]: part["pid"] for part in parts if part["pid"]}

    def cpu(self) -> Cpu:
        return Cpu({part: sum(map(_spent, _family(pid))) for part, pid in self.pids().items()})

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size per part, its children included: shared pages are counted once in the sum."""
        return {part: sum(map(_pss, _family(pid))) / 2**20 for part, pid in self.pids().items()}

    def pin(self) -> None:
        """The shop on one core, the outside world on the generator's."""
        for part, pid in self.pids().items():
            core = GENERATOR_CORE if part in OUTSIDE else SHOP_CORE
            for process in _family(pid):
                for thread in process.threads():
                    os.sched_setaffinity(thread.id, {core})

    async def database(self) -> asyncpg.Connection:
        """As the superuser."""
        password = self.current.secrets["postgres_password"]
        dsn = postgres.url(postgres.SUPERUSER, password, self.current.ports["postgres"], roles.DATABASE)
        return await asyncpg.connect(dsn)

    async def settle(self, seconds: float = _SETTLE_SECONDS) -> None:
        """Returns when every event has left and had its effects, and every message is out. Raises TimeoutError."""
        names = [service.name for service in SERVICES]
        waiting = " UNION ALL ".join(f"SELECT count(*) FROM {name}.outbox" for name in names)
        unsent = "SELECT count(*) FROM notify.deliveries WHERE ended_at IS NULL"
        open_work = f"SELECT sum(count) FROM ({waiting} UNION ALL {unsent}) w"
        connection = await self.database()
        try:
            async with asyncio.timeout(seconds):
                while await connection.fetchval(open_work) or any((await lag.behind(self.current, names)).values()):
                    await asyncio.sleep(0.1)
        finally:
            await connection.close()

    async def centre(self, verb: str) -> None:
        """`pause` or `resume` the logistics centre's job."""
        async with httpx.AsyncClient() as http:
            (await http.post(f"{self.sandbox}/logistics/_sandbox/job/{verb}")).raise_for_status()

    def run(self, *command: str) -> None:
        """A `shop` command on this instance. Raises RuntimeError with what it said."""
        env = os.environ | self.current.environment
        done = subprocess.run(
            [sys.executable, "-m", "shop.cli", *command], env=env, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"shop {' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@asynccontextmanager
async def running(*, fsync: bool = True, **options: Any) -> AsyncIterator[Shop]:
    """A fresh shop with its sample catalogue, gone afterwards."""
    state = Path(tempfile.mkdtemp(prefix="shop-bench-"))
    # PostgreSQL may have to run as another user, who must be able to walk in.
    state.chmod(0o711)
    edge = 28080 if not ports.taken(ports.derive(28080)) else ports.free_edge_near(28080)
    if edge is None:
        raise RuntimeError("no free ports for a whole shop")
    os.environ |= {"SHOP_STATE": str(state), "SHOP_INSTANCE": _NAME, "SHOP_PORT": str(edge)}
    current = instance.load()
    chosen = replace(current.options, fsync=fsync, rate_average=100_000, rate_burst=100_000, **options)
    current = replace(current, options=chosen)
    current.save()
    shop = Shop(current)
    everything = os.sched_getaffinity(0)
    try:
        # What we start inherits our cores.
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        await asyncio.to_thread(shop.run, "up")
        os.sched_setaffinity(0, everything)
        await seed(current)
        shop.pin()
        yield shop
    finally:
        await asyncio.to_thread(shop.run, "reset", "--yes")
        shutil.rmtree(state, ignore_errors=True)


def pin_generator() -> None:
    os.sched_setaffinity(0, {GENERATOR_CORE})


def auditor_url(shop: Shop) -> str:
    return environment.auditor_url(shop.current)


def _family(pid: int) -> Sequence[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return []


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0
