"""Makes a shop look old and large: clones its rows by SQL, under new ids that still fit together.

Every uuid of a clone is made of the original's and the clone's number, in all schemas alike, so an order's clone in
orders and its clone in payments name each other; it begins like the original's, so that it lies where ids of its time
lie. Names that must be unique (SKU, slug, order number) get the number as a suffix. What is cloned is for reading and
for weight in the indexes; the auditor would not like it.

`python -m benchmarks.grow --products 100000 --orders 1000000` does it to the shop that runs here.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import asyncpg
import typer

from shop import instance
from shop.platform import postgres, roles

CATALOGUE: dict[str, tuple[str, ...]] = {
    "catalog": ("products", "variants", "stock"),
    "cart": ("catalogue_products", "catalogue_variants", "catalogue_stock"),
}
HISTORY: dict[str, tuple[str, ...]] = {
    "orders": ("orders", "order_lines", "order_contacts", "order_history", "order_parcels"),
    "payments": ("order_gates", "payments", "payment_history", "journals", "postings"),
    "catalog": ("reservations", "reservation_lines", "stock_movements"),
    "scm": ("shipments", "shipment_lines", "parcels", "parcel_lines", "parcel_tracking", "shipment_contacts"),
    "notify": ("orders", "contacts", "messages", "deliveries"),
    "stats": ("order_facts", "line_facts"),
    "cart": ("carts", "cart_lines", "frozen_quotes"),
}
_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY(i.indkey))
         AS in_unique
FROM pg_attribute a
WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
ORDER BY a.attnum
"""
# Built anew afterwards: by sorting, instead of row by row.
_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = $1::regclass AND NOT indisunique
"""
# A past of two years: each clone happened a while before the one before it.
_SPREAD_SECONDS = 2 * 365 * 86_400
_PAST = frozenset({
    "published_at", "created_at", "placed_at", "paid_at", "at", "confirmed_at", "posted_at", "requested_at", "fact_at",
    "updated_at", "changed_at", "sent_at", "ended_at", "shipped_at", "delivered_at", "completed_at",
})  # fmt: skip
_OWN_NAMES = {"sku", "slug", "goods_code"}


async def fill(connection: asyncpg.Connection, products: int, orders: int, tag: str) -> dict[str, int]:
    """Clones until there are at least so many of each. Returns how many there are."""
    await _to(connection, CATALOGUE, "catalog.products", products, f"{tag}c")
    await _to(connection, HISTORY, "orders.orders", orders, f"{tag}h")
    await connection.execute("VACUUM ANALYZE")
    return {
        "products": await connection.fetchval("SELECT count(*) FROM catalog.products"),
        "orders": await connection.fetchval("SELECT count(*) FROM orders.orders"),
    }


async def _to(
    connection: asyncpg.Connection, tables: dict[str, tuple[str, ...]], counted: str, wanted: int, tag: str
) -> None:
    have = await connection.fetchval(f"SELECT count(*) FROM {counted}")
    if not have:
        raise RuntimeError(f"{counted} is empty: there is nothing to clone")
    times = -(-(wanted - have) // have)
    if times <= 0:
        return
    # Clones of clones, and of what was cloned before, have ids of their own.
    tag = f"{tag}{have}x"
    every = [f"{schema}.{name}" for schema, names in tables.items() for name in names]
    step = _SPREAD_SECONDS // times or 1
    async with connection.transaction():
        await _hold(connection, every)
        # Foreign keys hold again once all tables are done.
        await connection.execute(
            "SET LOCAL session_replication_role = replica; SET LOCAL maintenance_work_mem = '256MB'"
        )
        for table in every:
            await _clone(connection, table, times, tag, step)


async def _hold(connection: asyncpg.Connection, tables: list[str]) -> None:
    """All of them before anything is done: the services read on meanwhile, and each table alone would be a deadlock."""
    for _ in range(20):
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE", timeout=60)
        except asyncpg.DeadlockDetectedError:
            continue
        return
    raise RuntimeError("the services do not let go of the tables")


async def _clone(connection: asyncpg.Connection, table: str, times: int, tag: str, step: int) -> None:
    columns = await connection.fetch(_COLUMNS, table)
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    # Carts and addresses of long ago would be cleared away.
    step = 0 if table.startswith("cart.") or table.endswith("contacts") else step
    values = ", ".join(_value(column, tag, step) for column in columns)
    indexes = await connection.fetch(_INDEXES, table)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    await connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {times}) n", timeout=7200
    )
    for index in indexes:
        await connection.execute(index["definition"], timeout=7200)


def _value(column: asyncpg.Record, tag: str, step: int) -> str:
    name = f't."{column["name"]}"'
    if column["name"] in _PAST:
        return f"{name} - n * interval '{step} seconds'"
    if column["type"] == "uuid":
        return f"(substr(replace({name}::text, '-', ''), 1, 12) || substr(md5({name}::text || '{tag}' || n), 13))::uuid"
    if column["name"] == "waybill":
        return f"lpad((('x' || substr(md5({name} || '{tag}' || n), 1, 12))::bit(48)::bigint)::text, 15, '0')"
    if column["type"] == "text" and (column["name"] in _OWN_NAMES or (column["in_unique"] and _single(column["name"]))):
        return f"{name} || '-{tag}' || n"
    return name


def _single(name: str) -> bool:
    """Text in a unique index that is a name of the row itself, not of what it belongs to."""
    return name in {"number", "provider_key", "provider_id", "ref", "reference", "fact_id"}


def main(
    products: Annotated[int, typer.Option(min=1)] = 100_000, orders: Annotated[int, typer.Option(min=1)] = 1_000_000
) -> None:
    """Grow the shop that runs here. It needs a few real orders to clone: `make demo` makes some."""
    current = instance.load()
    url = postgres.url(
        postgres.SUPERUSER, current.secrets["postgres_password"], current.ports["postgres"], roles.DATABASE
    )

    async def grow() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        try:
            return await fill(connection, products, orders, "g")
        finally:
            await connection.close()

    found = asyncio.run(grow())
    print(f"{found['products']:,} products, {found['orders']:,} orders")


if __name__ == "__main__":
    typer.run(main)
