"""/dev/events: the log, live; and the same as JSON."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.events.entry import Entry
from console.events.log import EventLog, Filter, TooManyWatchers
from console.events.tail import Tail
from console.numbers import natural
from console.pages import Pages, as_json, clock_time, hue
from console.problems import problem
from contracts.topics import TOPICS

_HERE = "/dev/events"
_HEARTBEAT_SECONDS = 15
_LIMIT_MOST = 2000
_STREAM = "text/event-stream"


class EventPages:
    def __init__(self, log: EventLog, tail: Tail, pages: Pages, services: list[str]) -> None:
        self._log = log
        self._tail = tail
        self._pages = pages
        self._services = services

    async def listed(self, request: Request) -> Response:
        wanted = _filter(request)
        return self._pages.show(
            "events.html", here=_HERE, wanted=wanted, entries=self._log.find(wanted), types=self._log.types(),
            services=self._services, topics=list(TOPICS), trouble=self._tail.trouble, query=request.url.query,
        )  # fmt: skip

    async def listed_json(self, request: Request) -> Response:
        """`?type=&key=&service=&topic=&order=&q=` filter; `limit` and `after` (a number seen) cut. Newest first."""
        limit = min(_number(request, "limit", 200), _LIMIT_MOST)
        found = self._log.find(_filter(request), limit=limit, after=_number(request, "after", 0))
        return as_json({"items": [entry.as_dict() for entry in found], "trouble": self._tail.trouble})

    async def stream(self, request: Request) -> Response:
        """Server-sent events, one per record."""
        if self._log.full:
            return problem(
                503, "console.too_many_watchers", "too many pages follow the log, or the console is stopping"
            )
        wanted = _filter(request)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        if request.method == "HEAD":
            return Response(media_type=_STREAM, headers=headers)
        return StreamingResponse(self._lines(wanted), media_type=_STREAM, headers=headers)

    async def _lines(self, wanted: Filter) -> AsyncIterator[bytes]:
        with contextlib.suppress(TooManyWatchers):
            async with self._log.watch(wanted) as queue:
                yield b"retry: 2000\n\n"
                while True:
                    try:
                        entry = await asyncio.wait_for(queue.get(), _HEARTBEAT_SECONDS)
                    except TimeoutError:
                        yield b": still here\n\n"
                        continue
                    if entry is None:
                        return
                    yield b"data: " + orjson.dumps(_shown(entry)) + b"\n\n"

    def routes(self) -> list[Route]:
        return [
            Route("/dev/events", self.listed),
            Route("/dev/events.json", self.listed_json),
            Route("/dev/events/stream", self.stream),
        ]


def _shown(entry: Entry) -> dict[str, Any]:
    return entry.as_dict() | {"clock": clock_time(entry.time), "hue": hue(entry.service), "dead": entry.dead}


def _filter(request: Request) -> Filter:
    asked = request.query_params
    return Filter(
        type=asked.get("type", ""),
        key=asked.get("key", ""),
        service=asked.get("service", ""),
        topic=asked.get("topic", ""),
        order=asked.get("order", "").strip(),
        text=asked.get("q", "").strip(),
    )


def _number(request: Request, name: str, default: int) -> int:
    number = natural(request.query_params.get(name, ""))
    return default if number is None else number
