"""The whole sandbox as one FastAPI app: the parties, the courier and the clockwork that moves the world by itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, compile_path

from sandbox import faults, pages
from sandbox.clock import Clock, SystemClock, epoch
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.inicis import api as inicis_api
from sandbox.inicis import control as inicis_control
from sandbox.inicis import pages as inicis_pages
from sandbox.inicis.parts import Inicis
from sandbox.kakaopay import api as kakaopay_api
from sandbox.kakaopay import control as kakaopay_control
from sandbox.kakaopay import pages as kakaopay_pages
from sandbox.kakaopay.parts import KakaoPay
from sandbox.logistics import control as logistics_control
from sandbox.logistics import fassto_api, tracker
from sandbox.logistics.parts import Logistics
from sandbox.portone import control as portone_control
from sandbox.portone import pages as portone_pages
from sandbox.portone import v1_api as portone_v1_api
from sandbox.portone import v2_api as portone_v2_api
from sandbox.portone.parts import PortOne
from sandbox.settings import Settings
from sandbox.solapi import api as solapi_api
from sandbox.solapi import control as solapi_control
from sandbox.solapi.parts import Solapi
from sandbox.store import Store
from sandbox.toss import api as toss_api
from sandbox.toss import control as toss_control
from sandbox.toss.parts import Toss

log = logging.getLogger(__name__)
STALE_TICKS = 50


class World:
    """Everything that lives for as long as the process."""

    def __init__(self, settings: Settings, clock: Clock, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.store = Store(settings.data_dir / "sandbox.sqlite3")
        self.faults = Faults(self.store, clock)
        self.courier = Courier(
            store=self.store, clock=clock, faults=self.faults, http=http,
            answer_seconds=settings.callback_timeout_seconds,
        )  # fmt: skip
        self.toss = Toss(settings=settings, clock=clock, store=self.store, faults=self.faults, courier=self.courier)
        self.kakaopay = KakaoPay(
            settings=settings.kakaopay, base_url=settings.base_url, clock=clock, store=self.store, faults=self.faults
        )
        self.inicis = Inicis(
            settings=settings.inicis, base_url=settings.base_url, minute_seconds=settings.minute_seconds, clock=clock,
            store=self.store, faults=self.faults, courier=self.courier,
        )  # fmt: skip
        self.portone = PortOne(
            settings=settings, clock=clock, store=self.store, faults=self.faults, courier=self.courier
        )
        self.solapi = Solapi(settings=settings, clock=clock, store=self.store, faults=self.faults, courier=self.courier)
        self.logistics = Logistics(settings=settings, clock=clock, store=self.store, faults=self.faults, http=http)
        self.last_tick = epoch(clock.now())

    async def turn(self) -> None:
        """Time passing: what falls due in any party happens. Until cancelled."""
        while True:
            self.toss.tick()
            self.portone.tick()
            self.solapi.tick()
            self.last_tick = epoch(self.clock.now())
            await self.clock.sleep(self.settings.tick_seconds)

    @property
    def turning(self) -> bool:
        return epoch(self.clock.now()) - self.last_tick < max(5.0, STALE_TICKS * self.settings.tick_seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        work: list[Coroutine[Any, Any, None]] = [self.turn(), self.courier.run(), self.logistics.job.run()]
        tasks = [asyncio.create_task(coroutine) for coroutine in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.http.aclose()
            self.store.close()


def create_app(settings: Settings, *, clock: Clock | None = None, http: httpx.AsyncClient | None = None) -> FastAPI:
    world = World(settings, clock or SystemClock(), http or httpx.AsyncClient(timeout=20.0))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with world.running():
            yield

    app = FastAPI(
        title="Sandbox: the outside world",
        description="Toss Payments, Solapi, two logistics centres and a carrier, and their misbehaviour on request.",
        lifespan=lifespan,
    )
    app.state.world = world
    for router in (
        faults.router(world.faults),
        toss_api.router(world.toss),
        toss_control.router(world.toss, world.courier),
        kakaopay_api.router(world.kakaopay),
        kakaopay_control.router(world.kakaopay),
        kakaopay_pages.router(settings, world.kakaopay),
        inicis_api.router(world.inicis),
        inicis_control.router(world.inicis, world.courier),
        inicis_pages.router(settings, world.inicis),
        portone_v2_api.router(world.portone),
        portone_v1_api.router(world.portone),
        portone_control.router(world.portone, world.courier, "v2"),
        portone_control.router(world.portone, world.courier, "v1"),
        portone_pages.router(settings, world.portone),
        solapi_api.router(world.solapi),
        solapi_control.router(world.solapi, world.courier),
        fassto_api.router(world.logistics.fassto, world.faults, world.store, world.clock),
        tracker.router(settings, world.logistics.parcels, world.faults),
        logistics_control.router(world.logistics),
        pages.router(
            settings=settings, store=world.store, faults=world.faults, toss=world.toss, solapi=world.solapi,
            logistics=world.logistics,
        ),
    ):  # fmt: skip
        app.router.routes.extend(_under(settings.prefix, router))
    _probes(app, world)
    return app


def _under(prefix: str, router: APIRouter) -> Iterator[BaseRoute]:
    """The router's routes below `prefix`. An included router's would all be analysed once more at the first request."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.path = f"{prefix}{route.path}"
            route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)
        yield route


def _probes(app: FastAPI, world: World) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        """200 while the world turns, 503 when it has stood still for too long."""
        return PlainTextResponse("ok") if world.turning else PlainTextResponse("standing still", 503)

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        world.store.row("SELECT 1")
        return PlainTextResponse("ok")

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        callbacks = world.store.rows("SELECT party, state, count(*) AS many FROM callbacks GROUP BY party, state")
        payments = world.store.rows("SELECT status, count(*) AS many FROM toss_payments GROUP BY status")
        lines = [
            "# TYPE sandbox_callbacks gauge",
            *(f'sandbox_callbacks{{party="{row[0]}",state="{row[1]}"}} {row[2]}' for row in callbacks),
            "# TYPE sandbox_toss_payments gauge",
            *(f'sandbox_toss_payments{{status="{row[0]}"}} {row[1]}' for row in payments),
        ]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
