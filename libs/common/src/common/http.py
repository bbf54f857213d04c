"""The HTTP side of a service: one app factory, health, metrics, body limit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import metrics
from common.db import Database
from common.problems import install, of_unexpected, problem, responses
from common.settings import ServiceSettings

Check = Callable[[], Awaitable[str | None]]


@dataclass
class Health:
    """What `/healthz` and `/readyz` ask. A check answers None, or what is wrong."""

    alive: list[Check] = field(default_factory=list)
    ready: list[Check] = field(default_factory=list)
    draining: bool = False


def create_app(
    name: str,
    settings: ServiceSettings,
    database: Database,
    routers: Sequence[APIRouter],
    *,
    state: dict[str, Any] | None = None,
    health: Health | None = None,
    description: str = "",
) -> FastAPI:
    """The service's app. Routers find `settings`, `database` and everything in `state` on `request.app.state`."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = _App(title=f"shop {name}", version="1", description=description, lifespan=lifespan)
    app.state.settings = settings
    app.state.database = database
    for key, value in (state or {}).items():
        setattr(app.state, key, value)
    # Included, all routes would be analysed once more at the first request, and found more slowly at every one.
    for router in (*routers, _health_routes(health or Health())):
        app.router.routes.extend(router.routes)
    install(app)
    app.add_middleware(_Limits, max_body_bytes=settings.max_body_bytes)
    return app


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """With what any route may answer besides its own: every refusal is a problem, FastAPI's too."""
        document = super().openapi()
        for operation in (each for path in document["paths"].values() for each in path.values()):
            told = operation["responses"]
            if "application/json" in told.get("422", {}).get("content", {}):
                told["422"] = responses(422)[422]
            for status, answer in responses(*((400, 413) if "requestBody" in operation else ()), 503).items():
                told.setdefault(str(status), answer)
        for unused in ("HTTPValidationError", "ValidationError"):
            document.get("components", {}).get("schemas", {}).pop(unused, None)
        return document


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


DatabaseDep = Annotated[Database, Depends(_database)]


def _health_routes(health: Health) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    async def answer(checks: list[Check]) -> Response:
        wrong = [found for check in checks if (found := await check()) is not None]
        if wrong:
            return problem(503, "service.not_ready", "; ".join(wrong))
        return Response(b'{"status":"ok"}', media_type="application/json")

    @router.get("/healthz")
    async def healthz() -> Response:
        return await answer(health.alive)

    @router.get("/readyz")
    async def readyz() -> Response:
        if health.draining:
            return problem(503, "service.draining", "this process is stopping")
        return await answer(health.ready)

    @router.get("/metrics")
    async def metrics_page() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


class _TooLarge(HTTPException):
    """An HTTPException, because FastAPI takes any other error while reading a body for a malformed one."""

    def __init__(self) -> None:
        super().__init__(413, "the body is too large")


class _Limits:
    """Refuses bodies over the limit before they are read whole, measures every request by its route, and answers for
    errors that nobody foresaw."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            # As it would answer a GET. The server knows from its own scope to leave the body out.
            scope = {**scope, "method": "GET"}
        started = time.perf_counter()
        status, begun = 500, False

        async def sending(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
            await send(message)

        try:
            self._check(_declared_length(scope))
            await self._app(scope, self._counting(receive), sending)
        except _TooLarge:
            if not begun:
                detail = f"a body has at most {self._max} bytes"
                refusal = problem(413, "request.too_large", detail, headers={"Connection": "close"})
                await refusal(scope, receive, sending)
        except Exception as error:
            # Let through, it would end the kept-alive connection, and the edge's next request on it with it.
            if begun:
                raise
            await of_unexpected(scope["path"], error)(scope, receive, sending)
        finally:
            path = getattr(scope.get("route"), "path", "unmatched")
            metrics.http_requests.labels(scope["method"], path, str(status)).observe(time.perf_counter() - started)

    def _counting(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            self._check(seen)
            return message

        return counted

    def _check(self, length: int) -> None:
        if length > self._max:
            raise _TooLarge


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
