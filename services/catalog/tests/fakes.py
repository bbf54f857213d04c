"""Object storage in a dictionary. `down` makes it answer as if it were away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from catalog.clients import UploadForm
from catalog.domain.media import StoredObject
from catalog.errors import UploadMissing
from common.errors import UpstreamUnavailable


class FakeStorage:
    def __init__(self) -> None:
        self.objects: dict[str, StoredObject] = {}
        self.contents: dict[str, bytes] = {}
        self.down = False

    async def upload_form(self, key: str, content_type: str, size: int, lifetime: timedelta) -> UploadForm:
        return UploadForm("https://shop.test/media", {"key": key, "Content-Type": content_type})

    async def look(self, key: str) -> StoredObject | None:
        if self.down:
            raise UpstreamUnavailable("object storage cannot answer now")
        return self.objects.get(key)

    async def fetch(self, key: str, most: int) -> bytes:
        if self.down:
            raise UpstreamUnavailable("object storage cannot answer now")
        if key not in self.contents:
            raise UploadMissing("the file is not there")
        return self.contents[key]

    async def put(self, key: str, content: bytes | Path, content_type: str) -> None:
        if self.down:
            raise UpstreamUnavailable("object storage cannot answer now")
        arrived = content if isinstance(content, bytes) else content.read_bytes()  # noqa: ASYNC240 - a small file
        self.arrive(key, arrived, content_type)

    def arrive(self, key: str, content: bytes, content_type: str) -> None:
        """As if a browser had uploaded it."""
        self.contents[key] = content
        self.objects[key] = StoredObject(len(content), content_type, content[:32])

    async def delete(self, key: str) -> None:
        if self.down:
            raise UpstreamUnavailable("object storage cannot answer now")
        self.objects.pop(key, None)
