"""Pictures on their way into object storage."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.commands import AnnounceUpload
from catalog.domain.media import Upload

_READ = text(
    "SELECT id, product_id, object_key, content_type, bytes FROM uploads WHERE id = :id AND product_id = :product_id"
)
_ABANDONED = text(
    "SELECT id, product_id, object_key, content_type, bytes FROM uploads u WHERE created_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM pictures p WHERE p.id = u.id) ORDER BY created_at LIMIT :limit"
)


async def insert(connection: AsyncConnection, command: AnnounceUpload, key: str, now: datetime) -> None:
    """Announced again after a crash, it is the same upload."""
    await connection.execute(
        text(
            "INSERT INTO uploads (id, product_id, object_key, file_name, content_type, bytes, created_at)"
            " VALUES (:id, :product_id, :key, :file_name, :content_type, :bytes, :now) ON CONFLICT (id) DO NOTHING"
        ),
        {
            "id": command.upload_id,
            "product_id": command.product_id,
            "key": key,
            "file_name": command.file_name,
            "content_type": command.content_type,
            "bytes": command.size,
            "now": now,
        },
    )


async def read(connection: AsyncConnection, upload_id: UUID, product_id: UUID) -> Upload | None:
    row = (await connection.execute(_READ, {"id": upload_id, "product_id": product_id})).one_or_none()
    return None if row is None else Upload(*row)


async def abandoned(connection: AsyncConnection, before: datetime, limit: int) -> list[Upload]:
    """Uploads announced before that moment that became no picture."""
    rows = await connection.execute(_ABANDONED, {"before": before, "limit": limit})
    return [Upload(*row) for row in rows]


async def delete(connection: AsyncConnection, upload_id: UUID) -> bool:
    """Forgets an upload, unless it became a picture meanwhile."""
    gone = await connection.execute(
        text("DELETE FROM uploads u WHERE id = :id AND NOT EXISTS (SELECT 1 FROM pictures p WHERE p.id = u.id)"),
        {"id": upload_id},
    )
    return gone.rowcount == 1
