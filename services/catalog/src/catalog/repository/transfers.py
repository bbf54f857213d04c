"""Imports and exports: what was asked for, how far it is, and what was wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as put
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog import tables
from catalog.domain.sheets import Problem

_COLUMNS = "id, mall_id, kind, format, status, apply, object_key, bytes, row_count, product_count, problems, staff"
# A process that died at work: its lines of work are taken up by another, a few times.
_DIED_AFTER = timedelta(minutes=10)
MOST_TRIES = 3

Kind = Literal["import", "export"]
Form = Literal["csv", "xlsx"]
Status = Literal["announced", "queued", "running", "checked", "applied", "refused", "ready", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Transfer:
    id: UUID
    mall_id: str
    kind: Kind
    format: Form
    status: Status
    apply: bool
    object_key: str
    bytes: int
    row_count: int
    product_count: int
    problems: tuple[Problem, ...]
    staff: str


_PLAIN = [field.name for field in fields(Transfer) if field.name != "problems"]


def _transfer(row: Any) -> Transfer:
    problems = tuple(Problem(**each) for each in row.problems)
    return Transfer(**{name: getattr(row, name) for name in _PLAIN}, problems=problems)


async def insert(connection: AsyncConnection, new: Transfer, now: datetime) -> None:
    """Announced again after a crash, it is the same transfer."""
    facts = asdict(new) | {"problems": [], "created_at": now, "changed_at": now}
    await connection.execute(put(tables.transfers).values(**facts).on_conflict_do_nothing(index_elements=["id"]))


async def read(connection: AsyncConnection, transfer_id: UUID, kind: Kind, *, lock: bool = False) -> Transfer | None:
    query = f"SELECT {_COLUMNS} FROM transfers WHERE id = :id AND kind = :kind"  # noqa: S608 - constants
    rows = await connection.execute(text(query + (" FOR UPDATE" if lock else "")), {"id": transfer_id, "kind": kind})
    row = rows.one_or_none()
    return None if row is None else _transfer(row)


async def any_waits(connection: AsyncConnection, now: datetime) -> bool:
    query = text(
        "SELECT EXISTS (SELECT 1 FROM transfers WHERE status = 'queued' OR (status = 'running' AND changed_at < :died))"
    )
    return bool(await connection.scalar(query, {"died": now - _DIED_AFTER}))


async def take(connection: AsyncConnection, now: datetime) -> Transfer | None:
    """The one that waits longest, for this process alone."""
    row = (
        await connection.execute(
            text(
                "UPDATE transfers SET status = 'running', tries = tries + 1, changed_at = :now WHERE id = ("  # noqa: S608
                " SELECT id FROM transfers WHERE status = 'queued' OR (status = 'running' AND changed_at < :died)"
                f" ORDER BY changed_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {_COLUMNS}, tries"
            ),
            {"now": now, "died": now - _DIED_AFTER},
        )
    ).one_or_none()
    if row is None:
        return None
    if row.tries > MOST_TRIES:
        await finish(connection, row.id, "failed", now)
        return None
    return _transfer(row)


async def queue(connection: AsyncConnection, transfer_id: UUID, *, apply: bool, now: datetime) -> None:
    await connection.execute(
        text(
            "UPDATE transfers SET status = 'queued', apply = :apply, problems = '[]', tries = 0, changed_at = :now"
            " WHERE id = :id"
        ),
        {"id": transfer_id, "apply": apply, "now": now},
    )


async def finish(
    connection: AsyncConnection,
    transfer_id: UUID,
    status: Status,
    now: datetime,
    *,
    rows: int = 0,
    products: int = 0,
    problems: list[Problem] | None = None,
) -> None:
    await connection.execute(
        tables.transfers.update()
        .where(tables.transfers.c.id == transfer_id)
        .values(
            status=status,
            row_count=rows,
            product_count=products,
            problems=[asdict(problem) for problem in problems or ()],
            changed_at=now,
        )
    )


async def lasting(connection: AsyncConnection, before: datetime, limit: int) -> list[tuple[UUID, str]]:
    """Those whose file has been there long enough, with its key."""
    rows = await connection.execute(
        text(
            "SELECT id, object_key FROM transfers WHERE status <> 'gone' AND changed_at < :before"
            " ORDER BY changed_at LIMIT :limit"
        ),
        {"before": before, "limit": limit},
    )
    return [(row.id, row.object_key) for row in rows]


async def rows_of(connection: AsyncConnection, mall_id: str, after: str, limit: int) -> list[Any]:
    """The rows of a mall's sheet of products behind the slug `after`, whole products of up to `limit`."""
    rows = await connection.execute(
        text(
            "SELECT p.slug, p.name, p.description, p.category_id, p.tags, p.rank,"
            " CASE WHEN p.status = 'published' THEN 'yes' ELSE 'no' END AS on_sale, v.sku, v.name AS variant_name,"
            " coalesce(v.regular_price_amount, v.price_amount) AS price, v.list_price_amount AS list_price, v.tax,"
            " v.options"
            " FROM (SELECT * FROM products WHERE mall_id = :mall_id AND slug > :after ORDER BY slug LIMIT :limit) p"
            " JOIN variants v ON v.product_id = p.id WHERE NOT v.is_set ORDER BY p.slug, v.position"
        ),
        {"mall_id": mall_id, "after": after, "limit": limit},
    )
    return list(rows)


async def last_slug(connection: AsyncConnection, mall_id: str, after: str, limit: int) -> str | None:
    """The slug that ends the page of `rows_of`; None when there is none behind `after`."""
    found: str | None = await connection.scalar(
        text(
            "SELECT max(slug) FROM (SELECT slug FROM products WHERE mall_id = :mall_id AND slug > :after"
            " ORDER BY slug LIMIT :limit) p"
        ),
        {"mall_id": mall_id, "after": after, "limit": limit},
    )
    return found


async def products_of(connection: AsyncConnection, mall_id: str, slugs: list[str]) -> dict[str, UUID]:
    """The products of these slugs that there are."""
    rows = await connection.execute(
        text("SELECT slug, id FROM products WHERE mall_id = :mall_id AND slug = ANY(CAST(:slugs AS text[]))"),
        {"mall_id": mall_id, "slugs": slugs},
    )
    return {row.slug: row.id for row in rows}
