"""Reads another service's problem+json: what the customer can act on is passed on, the rest is trouble of ours."""

from __future__ import annotations

import httpx
import orjson

from common import log
from common.errors import DomainError, Kind, UpstreamUnavailable
from orders.errors import UpstreamRefused

_log = log.get(__name__)

_KINDS: dict[int, Kind] = {404: "not_found", 409: "conflict", 422: "invalid"}
_STANDARD = frozenset({"type", "title", "status", "code", "detail", "instance"})


def refusal(response: httpx.Response, service: str, passed_on: frozenset[str]) -> DomainError:
    """`passed_on` are the codes meant for our caller. Any other 4xx says that we asked wrongly: nothing is decided."""
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        problem = {}
    code = problem.get("code") if isinstance(problem, dict) else None
    kind = _KINDS.get(response.status_code)
    if kind is not None and code in passed_on:
        fields = {name: value for name, value in problem.items() if name not in _STANDARD}
        return UpstreamRefused(code, kind, str(problem.get("detail", code)), **fields)
    _log.error("a service of ours refused our question", service=service, status=response.status_code, code=code)
    return UpstreamUnavailable(f"{service} cannot answer this now", service=service)
