"""What the console asks of the sandbox: the messages it received, and its fault switches."""

from __future__ import annotations

from typing import Any

import httpx

_TIMEOUT_SECONDS = 3


class OutsideAway(Exception):
    """The sandbox does not answer, or refuses; the text says which."""


class Outside:
    def __init__(self, http: httpx.AsyncClient, sandbox_url: str) -> None:
        self._http = http
        self._base = f"{sandbox_url.rstrip('/')}/sandbox"

    async def messages(self) -> dict[str, Any]:
        """`{"messages": [...], "totals": {...}}`, oldest first."""
        found: dict[str, Any] = await self._ask("GET", "/solapi/_sandbox/messages")
        return found

    async def faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._ask("GET", "/_sandbox/faults")
        return found

    async def order_fault(self, order: dict[str, Any]) -> None:
        """Raises `OutsideAway` with the sandbox's reason when it refuses."""
        await self._ask("POST", "/_sandbox/faults", order)

    async def clear_faults(self, fault_id: int | None = None) -> None:
        await self._ask("DELETE", "/_sandbox/faults" + (f"/{fault_id}" if fault_id is not None else ""))

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = await self._http.request(method, self._base + path, json=body, timeout=_TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutsideAway(f"the sandbox does not answer ({type(error).__name__})") from error
        if answer.status_code >= 400:
            raise OutsideAway(f"the sandbox answers {answer.status_code}: {answer.text[:500]}")
        try:
            return answer.json()
        except ValueError as error:
            raise OutsideAway("the sandbox does not answer in JSON") from error
