"""`/healthz` and `/readyz`. The console is ready without database, broker or services: it is there to show them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.problems import problem


@dataclass
class Health:
    """Ready from the moment its ports listen and its files are open until it is told to stop."""

    ready: bool = False
    draining: bool = False


def routes(health: Health) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        if health.draining:
            return problem(503, "service.draining", "this process is stopping")
        if not health.ready:
            return problem(503, "service.not_ready", "this process is starting")
        return JSONResponse({"status": "ok"})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]
