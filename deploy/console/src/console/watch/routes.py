"""/dev: the overview. /dev/stuck: what waits for a person, and the command that settles it."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.events.tail import Tail
from console.pages import Pages, as_json
from console.watch.database import Database, Dead, Parked, Unreachable
from console.watch.overview import Overview


class WatchPages:
    def __init__(
        self, overview: Overview, database: Database, tail: Tail, pages: Pages, *, services: list[str], instance: str
    ) -> None:
        self._overview = overview
        self._database = database
        self._tail = tail
        self._pages = pages
        self._services = services
        self._prefix = "" if instance == "main" else f"SHOP_INSTANCE={shlex.quote(instance)} "

    async def overview(self, _request: Request) -> Response:
        picture = await self._overview.picture()
        return self._pages.show("overview.html", here="/dev", picture=picture, tail=self._tail.trouble)

    async def overview_json(self, _request: Request) -> Response:
        picture = await self._overview.picture()
        return as_json(asdict(picture) | {"event_log": self._tail.trouble or "ok"})

    async def stuck(self, _request: Request) -> Response:
        parked, dead, troubles = await self._stuck()
        return self._pages.show(
            "stuck.html", here="/dev/stuck", parked=[(each, self._parked_commands(each)) for each in parked],
            dead=[(each, self._dead_commands(each)) for each in dead], troubles=troubles,
        )  # fmt: skip

    async def stuck_json(self, _request: Request) -> Response:
        parked, dead, troubles = await self._stuck()
        return as_json(
            {
                "parked": [asdict(each) | {"commands": dict(self._parked_commands(each))} for each in parked],
                "dead": [asdict(each) | {"commands": dict(self._dead_commands(each))} for each in dead],
                "troubles": troubles,
            }
        )

    async def _stuck(self) -> tuple[list[Parked], list[Dead], list[str]]:
        async def of(service: str) -> tuple[list[Parked], list[Dead], str]:
            try:
                return await self._database.parked(service), await self._database.dead(service), ""
            except Unreachable as error:
                return [], [], str(error)

        found = await asyncio.gather(*map(of, self._services))
        return (
            [each for parked, _, _ in found for each in parked],
            [each for _, dead, _ in found for each in dead],
            list(dict.fromkeys(trouble for _, _, trouble in found if trouble)),
        )

    def _parked_commands(self, each: Parked) -> list[tuple[str, str]]:
        where = f"--service {each.service} {shlex.quote(each.topic)} {shlex.quote(each.key)}"
        return [
            ("try it now", f"{self._prefix}shop events parked retry {where}"),
            ("give the first event up", f"{self._prefix}shop events parked bury {where}"),
        ]

    def _dead_commands(self, each: Dead) -> list[tuple[str, str]]:
        return [
            ("handle it again", f"{self._prefix}shop events dlq replay --service {each.service} {each.id}"),
            ("settle it for good", f"{self._prefix}shop events dlq drop --service {each.service} {each.id}"),
        ]

    def routes(self) -> list[Route]:
        return [
            Route("/dev", self.overview),
            Route("/dev.json", self.overview_json),
            Route("/dev/overview.json", self.overview_json),
            Route("/dev/stuck", self.stuck),
            Route("/dev/stuck.json", self.stuck_json),
        ]
