"""Pictures that wait to be rendered, and all that staff may want to know about what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

# A process that died at work; and a store that was away: another try comes later each time.
_AGAIN_AFTER = timedelta(minutes=2)
MOST_TRIES = 5
_WAITING = "rendered_at IS NULL AND render_problem IS NULL AND render_after <= :now"


@dataclass(frozen=True, slots=True)
class Unrendered:
    picture_id: UUID
    product_id: UUID
    key: str
    tries: int


async def any_waits(connection: AsyncConnection, now: datetime) -> bool:
    query = text(f"SELECT EXISTS (SELECT 1 FROM pictures WHERE {_WAITING})")  # noqa: S608 - a constant
    return bool(await connection.scalar(query, {"now": now}))


async def take(connection: AsyncConnection, now: datetime) -> Unrendered | None:
    """The picture that waits longest; nobody else takes it for a while."""
    row = await connection.execute(
        text(
            "UPDATE pictures SET render_tries = render_tries + 1,"  # noqa: S608 - a constant
            " render_after = :now + CAST(:again AS interval) * (render_tries + 1) WHERE id = (SELECT id FROM pictures"
            f" WHERE {_WAITING} ORDER BY render_after LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING id, product_id, object_key, render_tries"
        ),
        {"now": now, "again": _AGAIN_AFTER},
    )
    found = row.one_or_none()
    return None if found is None else Unrendered(*found)


async def give_up(connection: AsyncConnection, picture_id: UUID, problem: str) -> None:
    """The picture waits no more; staff sees why."""
    await connection.execute(
        text("UPDATE pictures SET render_problem = :problem WHERE id = :id"),
        {"id": picture_id, "problem": problem},
    )


async def browse(
    connection: AsyncConnection, mall_id: str | None, product_id: UUID | None, before: UUID | None, limit: int
) -> list[RowMapping]:
    """What was uploaded, the latest first: ids are in the order of time."""
    rows = await connection.execute(
        text(
            "SELECT u.id, u.product_id, p.mall_id, p.slug, u.object_key, u.file_name, u.content_type, u.bytes,"
            " u.created_at, i.id IS NOT NULL AS shown, i.alt, i.width, i.height, i.render_problem,"
            " coalesce(i.renditions, '[]') AS renditions, m.media_url"
            " FROM uploads u JOIN products p ON p.id = u.product_id JOIN malls m ON m.id = p.mall_id"
            " LEFT JOIN pictures i ON i.id = u.id"
            " WHERE (CAST(:mall_id AS text) IS NULL OR p.mall_id = :mall_id)"
            " AND (CAST(:product_id AS uuid) IS NULL OR u.product_id = :product_id)"
            " AND (CAST(:before AS uuid) IS NULL OR u.id < :before) ORDER BY u.id DESC LIMIT :limit"
        ),
        {"mall_id": mall_id, "product_id": product_id, "before": before, "limit": limit},
    )
    return list(rows.mappings())


async def drop(connection: AsyncConnection, keys: Sequence[str], now: datetime) -> None:
    """Files that a picture had. Another picture of the same content may have them too."""
    if keys:
        await connection.execute(
            text("INSERT INTO dropped_renditions (key, dropped_at) SELECT unnest(CAST(:keys AS text[])), :now"
                 " ON CONFLICT (key) DO UPDATE SET dropped_at = excluded.dropped_at"),
            {"keys": list(dict.fromkeys(keys)), "now": now},
        )  # fmt: skip


async def take_up(connection: AsyncConnection, keys: Sequence[str]) -> bool:
    """A picture has these files from now on. False: some are being removed, so they may be gone in a moment."""
    rows = await connection.execute(
        text("DELETE FROM dropped_renditions WHERE key = ANY(:keys) RETURNING removing"), {"keys": list(keys)}
    )
    return not any(row.removing for row in rows)


async def begin_removing(connection: AsyncConnection, before: datetime, limit: int) -> list[str]:
    """Files dropped before that moment that no picture has. From the commit on none can take them up."""
    found = await connection.scalars(
        text(
            "SELECT key FROM dropped_renditions WHERE removing OR dropped_at < :before"
            " ORDER BY dropped_at LIMIT :limit FOR UPDATE SKIP LOCKED"
        ),
        {"before": before, "limit": limit},
    )
    keys = list(found)
    shown = set(
        await connection.scalars(
            text(
                "SELECT key FROM unnest(CAST(:keys AS text[])) AS key WHERE EXISTS"
                " (SELECT 1 FROM pictures WHERE renditions @> jsonb_build_array(jsonb_build_object('key', key)))"
            ),
            {"keys": keys},
        )
    )
    await connection.execute(text("DELETE FROM dropped_renditions WHERE key = ANY(:shown)"), {"shown": sorted(shown)})
    gone = [key for key in keys if key not in shown]
    await connection.execute(
        text("UPDATE dropped_renditions SET removing = true WHERE key = ANY(:gone)"), {"gone": gone}
    )
    return gone


async def removed(connection: AsyncConnection, key: str) -> None:
    await connection.execute(text("DELETE FROM dropped_renditions WHERE key = :key AND removing"), {"key": key})
