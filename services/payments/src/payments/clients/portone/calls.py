"""One request to V2 and what came of it."""

from __future__ import annotations

from typing import Any

import httpx

from payments.clients.portone import unproven, wire
from payments.clients.portone.access import PortOneAccess
from payments.commands.answers import Hint, Refused, Unknown

_CONNECT_SECONDS = 5.0


class Calls:
    def __init__(self, http: httpx.AsyncClient, access: PortOneAccess) -> None:
        self._http = http
        self._base = access.url.rstrip("/")
        self._authorization = f"PortOne {access.secret}"
        # A connection that breaks does not stop the work there, so the answer is waited for as long as they ask.
        self._patient = httpx.Timeout(access.timeout_seconds, connect=_CONNECT_SECONDS)
        self._brisk = httpx.Timeout(access.look_up_seconds, connect=_CONNECT_SECONDS)

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        brisk: bool = False,
    ) -> Any | Refused | Unknown:
        """The JSON of a 200. `brisk`: for what changes nothing and can be asked again."""
        headers = {"Authorization": self._authorization}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = wire.idempotency_key(idempotency_key)
        limit = self._brisk if brisk else self._patient
        try:
            response = await self._http.request(
                method, self._base + path, json=body, params=query, headers=headers, timeout=limit
            )
            return _read(response)
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except ValueError as error:
            return Unknown(str(error)[:200])


def _read(response: httpx.Response) -> Any | Refused | Unknown:
    """A 5xx is never an answer, whatever its body says. Raises ValueError for what cannot be read."""
    if response.status_code >= 500:
        return Unknown(f"HTTP {response.status_code}")
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return Refused("TOO_MANY_REQUESTS", "PortOne asks for patience", Hint.LATER)
    body = response.json()
    if response.status_code == httpx.codes.OK:
        return body
    refusal = wire.refusal_of(body)
    return Unknown(refusal.code) if refusal.code in unproven.UNDECIDED else refusal
