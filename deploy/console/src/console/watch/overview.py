"""How every service is now. Asked at most every two seconds, however many pages look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from common.clock import Clock
from console.events.log import EventLog
from console.watch.database import Backbone, Database, Unreachable
from console.watch.lag import Lag

_FRESH_SECONDS = 2.0
_READY_SECONDS = 2.0


@dataclass(frozen=True)
class ServiceState:
    """`why` says what is wrong when it is not ready. `unread` is None when the broker does not tell."""

    name: str
    url: str
    ready: bool
    why: str
    answered_ms: float
    backbone: Backbone | None
    backbone_why: str
    unread: int | None = None
    rate: float = 0.0

    @property
    def stuck(self) -> int:
        return self.backbone.parked_keys + self.backbone.dead_letters if self.backbone else 0


@dataclass(frozen=True)
class Picture:
    """`troubles` are what the console itself cannot reach."""

    services: list[ServiceState] = field(default_factory=list)
    sandbox_ready: bool = False
    edge_ready: bool = False
    troubles: list[str] = field(default_factory=list)


class Overview:
    def __init__(
        self,
        services: Mapping[str, str],
        sandbox_url: str,
        edge_url: str,
        *,
        database: Database,
        lag: Lag,
        events: EventLog,
        http: httpx.AsyncClient,
        clock: Clock,
    ) -> None:
        self._services = services
        self._sandbox_url = sandbox_url
        self._edge_url = edge_url
        self._database = database
        self._lag = lag
        self._events = events
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._picture = Picture()
        self._taken = float("-inf")

    async def picture(self) -> Picture:
        """Never raises, never waits longer than the slowest time-out (4 s)."""
        async with self._lock:
            if self._clock.monotonic() - self._taken > _FRESH_SECONDS:
                self._picture = await self._take()
                self._taken = self._clock.monotonic()
            return self._picture

    async def _take(self) -> Picture:
        states = asyncio.gather(*(self._state(name, url) for name, url in self._services.items()))
        (sandbox, _), (edge, _), (unread, trouble), services = await asyncio.gather(
            self._ready(f"{self._sandbox_url}/healthz"),
            self._ready(f"{self._edge_url}/edge-ping"),
            self._unread(),
            states,
        )
        rates = self._events.rates()
        whys = dict.fromkeys(each.backbone_why for each in services if each.backbone_why)
        return Picture(
            services=[replace(each, unread=unread.get(each.name), rate=rates.get(each.name, 0.0)) for each in services],
            sandbox_ready=not sandbox,
            edge_ready=not edge,
            troubles=[*([trouble] if trouble else []), *whys],
        )

    async def _unread(self) -> tuple[dict[str, int], str]:
        try:
            return await self._lag.behind(list(self._services)), ""
        except ConnectionError as error:
            return {}, str(error)

    async def _state(self, name: str, url: str) -> ServiceState:
        (why, milliseconds), (backbone, backbone_why) = await asyncio.gather(
            self._ready(f"{url}/readyz"), self._backbone(name)
        )
        return ServiceState(name, url, not why, why, milliseconds, backbone, backbone_why)

    async def _backbone(self, name: str) -> tuple[Backbone | None, str]:
        try:
            return await self._database.backbone(name), ""
        except Unreachable as error:
            return None, str(error)

    async def _ready(self, url: str) -> tuple[str, float]:
        """What is wrong, or nothing; and how long the answer took."""
        begun = self._clock.monotonic()
        try:
            answer = await self._http.get(url, timeout=_READY_SECONDS)
        except httpx.TimeoutException:
            return "does not answer in time", 0.0
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"not running ({type(error).__name__})", 0.0
        milliseconds = (self._clock.monotonic() - begun) * 1000
        return ("" if answer.status_code == 200 else _detail(answer)), milliseconds


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"answers {answer.status_code}"
