"""Templates, and the headers every page goes out with. No page loads anything from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from common.clock import SEOUL, Clock

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
GUARD = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
PLACES = (
    ("/dev", "Overview"),
    ("/dev/traces", "Traces"),
    ("/dev/events", "Events"),
    ("/dev/mail", "Mail"),
    ("/dev/messages", "Messages"),
    ("/dev/stuck", "Stuck"),
    ("/dev/docs", "Docs"),
    ("/dev/faults", "Faults"),
)


class Pages:
    def __init__(self, edge_url: str, clock: Clock) -> None:
        self._clock = clock
        self._files = {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir())}
        version = hashlib.sha256(b"".join(self._files.values())).hexdigest()[:12]
        self._static = f"/dev/static/{version}"
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"static": self._static, "places": PLACES, "edge": edge_url.rstrip("/")}
        self._environment.filters |= {
            "ago": self._ago, "code": code, "clock": clock_time, "duration": duration, "hue": hue, "pretty": pretty,
        }  # fmt: skip

    def show(self, template: str, *, here: str = "", status: int = 200, **values: Any) -> Response:
        """The page. `here` is the place in the navigation that it belongs to."""
        html = self._environment.get_template(template).render(here=here, **values)
        return HTMLResponse(html, status, headers=GUARD)

    def not_found(self, what: str) -> Response:
        return self.show("missing.html", status=404, what=what)

    def routes(self) -> list[Route]:
        async def static(request: Request) -> Response:
            name = request.path_params["name"]
            content = self._files.get(name)
            if content is None:
                return self.not_found(f"no file is called {name}")
            headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
            return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)

        return [Route("/dev/static/{version}/{name}", static)]

    def _ago(self, moment: datetime | str) -> str:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return f"{duration((self._clock.now() - at).total_seconds() * 1000, whole=True)} ago"


def clock_time(moment: datetime | str | int) -> str:
    """Seoul wall time to the millisecond, of a datetime, RFC 3339 or nanoseconds since 1970."""
    if isinstance(moment, int):
        at = datetime.fromtimestamp(moment / 1e9, SEOUL)
    else:
        at = (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(SEOUL)
    return f"{at:%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def duration(milliseconds: float, *, whole: bool = False) -> str:
    """A length of time in the unit that reads best. `whole` never goes below a second."""
    seconds = milliseconds / 1000
    if seconds >= 5400:
        return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"
    if seconds >= 100:
        return f"{seconds / 60:.0f} min"
    if whole:
        return f"{max(0, seconds):.0f} s"
    if milliseconds >= 1000:
        return f"{seconds:.2f} s"
    if milliseconds >= 100:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds:.1f} ms" if milliseconds >= 1 else f"{milliseconds * 1000:.0f} µs"


_HUES = {
    "edge": "slate", "catalog": "green", "cart": "lime", "orders": "blue", "payments": "amber", "scm": "violet",
    "notify": "rose", "stats": "teal", "sandbox": "slate",
}  # fmt: skip


def hue(service: str) -> str:
    """The class that colours a service: the same on every page."""
    return _HUES.get(service, "slate")


def code(text: str) -> Markup:
    """Text in which `words` between backticks become code. Everything else is escaped."""
    parts = str(escape(text)).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    marked = [f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)]
    return Markup("".join(marked))  # noqa: S704 - every part was escaped


def pretty(value: Any) -> str:
    """JSON for people. Text that is no JSON stays as it is."""
    if isinstance(value, bytes | str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value.decode(errors="replace") if isinstance(value, bytes) else value
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def as_json(value: Any, status: int = 200) -> Response:
    """For tests and tools: the same facts as the page."""
    return Response(orjson.dumps(value, default=_plain), status, {"cache-control": "no-store"}, "application/json")


def _plain(value: Any) -> Any:
    return (
        dict(value)
        if isinstance(value, Mapping)
        else sorted(value)
        if isinstance(value, frozenset | set)
        else str(value)
    )


def from_elsewhere(request: Request) -> bool:
    """Whether another site's page makes this browser send the request."""
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
