"""For tests: a migrated database per service, a client for its app, events in and events out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common import cloudevents, db, ids, migrate
from common.clock import Clock
from common.deadletters import DlqLimit
from common.processing import Handlers, PartitionProcessor
from common.transport import Record
from contracts.envelope import Event

_KEPT = ("alembic_version", "relay_leases")


def test_database_url() -> str:
    """The superuser URL of the test PostgreSQL. `make test` starts one and sets it."""
    url = os.environ.get("SHOP_TEST_DATABASE_URL")
    if not url:
        raise RuntimeError("SHOP_TEST_DATABASE_URL is not set: run the tests with `make test` or `shop test-platform`")
    return url


@asynccontextmanager
async def migrated_database(service: str, migrations: Path, clock: Clock | None = None) -> AsyncIterator[db.Database]:
    """A database of its own for this test process, migrated with the service's tree, dropped at the end."""
    admin_url = test_database_url()
    name = f"test_{service}_{os.getpid()}"
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.execute(f'CREATE DATABASE "{name}"')
    await admin.close()
    url = admin_url.rsplit("/", 1)[0] + f"/{name}"
    await migrate.upgrade(url, service, migrations)
    database = db.connect(url, service, clock or Clock(), pool_size=20)
    try:
        yield database
    finally:
        await database.close()
        admin = await asyncpg.connect(admin_url)
        await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await admin.close()


async def empty(database: db.Database, *, keep: Sequence[str] = ()) -> None:
    """Empties every table of the schema but the migration's own rows and the tables named in `keep`."""
    try:
        await _truncate(database, keep)
    except DBAPIError:
        # An earlier test may have cut the pool's connections; the first to notice makes the pool open new ones.
        await _truncate(database, keep)


async def _truncate(database: db.Database, keep: Sequence[str]) -> None:
    async with database.engine.begin() as connection:
        names = await connection.scalars(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            ),
            {"schema": database.schema},
        )
        tables = [f'"{name}"' for name in names if name not in (*_KEPT, *keep)]
        await connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))


@asynccontextmanager
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Calls the app without a socket. Unhandled errors come back as the 500 a caller would see."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as made:
        yield made


def record_of(event: Event, *, event_id: UUID | None = None, sequence: int = 1, offset: int = 0) -> Record:
    """The event as it comes from the broker."""
    out = cloudevents.encode(
        topic=event.topic,
        key=event.key,
        event_id=event_id or ids.new_id(),
        wire_type=event.type,
        source="test",
        time=Clock().now(),
        sequence=sequence,
        payload=event.model_dump_json().encode(),
        stored={"dataschema": event.dataschema()},
    )
    return Record(out.topic, 0, offset, 0, out.key, out.value, out.headers)


def processor(database: db.Database, handlers: Handlers) -> PartitionProcessor:
    """The service's real consumer path, without a broker."""
    limit = DlqLimit(max_consecutive=1000, max_ratio=1.0)
    return PartitionProcessor(database, handlers, group=database.schema, limit=limit)


async def deliver(database: db.Database, handlers: Handlers, *events: Event) -> None:
    """Delivers each event once through inbox and handler. Raises when one was parked or dead-lettered."""
    process = processor(database, handlers)
    for event in events:
        await process.process([record_of(event)])
    async with database.read() as connection:
        parked = (await connection.execute(text("SELECT key, reason, error FROM parked_keys"))).all()
        dead = (await connection.execute(text("SELECT type, reason, error FROM dead_letters"))).all()
    if parked or dead:
        raise AssertionError(f"not handled: parked {parked}, dead {dead}")


async def published(database: db.Database, *, clear: bool = False) -> list[Event]:
    """The typed events that wait in the outbox, oldest first. `clear` takes them out, as a relay would."""
    async with database.engine.begin() as connection:
        rows = (await connection.execute(text("SELECT type, payload FROM outbox ORDER BY id"))).all()
        if clear:
            await connection.execute(text("DELETE FROM outbox"))
    return [cloudevents.decode(row.type, None, row.payload) for row in rows]
