"""Runs a service: its roles in one process, and an ordered drain when it is told to stop.

Order of the drain: readiness off, no new requests, consumers finish and commit, jobs finish their turn, the relay sends
what is left and gives its shards back, pools close. Nothing depends on it: a kill -9 loses nothing, it only costs time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import asyncpg
import httpx
import uvicorn
import uvloop
from fastapi import APIRouter
from starlette.types import ASGIApp

from common import db, housekeeping, http, http_client, log, metrics, migrate, telemetry
from common.clock import Clock
from common.consumer import ConsumerLoop
from common.deadletters import DlqLimit
from common.jobs import Job, Jobs
from common.kafka import KafkaConsumer, KafkaProducer
from common.processing import Handlers, PartitionProcessor
from common.relay import Relay
from common.settings import ServiceSettings
from common.wakeup import NotifyRelays

S = TypeVar("S", bound=ServiceSettings)
_log = log.get(__name__)

_STUCK_SECONDS = 60
# Longer than any caller keeps an idle connection (http_client, the edge): else one closes just as it is used again.
_KEEP_ALIVE_SECONDS = 65


@dataclass
class Parts:
    """What a service is made of. `state` is found by its routes on `request.app.state`, `front` stands before all."""

    routers: Sequence[APIRouter] = ()
    handlers: Handlers = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    state: dict[str, Any] = field(default_factory=dict)
    close: Sequence[Callable[[], Any]] = ()
    front: Callable[[ASGIApp], ASGIApp] = lambda app: app


@dataclass
class Runtime(Generic[S]):
    """What a service is given to build itself from.

    `http` is for the outside world, `internal` shows the shop's own key and is only for services of the shop.
    `wake_job(name)` runs a job now, if this process plays jobs.
    """

    settings: S
    database: db.Database
    http: httpx.AsyncClient
    internal: httpx.AsyncClient
    clock: Clock
    wake_job: Callable[[str], None]


@dataclass(frozen=True)
class Service(Generic[S]):
    """A service's composition: `build` is the only place that wires."""

    name: str
    settings: type[S]
    build: Callable[[Runtime[S]], Parts]
    migrations: Path
    description: str = ""

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """`serve` (the default) runs the roles of the settings; `migrate` brings the schema up and ends."""
        parser = argparse.ArgumentParser(prog=self.name, description=self.description)
        parser.add_argument("action", nargs="?", choices=["serve", "migrate"], default="serve")
        action = parser.parse_args(arguments).action
        settings = self.settings()
        log.configure(self.name, level=settings.log_level, as_json=settings.log_format == "json")
        if action == "migrate":
            asyncio.run(migrate.upgrade(settings.database_url.get_secret_value(), self.name, self.migrations))
            return
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_Process(self, settings).run())


