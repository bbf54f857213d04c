"""The token V1 wants with every request. One is fetched at a time, whoever needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from payments.clients.portone.wire import text, whole
from payments.clients.portone_v1.access import PortOneV1Access
from payments.clients.portone_v1.unproven import TOKEN_MARGIN_SECONDS
from payments.commands.answers import Hint, Refused, Unknown


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    good_until: float


class Tokens:
    """`clock` is monotonic: how long a token lives is reckoned from PortOne's own clock, not from ours."""

    def __init__(
        self, http: httpx.AsyncClient, access: PortOneV1Access, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._access = access
        self._clock = clock
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    async def get(self, *, instead_of: str | None = None) -> str | Refused | Unknown:
        """A token that lives, and is not the one that was just turned away. Nothing has been asked of PortOne before,
        so Unknown here means that nothing happened there."""
        async with self._fetching:
            known = self._token
            if known is not None and known.value != instead_of and self._clock() < known.good_until:
                return known.value
            self._token = None
            fetched = await self._fetch()
            if isinstance(fetched, _Token):
                self._token = fetched
                return fetched.value
            return fetched

    async def _fetch(self) -> _Token | Refused | Unknown:
        asked_at = self._clock()
        body = {"imp_key": self._access.imp_key, "imp_secret": self._access.imp_secret}
        try:
            response = await self._http.post(
                f"{self._access.url.rstrip('/')}/users/getToken", json=body, timeout=self._access.look_up_seconds
            )
            if response.status_code >= 500:
                return Unknown(f"no token: HTTP {response.status_code}")
            answer = response.json()
            if response.status_code != httpx.codes.OK or answer["code"] != 0:
                return Refused("portone_v1:token", str(answer.get("message", ""))[:300], Hint.UNREAD)
            given = answer["response"]
            lives = whole(given["expired_at"]) - whole(given["now"])
            return _Token(text(given["access_token"]), asked_at + lives - TOKEN_MARGIN_SECONDS)
        except httpx.HTTPError as error:
            return Unknown(f"no token: {type(error).__name__}")
        except (KeyError, TypeError, AttributeError, ValueError):
            return Unknown("no token: an answer that cannot be read")
