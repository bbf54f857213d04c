"""/: where everything is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.pages import Pages


def routes(pages: Pages) -> list[Route]:
    async def home(_request: Request) -> Response:
        return pages.show("home.html")

    return [Route("/", home)]
