"""Outgoing HTTP. The one place that knows the client library; everybody else gets an `httpx.AsyncClient` from here."""

from __future__ import annotations

from typing import Any

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

from common.errors import UpstreamUnavailable


def client(*, timeout_seconds: float = 5, base_url: str = "", trace: bool = False, **options: Any) -> httpx.AsyncClient:
    """A client that follows no redirects, keeps connections, and waits `timeout_seconds` for each step."""
    made = httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout_seconds, connect=2),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30),
        **options,
    )
    if trace:
        HTTPXClientInstrumentor.instrument_client(made)
    return made


async def ask(http: httpx.AsyncClient, method: str, url: str, *, service: str, **options: Any) -> httpx.Response:
    """One call to another service of ours. Raises `UpstreamUnavailable` when it is down, slow or answers with a 5xx."""
    try:
        response = await http.request(method, url, **options)
    except httpx.HTTPError as error:
        raise UpstreamUnavailable(f"{service} does not answer", service=service) from error
    if response.status_code >= 500:
        raise UpstreamUnavailable(f"{service} cannot answer now", service=service)
    return response
