"""One request to V1 and what came of it: {code, message, response}, where only code 0 is a yes."""

from __future__ import annotations

from typing import Any

import httpx

from payments.clients.portone_v1.access import PortOneV1Access
from payments.clients.portone_v1.tokens import Tokens
from payments.commands.answers import Hint, Refused, Unknown

_CONNECT_SECONDS = 5.0
NOT_FOUND = "portone_v1:not_found"
NO = "portone_v1:refused"
_UNAUTHORIZED = "portone_v1:unauthorized"


class Calls:
    def __init__(self, http: httpx.AsyncClient, access: PortOneV1Access) -> None:
        self._http = http
        self._base = access.url.rstrip("/")
        self.tokens = Tokens(http, access)
        self._patient = httpx.Timeout(access.timeout_seconds, connect=_CONNECT_SECONDS)
        self._brisk = httpx.Timeout(access.look_up_seconds, connect=_CONNECT_SECONDS)

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, str | int] | None = None,
        brisk: bool = False,
    ) -> Any | Refused | Unknown:
        """The `response` of a yes. A token turned away is replaced once: what it came with was not looked at."""
        token = await self.tokens.get()
        if not isinstance(token, str):
            return token
        answer = await self._once(method, path, body, query, brisk=brisk, token=token)
        if isinstance(answer, Refused) and answer.code == _UNAUTHORIZED:
            token = await self.tokens.get(instead_of=token)
            if not isinstance(token, str):
                return token
            answer = await self._once(method, path, body, query, brisk=brisk, token=token)
        return answer

    async def _once(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        query: dict[str, str | int] | None,
        *,
        brisk: bool,
        token: str,
    ) -> Any | Refused | Unknown:
        try:
            response = await self._http.request(
                method,
                self._base + path,
                json=body,
                params=query,
                headers={"Authorization": token},
                timeout=self._brisk if brisk else self._patient,
            )
            return _read(response)
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except ValueError as error:
            return Unknown(str(error)[:200])


def _read(response: httpx.Response) -> Any | Refused | Unknown:
    """A 5xx is never an answer. Raises ValueError for what cannot be read."""
    if response.status_code >= 500:
        return Unknown(f"HTTP {response.status_code}")
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return Refused("portone_v1:too_many", "PortOne asks for patience", Hint.LATER)
    body = response.json()
    code = body.get("code") if isinstance(body, dict) else None
    if code is None:
        raise ValueError("an answer without a code")
    reason = str(body.get("message") or "")[:300]
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return Refused(_UNAUTHORIZED, reason, Hint.UNREAD)
    if response.status_code == httpx.codes.NOT_FOUND:
        return Refused(NOT_FOUND, reason)
    if response.status_code != httpx.codes.OK or isinstance(code, bool) or code != 0:
        return Refused(NO, reason)
    return body.get("response")
