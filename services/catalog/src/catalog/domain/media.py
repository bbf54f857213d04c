"""Which pictures a product may have. Whatever passes here is shown to customers as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from catalog.errors import UploadUnfit

MAX_PICTURE_BYTES = 20 * 1024 * 1024

# No GIF: an animated one is many times the size of the same scene in WebP or AVIF, which every browser shows. No SVG:
# it can carry scripts.
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif"}

SIGNATURE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture announced by staff. `size` is the number of bytes that were announced."""

    id: UUID
    product_id: UUID
    key: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture in one format (`webp`, `avif`) and width in pixels. `key` is made of its content."""

    format: Literal["webp", "avif"]
    width: int
    key: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What object storage says it has. `start` holds the first bytes."""

    size: int
    content_type: str
    start: bytes


def object_key(upload_id: UUID, content_type: str) -> str:
    """Where the picture lies. The name of the file on somebody's disk is not part of it."""
    return f"pictures/{upload_id}.{EXTENSIONS[content_type]}"


def check_announced(content_type: str, size: int) -> None:
    """Raises `UploadUnfit` for a type or size that is not taken."""
    if content_type not in EXTENSIONS:
        raise UploadUnfit(f"pictures are {', '.join(sorted(EXTENSIONS))}", content_type=content_type)
    if not 0 < size <= MAX_PICTURE_BYTES:
        raise UploadUnfit(f"a picture has 1 to {MAX_PICTURE_BYTES} bytes", bytes=size)


def check_stored(upload: Upload, stored: StoredObject) -> None:
    """Raises `UploadUnfit` unless what arrived is what was announced. Storage trusts the sender's word for the type."""
    if stored.size != upload.size:
        raise UploadUnfit(f"{upload.size} bytes were announced, {stored.size} arrived", bytes=stored.size)
    if stored.content_type != upload.content_type or _kind(stored.start) != upload.content_type:
        raise UploadUnfit(f"the file is not {upload.content_type}", content_type=stored.content_type)


def _kind(start: bytes) -> str | None:
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis"):
        return "image/avif"
    return None
