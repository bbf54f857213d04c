"""Answers to customers' reads, kept in memory for a moment: most of them are asked again before anything changes.

It stands before routing, so what it has costs a dictionary's look-up. Nothing on it is older than `seconds`, far less
than the answer's own `max-age`, and whatever this process commits empties it: who changes a product through this
process sees the change at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFIX = "/v1/products"
# The server leaves the body of an answer to HEAD out.
_READING = ("GET", "HEAD")
# Whose answer is their own, or whose trace is to be whole.
_PERSONAL = b"authorization"
_SAMPLED = b"-01"
_OVERHEAD = 1_000  # bytes, about, of an answer's headers and our own books

answers = Counter("catalog_shelf_answers_total", "Customers' reads by where the answer came from", ["source"])
_from_shelf, _from_app = answers.labels("shelf"), answers.labels("app")


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    start: Message
    body: bytes
    tag: bytes
    unchanged: Message
    size: int


class Shelf:
    """`now` is a monotonic clock in seconds; `most_bytes` bounds what is kept, the longest unread leaves first."""

    def __init__(self, now: Callable[[], float], *, seconds: float, most_bytes: int = 32_000_000) -> None:
        self._now = now
        self._seconds = seconds
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()
        self._bytes = 0
        self._generation = 0

    def clear(self) -> None:
        """Something changed. What is being read now is not kept either: it may be from before."""
        self._generation += 1
        self._kept.clear()
        self._bytes = 0

    def before(self, app: ASGIApp) -> ASGIApp:
        """The app behind the shelf."""

        async def shelf(scope: Scope, receive: Receive, send: Send) -> None:
            asked = _question(scope)
            if asked is None:
                await app(scope, receive, send)
                return
            key, if_none_match = asked
            kept = self._kept.get(key)
            if kept is not None and kept.until > self._now():
                self._kept.move_to_end(key)
                _from_shelf.inc()
                await _answer(kept, if_none_match, send)
                return
            _from_app.inc()
            await self._fetch(key, app, scope, receive, send)

        return shelf

    async def _fetch(self, key: tuple[str, bytes], app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        generation, until = self._generation, self._now() + self._seconds
        start: Message = {}
        body = b""

        async def sending(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False) and generation == self._generation:
                    self._keep(key, until, start, body)
            await send(message)

        await app(scope, receive, sending)

    def _keep(self, key: tuple[str, bytes], until: float, start: Message, body: bytes) -> None:
        headers = dict(start["headers"])
        tag = headers.get(b"etag")
        if start["status"] != 200 or tag is None or not headers.get(b"cache-control", b"").startswith(b"public"):
            return
        lasting = [(name, value) for name, value in start["headers"] if name in {b"etag", b"cache-control"}]
        unchanged = {"type": "http.response.start", "status": 304, "headers": lasting}
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= old.size
        size = len(body) + len(key[0]) + len(key[1]) + _OVERHEAD
        kept = self._kept[key] = _Kept(until, start, body, tag, unchanged, size)
        self._bytes += kept.size
        while self._bytes > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size


def _question(scope: Scope) -> tuple[tuple[str, bytes], bytes | None] | None:
    """What is asked, and the ETags the caller has. None for what the shelf has no part in."""
    if scope["type"] != "http" or scope["method"] not in _READING or not scope["path"].startswith(_PREFIX):
        return None
    if_none_match = None
    for name, value in scope["headers"]:
        if name == _PERSONAL or (name == b"traceparent" and value.endswith(_SAMPLED)):
            return None
        if name == b"if-none-match":
            if_none_match = value
    return (scope["path"], scope["query_string"]), if_none_match


async def _answer(kept: _Kept, if_none_match: bytes | None, send: Send) -> None:
    if if_none_match is not None and knows(if_none_match.decode("latin-1"), kept.tag.decode("latin-1")):
        await send(kept.unchanged)
        await send({"type": "http.response.body", "body": b""})
        return
    await send(kept.start)
    await send({"type": "http.response.body", "body": kept.body})


def knows(if_none_match: str, tag: str) -> bool:
    """Whether one of the caller's ETags is `tag`, compared weakly (RFC 9110 §13.1.2)."""
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
