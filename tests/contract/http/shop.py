"""The whole shop in this process: every service as its own main builds it, on real sockets and a real PostgreSQL.

Events go from each outbox to whoever listens by `hear`, jobs run when `work` says so: nothing happens by itself, except
at the sandbox, which is the outside world.
"""

import asyncio
import importlib
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import asyncpg
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from services.catalog.tests.fakes import FakeStorage

from common import db, http_client, migrate, testing
from common.clock import Clock
from common.http import create_app
from common.processing import PartitionProcessor
from common.runtime import Parts, Runtime, Service
from sandbox.app import create_app as create_sandbox
from sandbox.settings import Settings as SandboxSettings
from shop import environment, instance, ports, tokens
from shop.instance import Instance
from shop.platform.edge import API_ROUTES
from shop.services import SERVICES

NAMES = tuple(service.name for service in SERVICES)


@dataclass
class Shop:
    """Runs in a thread of its own: call it through `portal`."""

    instance: Instance
    storage: FakeStorage
    databases: dict[str, db.Database] = field(default_factory=dict)
    parts: dict[str, Parts] = field(default_factory=dict)
    apps: dict[str, Any] = field(default_factory=dict)
    processors: dict[str, PartitionProcessor] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.instance.ports[name]}"

    def staff(self, *roles: str) -> dict[str, str]:
        key = self.instance.secrets["staff_token_key"]
        token = tokens.mint_staff(key, roles=roles) if roles else tokens.mint_staff(key)
        return {"Authorization": f"Bearer {token}"}

    async def hear(self, *, times: int = 1) -> None:
        """Every event that waits comes to everybody who listens, so often, and so do those it makes them publish."""
        while said := [event for name in NAMES for event in await testing.published(self.databases[name], clear=True)]:
            for name, processor in self.processors.items():
                handled = self.parts[name].handlers
                heard = [testing.record_of(event) for event in said if type(event) in handled]
                for record in heard:
                    for _ in range(times):
                        await processor.process([record])

    async def work(self, service: str, *names: str) -> None:
        """Runs these jobs of a service once; without names all of them."""
        strangers = set(names) - {job.name for job in self.parts[service].jobs}
        assert not strangers, f"{service} has no {strangers}"
        for job in self.parts[service].jobs:
            if not names or job.name in names:
                await job.run()

    async def unheard(self) -> list[str]:
        """What some service could not make sense of."""
        found = []
        for name, database in self.databases.items():
            async with database.read() as connection:
                for table, columns in (("parked_keys", "key, reason, error"), ("dead_letters", "type, reason, error")):
                    rows = await connection.exec_driver_sql(f"SELECT {columns} FROM {table}")
                    found += [f"{name}: {table}: {tuple(row)}" for row in rows]
        return found


@contextmanager
def running() -> Iterator[tuple[BlockingPortal, Shop]]:
    """The shop, served until the block ends."""
    directory = Path(tempfile.mkdtemp(prefix="shop-contract-"))
    try:
        with (
            start_blocking_portal("asyncio", {"use_uvloop": True}) as portal,
            portal.wrap_async_context_manager(_started(directory)) as shop,
        ):
            yield portal, shop
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@asynccontextmanager
async def _started(directory: Path) -> AsyncIterator[Shop]:
    doors = {name: _door() for name in (*NAMES, "sandbox", "edge")}
    numbers = ports.unused() | {name: door.getsockname()[1] for name, door in doors.items()}
    shop = Shop(Instance("contract", instance.home(), directory, numbers), FakeStorage())
    # A job is over when its run is.
    values = environment.everything(shop.instance, "127.0.0.1:1") | {"PAYMENTS_TURN_SECONDS": "60"}
    async with AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(_database())
        with mock.patch.dict(os.environ, values), mock.patch("catalog.main.S3Storage", return_value=shop.storage):
            for name in NAMES:
                await _start(shop, name, database_url, stack)
            # A step ends at rest: no refund waits a second because the one before it was of the same payment.
            sandbox = create_sandbox(SandboxSettings(toss_cancel_guard_seconds=0))
        await stack.enter_async_context(_served(sandbox, doors["sandbox"], lifespan="on"))
        for name, app in (*shop.apps.items(), ("edge", _edge(shop))):
            await stack.enter_async_context(_served(app, doors[name]))
        yield shop


def _door() -> socket.socket:
    """Held from now on, so that nobody else gets the port before the server listens."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    return door


@asynccontextmanager
async def _database() -> AsyncIterator[str]:
    """A database of its own for this process, gone afterwards."""
    server, name = testing.test_database_url(), f"test_contract_{os.getpid()}"
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{name}"')
        yield server.rsplit("/", 1)[0] + f"/{name}"
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


async def _start(shop: Shop, name: str, database_url: str, stack: AsyncExitStack) -> None:
    database = db.connect(database_url, name, Clock(), pool_size=5)
    stack.push_async_callback(database.close)
    parts, app = _built(name, database, stack)
    await migrate.upgrade(database_url, name, _service(name).migrations)
    shop.databases[name], shop.parts[name], shop.apps[name] = database, parts, parts.front(app)
    shop.processors[name] = testing.processor(database, parts.handlers)


def _service(name: str) -> Service[Any]:
    service: Service[Any] = importlib.import_module(f"{name}.main").service
    return service


def _built(name: str, database: db.Database, stack: AsyncExitStack) -> tuple[Parts, FastAPI]:
    """As `common.runtime` builds it, with the settings of the environment."""
    service = _service(name)
    settings = service.settings()
    outgoing = http_client.client()
    internal = http_client.client(headers={"X-Internal-Key": settings.internal_key.get_secret_value()})
    parts = service.build(Runtime(settings, database, outgoing, internal, Clock(), lambda _job: None))
    for close in (outgoing.aclose, internal.aclose, *parts.close):
        stack.push_async_callback(close)
    app = create_app(name, settings, database, parts.routers, state=parts.state, description=service.description)
    return parts, app


async def unserved(name: str, directory: Path) -> FastAPI:
    """A service's app for looking at: nothing runs behind it."""
    values = environment.everything(
        Instance("contract", instance.home(), directory, ports.derive(18080)), "127.0.0.1:1"
    )
    async with AsyncExitStack() as stack:
        database = db.connect("postgresql://nobody@127.0.0.1:1/nowhere", name, Clock(), pool_size=1)
        stack.push_async_callback(database.close)
        with mock.patch.dict(os.environ, values):
            return _built(name, database, stack)[1]


def _edge(shop: Shop) -> Any:
    """What the real edge does for the sandbox's calls: the path says whose they are."""

    async def edge(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path.startswith("/v1/orders/") and path.endswith("/shipments"):
            name = "scm"
        else:
            behind = [name for name, starts in API_ROUTES.items() if path.startswith(starts)]
            name = behind[-1] if behind else "catalog"
        await shop.apps[name](scope, receive, send)

    return edge


@asynccontextmanager
async def _served(app: Any, door: socket.socket, *, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[None]:
    """As `common.runtime` serves it."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan=lifespan, server_header=False,
        date_header=False, timeout_keep_alive=65, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
