"""Migrations: one alembic tree and one version table per service, under an advisory lock so that two runs queue up."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from common.db import asyncpg_dsn, session_settings
from common.inbox import ensure_partitions
from common.tables import SHARDS, backbone

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "alembic_version"
_NAMES = re.compile(r"""^(down_)?revision\b[^=\n]*= *["'](\w+)["']""", re.MULTILINE)


def config(migrations: Path) -> Config:
    """Alembic's configuration of a service's tree, with no ini file."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(migrations))
    made.set_main_option("path_separator", "os")
    return made


def head(migrations: Path) -> str | None:
    """The revision the code expects; None without any. Read from the files: Alembic would be 13 MB in every process.

    Raises ValueError where the tree has grown two heads.
    """
    names = [name for file in (migrations / "versions").glob("*.py") for name in _NAMES.findall(file.read_text())]
    own = [name for down, name in names if not down]
    heads = set(own) - {name for down, name in names if down}
    if len(heads) > 1 or len(set(own)) < len(own):
        raise ValueError(f"{migrations} does not lead to one head: {', '.join(sorted(own))}")
    return next(iter(heads), None)


async def upgrade(url: str, schema: str, migrations: Path) -> None:
    """Brings the schema to the newest revision and makes the inbox's partitions. Safe to run twice, even at once."""
    settings = session_settings(schema) | {"lock_timeout": "5000", "statement_timeout": "0"}
    engine = create_async_engine(
        asyncpg_dsn(url).replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=pool.NullPool,
        connect_args={"server_settings": settings},
    )
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET lock_timeout = '120s'"))
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": zlib.crc32(schema.encode())})
            await connection.execute(text("SET lock_timeout = '5s'"))
            if await connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": schema}) is None:
                await connection.execute(text(f'CREATE SCHEMA "{schema}"'))
            await connection.commit()
            await connection.run_sync(_run, migrations)
            await connection.commit()
            now = await connection.scalar(text("SELECT now()"))
            await ensure_partitions(connection, now)
            await connection.commit()
    finally:
        await engine.dispose()


def _run(connection: Connection, migrations: Path) -> None:
    from alembic import command

    made = config(migrations)
    made.attributes["connection"] = connection
    command.upgrade(made, "head")


def run_env(metadata: MetaData | None = None) -> None:
    """The whole of a service's `migrations/env.py`."""
    from alembic import context

    connection: Any = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("run migrations with `python -m <service>.main migrate`")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def create_backbone(connection: Connection) -> None:
    """For a service's first migration: outbox, inbox, parked events, dead letters, leases, idempotency keys."""
    metadata = MetaData()
    backbone(metadata)
    metadata.create_all(connection, checkfirst=False)
    for statement in _TUNING:
        connection.execute(text(statement))
    connection.execute(text("INSERT INTO relay_leases (shard) SELECT generate_series(0, :last)"), {"last": SHARDS - 1})


# The outbox is a queue: rows live for milliseconds, so vacuum must come by count and not by share of the table.
_TUNING = (
    "CREATE TABLE inbox_other PARTITION OF inbox DEFAULT",
    """ALTER TABLE outbox SET (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, fillfactor = 90
    )""",
    "ALTER TABLE event_sequences SET (fillfactor = 80)",
)


async def revision(connection: AsyncConnection) -> str | None:
    """The revision the database has, or None before the first migration."""
    exists = await connection.scalar(text("SELECT to_regclass(:name)"), {"name": VERSION_TABLE})
    if exists is None:
        return None
    found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
