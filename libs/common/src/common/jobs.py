"""Timed work. Every process may run every job: a lease in the database lets one at a time do it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from common import ids, log, metrics
from common.db import Database, is_transient

_log = log.get(__name__)

_TAKE = text(
    "INSERT INTO job_leases (job, owner, expires_at) VALUES (:job, :owner, now() + make_interval(secs => :ttl))"
    " ON CONFLICT (job) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at"
    " WHERE job_leases.owner = excluded.owner OR job_leases.expires_at < now() RETURNING job"
)
_GIVE_BACK = text("UPDATE job_leases SET expires_at = now() WHERE owner = :owner")


@dataclass(frozen=True)
class Job:
    """`run` is called every `seconds`, by one process at a time. `alone=False`: by every process.

    It must be safe to stop at any line and to run twice: the lease makes doubling rare, not impossible.
    """

    name: str
    seconds: float
    run: Callable[[], Awaitable[object]]
    alone: bool = True


class Jobs:
    """The jobs role of a service. `wake(name)` runs a job now instead of at its next turn."""

    def __init__(self, database: Database, jobs: Sequence[Job]) -> None:
        self._database = database
        self._jobs = jobs
        self._owner: UUID = ids.new_id()
        self._stopping = asyncio.Event()
        self._wakes = {job.name: asyncio.Event() for job in jobs}
        self._sure_until: dict[str, float] = {}

    def wake(self, name: str) -> None:
        self._wakes[name].set()

    async def run(self) -> None:
        await asyncio.gather(*(self._repeat(job) for job in self._jobs))
        with contextlib.suppress(Exception):
            async with self._database.alone() as connection:
                await connection.execute(_GIVE_BACK, {"owner": self._owner})

    async def stop(self) -> None:
        """Lets a running job finish its turn."""
        self._stopping.set()
        for wake in self._wakes.values():
            wake.set()

    async def _repeat(self, job: Job) -> None:
        wake = self._wakes[job.name]
        while not self._stopping.is_set():
            wake.clear()
            try:
                if not job.alone or await self._take(job):
                    await job.run()
                    metrics.job_runs.labels(job.name, "done").inc()
            except Exception as error:  # noqa: BLE001 - one bad turn must not end the job
                metrics.job_runs.labels(job.name, "failed").inc()
                if is_transient(error):
                    _log.warning("a job cannot run now, only later", job=job.name, error=repr(error))
                else:
                    _log.exception("a job failed; it runs again at its next turn", job=job.name, error=repr(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), job.seconds)

    async def _take(self, job: Job) -> bool:
        """Asks the database again once a third of the lease is over."""
        now, ttl = self._database.clock.monotonic(), max(job.seconds * 3, 5)
        if now < self._sure_until.get(job.name, 0):
            return True
        async with self._database.alone() as connection:
            taken = await connection.execute(_TAKE, {"job": job.name, "owner": self._owner, "ttl": ttl})
            if taken.first() is None:
                return False
        self._sure_until[job.name] = now + ttl / 3
        return True
