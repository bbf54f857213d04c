"""Who may do what in PostgreSQL: a role and a schema per service, and an auditor who reads everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import asyncpg

DATABASE = "shop"
AUDITOR = "auditor"
# In `public`, usable by every role: operators of an extension exist once per database.
EXTENSIONS = ("pg_trgm", "btree_gin")


async def ensure(
    superuser_url: str, services: Iterable[str], passwords: Mapping[str, str], database: str = DATABASE
) -> str:
    """Makes what is missing of the database, roles, schemas and rights. Safe to repeat.

    `passwords` is by role name, the auditor's included. Returns the superuser's URL of `database`.
    """
    import asyncpg

    names = list(services)
    await _ensure_database(superuser_url, database)
    target = with_database(superuser_url, database)
    connection: asyncpg.Connection = await asyncpg.connect(target)
    try:
        for role in [*names, AUDITOR]:
            await _ensure_role(connection, role, passwords[role])
        async with connection.transaction():
            for statement in _rights(database, names):
                await connection.execute(statement)
    finally:
        await connection.close()
    return target


def with_database(url: str, database: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _ensure_database(superuser_url: str, database: str) -> None:
    import asyncpg

    connection: asyncpg.Connection = await asyncpg.connect(superuser_url)
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            # template0: what someone left in template1 must not get into the shop.
            await connection.execute(f'create database "{database}" template template0')
    finally:
        await connection.close()


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    # DDL takes no parameters; the server quotes both words for us.
    known = await connection.fetchval("select 1 from pg_roles where rolname = $1", role)
    template = f"{'alter' if known else 'create'} role %I login nosuperuser nocreatedb nocreaterole password %L"
    statement = await connection.fetchval("select format($1, $2::text, $3::text)", template, role, password)
    await connection.execute(statement)


def _rights(database: str, services: list[str]) -> list[str]:
    roles = ", ".join(f'"{name}"' for name in [*services, AUDITOR])
    return [
        *(f"create extension if not exists {name} schema public" for name in EXTENSIONS),
        f'revoke all on database "{database}" from public',
        f'grant connect on database "{database}" to {roles}',
        "revoke all on schema public from public",
        f"grant usage on schema public to {roles}",
        *(statement for name in services for statement in _own_schema(name)),
        f"grant pg_read_all_data to {AUDITOR}",
        f"alter role {AUDITOR} set default_transaction_read_only = on",
    ]


def _own_schema(service: str) -> tuple[str, ...]:
    return (
        f'create schema if not exists "{service}" authorization "{service}"',
        f'alter role "{service}" set search_path = "{service}", public',
    )
