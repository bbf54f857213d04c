"""Makes a shop look old and large: clones its rows by SQL, under new ids that still fit together.

Every uuid of a clone is made of the original's and the clone's number, in all schemas alike, so an order's clone in
orders and its clone in payments name each other. Names that must be unique (SKU, slug, order number) get the number as
a suffix. What is cloned is for reading and for weight in the indexes; the auditor would not like it.
"""

from __future__ import annotations

import asyncpg

CATALOGUE: dict[str, tuple[str, ...]] = {
    "catalog": ("products", "variants", "stock"),
    "cart": ("catalogue_products", "catalogue_variants", "catalogue_stock"),
}
HISTORY: dict[str, tuple[str, ...]] = {
    "orders": ("orders", "order_lines", "order_contacts", "order_history"),
    "payments": ("order_gates", "payments", "payment_history", "journals", "postings"),
    "catalog": ("reservations", "reservation_lines"),
    "scm": ("shipments", "shipment_lines", "parcels", "parcel_lines", "shipment_contacts"),
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
_OWN_NAMES = {"sku", "slug", "goods_code"}


async def multiply(connection: asyncpg.Connection, tables: dict[str, tuple[str, ...]], times: int, tag: str) -> int:
    """Adds `times` clones of every row that was not cloned before. Returns how many rows that made."""
    made = 0
    async with connection.transaction():
        # Foreign keys hold again once all tables are done.
        await connection.execute("SET LOCAL session_replication_role = replica")
        for schema, names in tables.items():
            for name in names:
                status = await connection.execute(await _clone(connection, f"{schema}.{name}", times, tag))
                made += int(status.split()[-1])
    await connection.execute("ANALYZE")
    return made


async def _clone(connection: asyncpg.Connection, table: str, times: int, tag: str) -> str:
    columns = await connection.fetch(_COLUMNS, table)
    names = ", ".join(f'"{column["name"]}"' for column in columns)
    values = ", ".join(_value(column, tag) for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, generate_series(1, {times}) n"


def _value(column: asyncpg.Record, tag: str) -> str:
    name = f't."{column["name"]}"'
    if column["type"] == "uuid":
        return f"md5({name}::text || '{tag}' || n)::uuid"
    if column["type"] == "text" and (column["name"] in _OWN_NAMES or (column["in_unique"] and _single(column["name"]))):
        return f"{name} || '-{tag}' || n"
    return name


def _single(name: str) -> bool:
    """Text in a unique index that is a name of the row itself, not of what it belongs to."""
    return name in {"number", "waybill", "provider_key", "ref", "reference", "fact_id"}
