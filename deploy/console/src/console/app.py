"""The composition root: the only file that wires. Read it to see what the console is made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from common.clock import Clock
from console import edge_errors, health, home
from console.mail import inbox as mail_inbox
from console.mail import sink
from console.mail.inbox import Inbox
from console.mail.routes import MailPages
from console.pages import Pages
from console.settings import Settings
from console.sqlite import Sqlite
from console.traces import receiver
from console.traces import store as trace_store
from console.traces.recorder import Recorder
from console.traces.store import Bounds, TraceStore


class Console:
    """`app` serves; `running` holds what works beside it."""

    def __init__(self, settings: Settings, directory: Path, clock: Clock | None = None) -> None:
        self._settings = settings
        clock = clock or Clock()
        self._health = health.Health()
        self._mail_file = Sqlite(directory / "mail.sqlite", mail_inbox.SCHEMA)
        self._trace_file = Sqlite(directory / "traces.sqlite", trace_store.SCHEMA)
        self.pages = Pages(settings.edge_url, clock)
        self.inbox = Inbox(self._mail_file, clock, kept=settings.mails_kept)
        bounds = Bounds(settings.journeys_kept, settings.reads_kept, settings.spans_kept)
        self.traces = TraceStore(self._trace_file, bounds)
        self.recorder = Recorder(self.traces, clock)
        self.app = self._app()

    def _app(self) -> Starlette:
        async def unknown(_request: Request, _error: Exception) -> Response:
            return self.pages.not_found("there is no such page")

        return Starlette(
            routes=[
                *health.routes(self._health),
                *edge_errors.routes(),
                *receiver.routes(self.recorder),
                *self.pages.routes(),
                *home.routes(self.pages),
                *MailPages(self.inbox, self.pages, self._settings.edge_url).routes(),
            ],
            exception_handlers={404: unknown},
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Files, mail sink, background work. Raises OSError when the mail port is taken."""
        async with AsyncExitStack() as stack:
            for file in (self._mail_file, self._trace_file):
                await file.open()
                stack.push_async_callback(file.close)
            mail = await sink.listen(self.inbox, self._settings.host, self._settings.smtp_port)
            stack.callback(mail.close)
            tasks = [asyncio.create_task(self.recorder.run(), name="recorder")]
            stack.push_async_callback(_end, tasks)
            self._health.ready = True
            yield

    def drain(self) -> None:
        """Not ready any more; streams end."""
        self._health.draining = True


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