class _Process(Generic[S]):
    def __init__(self, service: Service[S], settings: S) -> None:
        self._service = service
        self._settings = settings
        self._clock = Clock()
        self._health = http.Health()
        self._stop = asyncio.Event()
        self._loop_seen = self._clock.monotonic()

    async def run(self) -> None:
        settings, service = self._settings, self._service
        provider = telemetry.configure(
            service.name, endpoint=settings.otlp_endpoint, sample_ratio=settings.trace_sample_ratio
        )
        database = db.connect(
            settings.database_url.get_secret_value(),
            service.name,
            self._clock,
            pool_size=settings.database_pool_size,
        )
        outgoing = http_client.client(trace=provider is not None)
        internal = http_client.client(
            trace=provider is not None, headers={"X-Internal-Key": settings.internal_key.get_secret_value()}
        )
        jobs_box: list[Jobs] = []

        def wake_job(name: str) -> None:
            for jobs in jobs_box:
                jobs.wake(name)

        runtime = Runtime(settings, database, outgoing, internal, self._clock, wake_job)
        parts = service.build(runtime)
        jobs = Jobs(database, [*parts.jobs, *housekeeping.jobs(database, inbox_months=settings.inbox_months)])
        jobs_box.append(jobs)
        relay = self._relay(database) if settings.plays("relay") else None
        wakeup: NotifyRelays | None = None
        if relay is not None:
            database.on_outbox = relay.wake
        else:
            wakeup = NotifyRelays(self._raw_connect)
            database.on_outbox = wakeup.wake
        consumer = self._consumer(database, parts.handlers) if settings.plays("consumer") and parts.handlers else None
        self._install_health(database, consumer)
        app = http.create_app(
            service.name,
            settings,
            database,
            parts.routers if settings.plays("api") else (),
            state=parts.state,
            health=self._health,
            description=service.description,
        )
        telemetry.instrument_app(app, enabled=provider is not None)
        await self._run_roles(database, parts.front(app), relay, consumer, jobs if settings.plays("jobs") else None)
        for close in parts.close:
            await close()
        if wakeup is not None:
            await wakeup.close()
        await outgoing.aclose()
        await internal.aclose()
        await database.close()
        if provider is not None:
            await asyncio.to_thread(provider.shutdown)

    async def _run_roles(
        self, database: db.Database, app: ASGIApp, relay: Relay | None, consumer: ConsumerLoop | None, jobs: Jobs | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        server = _Server(uvicorn.Config(
            app, host=self._settings.host, port=self._settings.port, log_config=None, access_log=False, lifespan="off",
            timeout_graceful_shutdown=int(self._settings.drain_seconds), server_header=False, date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        ))  # fmt: skip
        with contextlib.suppress(Exception):  # the database may be away: then nothing is due either
            await database.set_clock()
        roles: dict[str, Any] = {"server": server.serve()}
        if relay is not None:
            roles["relay"] = relay.run()
        if consumer is not None:
            roles["consumer"] = consumer.run()
        if jobs is not None:
            roles["jobs"] = jobs.run()
        tasks = {name: asyncio.create_task(role, name=name) for name, role in roles.items()}
        watch = asyncio.create_task(self._watch_loop(), name="loop-watch")
        clock = asyncio.create_task(housekeeping.follow_clock(database), name="clock")
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        gc.freeze()
        _log.info("service runs", roles=self._settings.roles, port=self._settings.port)
        await asyncio.wait([*tasks.values(), stopping], return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in tasks.values() if task.done()]
        self._health.draining = True
        await self._drain(tasks, server, relay, consumer, jobs)
        for task in (watch, clock, stopping):
            task.cancel()
        for task in failed:
            task.result()

    async def _drain(
        self,
        tasks: dict[str, asyncio.Task[Any]],
        server: uvicorn.Server,
        relay: Relay | None,
        consumer: ConsumerLoop | None,
        jobs: Jobs | None,
    ) -> None:
        deadline = self._clock.monotonic() + self._settings.drain_seconds
        server.should_exit = True
        for name, part in (("consumer", consumer), ("jobs", jobs), ("server", None), ("relay", relay)):
            task = tasks.get(name)
            if task is None:
                continue
            if part is not None:
                await part.stop()
            left = max(0.5, deadline - self._clock.monotonic())
            with contextlib.suppress(TimeoutError, Exception):
                await asyncio.wait_for(asyncio.shield(task), left)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        _log.info("service stopped")

    async def _raw_connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            db.asyncpg_dsn(self._settings.database_url.get_secret_value()),
            server_settings=db.session_settings(self._service.name),
            timeout=5,
        )

    def _relay(self, database: db.Database) -> Relay:
        settings = self._settings
        producer = KafkaProducer(
            settings.kafka_bootstrap_servers,
            client_id=f"{self._service.name}-relay",
            idempotent=settings.kafka_idempotence,
        )
        return Relay(
            self._raw_connect,
            producer,
            source=self._service.name,
            clock=database.clock,
            lease_seconds=settings.relay_lease_seconds,
            poll_max_seconds=settings.relay_poll_max_seconds,
        )

    def _consumer(self, database: db.Database, handlers: Handlers) -> ConsumerLoop:
        settings, group = self._settings, self._service.name
        limit = DlqLimit(max_consecutive=settings.dlq_max_consecutive, max_ratio=settings.dlq_max_ratio)
        return ConsumerLoop(
            KafkaConsumer(
                settings.kafka_bootstrap_servers,
                group=group,
                client_id=group,
                shared=settings.kafka_groups,
                session_seconds=settings.consumer_session_seconds,
                rebalance_seconds=settings.consumer_rebalance_seconds,
            ),
            PartitionProcessor(database, handlers, group=group, limit=limit),
            sorted({event_class.topic for event_class in handlers}),
            clock=self._clock,
            batch=settings.consumer_batch_events,
            commit_seconds=settings.consumer_commit_seconds,
            concurrency=max(2, settings.database_pool_size * 2 // 3),
            drain_seconds=settings.drain_seconds / 2,
        )

    def _install_health(self, database: db.Database, consumer: ConsumerLoop | None) -> None:
        expected = migrate.head(self._service.migrations)

        async def progress() -> str | None:
            now = self._clock.monotonic()
            parts = {"event loop": self._loop_seen}
            if consumer is not None and consumer.halted is None:
                parts["consumer"] = consumer.last_progress
            late = [name for name, seen in parts.items() if now - seen > _STUCK_SECONDS]
            return f"no progress: {', '.join(late)}" if late else None

        async def migrated() -> str | None:
            try:
                async with database.read() as connection:
                    found = await migrate.revision(connection)
            except Exception as error:  # noqa: BLE001 - any trouble means not ready
                return f"the database does not answer ({type(error).__name__})"
            return None if found == expected else f"the schema is at {found}, the code needs {expected}"

        self._health.alive.append(progress)
        self._health.ready.append(migrated)

    async def _watch_loop(self) -> None:
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(1)
            self._loop_seen = self._clock.monotonic()
            metrics.loop_lag.set(max(0.0, self._loop_seen - before - 1))


class _Server(uvicorn.Server):
    """Signals are the process's business, not the server's."""

    def install_signal_handlers(self) -> None:
        pass

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
