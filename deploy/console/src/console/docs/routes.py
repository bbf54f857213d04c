"""/dev/docs: a page per service from its own OpenAPI, and one of all events. Nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.docs import events, openapi
from console.pages import Pages, as_json
from console.problems import problem
from contracts import documents

_HERE = "/dev/docs"
_TIMEOUT_SECONDS = 5


class DocsAway(Exception):
    """The service does not hand out its document; the text says why."""


class DocPages:
    def __init__(self, services: Mapping[str, str], http: httpx.AsyncClient, pages: Pages, edge_url: str) -> None:
        self._services = services
        self._http = http
        self._pages = pages
        self._edge_url = edge_url

    async def listed(self, _request: Request) -> Response:
        return self._pages.show("docs.html", here=_HERE, services=list(self._services))

    async def service(self, request: Request) -> Response:
        name = request.path_params["service"]
        if name not in self._services:
            return self._pages.not_found(f"no service is called {name}")
        try:
            page = openapi.read(await self._document(name), self._edge_url)
        except DocsAway as error:
            return self._pages.show(
                "docs_service.html", here=_HERE, status=503, name=name, page=None, trouble=str(error),
                services=list(self._services),
            )  # fmt: skip
        return self._pages.show(
            "docs_service.html", here=_HERE, name=name, page=page, trouble="", services=list(self._services)
        )

    async def service_json(self, request: Request) -> Response:
        name = request.path_params["service"]
        if name not in self._services:
            return problem(404, "service.not_found", f"no service is called {name}")
        try:
            return as_json(await self._document(name))
        except DocsAway as error:
            return problem(503, "service.unreachable", str(error))

    async def events(self, _request: Request) -> Response:
        return self._pages.show("docs_events.html", here=_HERE, topics=events.topics(), services=list(self._services))

    async def asyncapi(self, _request: Request) -> Response:
        return as_json(documents.asyncapi())

    async def _document(self, name: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(f"{self._services[name]}/openapi.json", timeout=_TIMEOUT_SECONDS)
            found = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise DocsAway(f"{name} does not answer ({type(error).__name__})") from error
        if not isinstance(found, dict):
            raise DocsAway(f"{name} answers {answer.status_code} where its OpenAPI should be")
        return found

    def routes(self) -> list[Route]:
        return [
            Route("/dev/docs", self.listed),
            Route("/dev/docs/events", self.events),
            Route("/dev/docs/asyncapi.json", self.asyncapi),
            Route("/dev/docs/{service}", self.service),
            Route("/dev/docs/{service}/openapi.json", self.service_json),
        ]
