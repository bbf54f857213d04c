"""The whole service without a socket of its own: events in, turns of the senders, rows and events out."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from services.notify.tests.builders import contact, mall_changed
from services.notify.tests.fakes import API_KEY, API_SECRET, PF_ID, SENDER, FakeSolapi, MailServer
from sqlalchemy import text

from common import http, testing
from common.clock import FixedClock
from common.db import Database
from common.runtime import Parts, Runtime
from contracts.envelope import Event
from notify import main
from notify.settings import Settings

STAFF_KEY = "k" * 40
CALLBACK_TOKEN = "callback-token-of-tests"


@dataclass
class World:
    """`woken` are the jobs that were asked to run now; `settings` are put over the usual ones."""

    database: Database
    clock: FixedClock
    post: MailServer
    solapi: FakeSolapi
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.woken: list[str] = []
        self.parts = self.build()

    def build(self, **changes: Any) -> Parts:
        """The service's own composition, against the fakes."""
        values = {
            "database_url": "postgresql://unused", "smtp_port": self.post.port, "from_email": "no-reply@mail.test",
            "smtp_timeout_seconds": 2, "solapi_url": "http://solapi.test", "solapi_api_key": API_KEY,
            "solapi_api_secret": API_SECRET, "solapi_pf_id": PF_ID, "sender_number": SENDER,
            "solapi_callback_token": CALLBACK_TOKEN,
        }  # fmt: skip
        outside = httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(404)))
        runtime = Runtime(
            settings=Settings.model_validate(values | self.settings | changes),
            database=self.database,
            http=outside,
            internal=outside,
            clock=self.clock,
            wake_job=self.woken.append,
        )
        return main.build(runtime, to_provider=self.solapi.client())

    async def hear(self, *events: Event) -> None:
        await testing.deliver(self.database, self.parts.handlers, *events)

    async def hear_of(self, *events: Event, **person: Any) -> None:
        """The mall, the contact of the first event's order, then the events."""
        await self.hear(mall_changed(), contact(events[0].order_id, **person), *events)  # type: ignore[attr-defined]

    async def turn(self, name: str, parts: Parts | None = None) -> int:
        job = next(job for job in (parts or self.parts).jobs if job.name == name)
        done = await job.run()
        assert isinstance(done, int)
        return done

    async def mails(self) -> None:
        while await self.turn("send-mails"):
            pass

    async def texts(self) -> None:
        while await self.turn("send-texts"):
            pass

    async def settle(self) -> None:
        """Until nothing is due."""
        await self.mails()
        await self.texts()

    async def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        await self.settle()

    async def rows(self, where: str = "true") -> list[dict[str, Any]]:
        """Deliveries with the kind of their message, oldest fact first."""
        async with self.database.read() as connection:
            found = await connection.execute(
                text(
                    "SELECT m.kind, d.* FROM deliveries d JOIN messages m ON m.id = d.message_id"
                    f" WHERE {where} ORDER BY d.fact_at, d.channel"
                )
            )
            return [dict(row) for row in found.mappings()]

    async def states(self, where: str = "true") -> dict[tuple[str, str], str]:
        """Status by (kind, channel)."""
        return {(row["kind"], row["channel"]): row["status"] for row in await self.rows(where)}

    def app(self) -> FastAPI:
        settings = Settings(database_url="postgresql://unused", staff_token_key=STAFF_KEY)
        return http.create_app("notify", settings, self.database, self.parts.routers, state=self.parts.state)

    async def said(self) -> list[Event]:
        return await testing.published(self.database)
