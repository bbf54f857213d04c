"""The mall's API as an active centre's job calls it, and what an answer means to it."""

from typing import Any

import httpx

from sandbox.settings import Settings

TAKEN, REFUSED, CONFLICT, UNKNOWN = "taken", "refused", "conflict", "unknown"
_AGAIN_LATER = (408, 425, 429)


class MallApi:
    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._settings = settings
        self._http = http

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response | None:
        """None: no answer."""
        url = self._settings.logistics_url.rstrip("/") + path
        headers = {"X-API-Key": self._settings.logistics_api_key}
        try:
            return await self._http.request(method, url, headers=headers, **more)
        except httpx.HTTPError:
            return None

    async def listed(self, path: str) -> list[dict[str, Any]]:
        """Every open item under `path`, page by page; those read so far when the mall stops answering."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            query = {"status": "open"} | ({"cursor": cursor} if cursor else {})
            response = await self.call("GET", path, params=query)
            if response is None or response.status_code != 200:
                return items
            page = response.json()
            items += page.get("items", [])
            cursor = page.get("next_cursor")
            if not cursor:
                return items


def outcome(response: httpx.Response | None) -> str:
    if response is None or response.status_code >= 500 or response.status_code in _AGAIN_LATER:
        return UNKNOWN
    if response.status_code == 409:
        return CONFLICT
    return TAKEN if response.is_success else REFUSED


def answered(response: httpx.Response | None) -> str:
    """For the books."""
    return "no answer" if response is None else str(response.status_code)
