"""Object storage in a dictionary. `down` makes it answer as if it were away."""

from __future__ import annotations

from datetime import timedelta

from catalog.clients import UploadForm
from catalog.domain.media import StoredObject
from common.errors import UpstreamUnavailable


class FakeStorage:
    def __init__(self) -> None:
        self.objects: dict[str, StoredObject] = {}
        self.down = False

    async def upload_form(self, key: str, content_type: str, size: int, lifetime: timedelta) -> UploadForm:
        return UploadForm("https://shop.test/media", {"key": key, "Content-Type": content_type})

    async def look(self, key: str) -> StoredObject | None:
        if self.down:
            raise UpstreamUnavailable("object storage cannot answer now")
        return self.objects.get(key)

    async def delete(self, key: str) -> None:
        if self.down:
            raise UpstreamUnavailable("object storage cannot answer now")
        self.objects.pop(key, None)
