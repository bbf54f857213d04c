"""The composition root: the only file that wires. Read it to see what the console is made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common import log
from common.clock import Clock
from console import edge_errors, health, home
from console.docs.routes import DocPages
from console.events.log import EventLog
from console.events.routes import EventPages
from console.events.tail import Tail
from console.faults import FaultPages
from console.mail import inbox as mail_inbox
from console.mail import sink
from console.mail.inbox import Inbox
from console.mail.routes import MailPages
from console.messages import MessagePages
from console.outside import Outside
from console.pages import Pages
from console.problems import problem
from console.settings import Settings
from console.sqlite import Sqlite
from console.traces import receiver
from console.traces import store as trace_store
from console.traces.recorder import Recorder
from console.traces.routes import TracePages
from console.traces.search import TraceSearch
from console.traces.store import Bounds, TraceStore
from console.watch.database import Database
from console.watch.lag import Lag
from console.watch.overview import Overview
from console.watch.routes import WatchPages

_log = log.get(__name__)

_CANCELS = 4
_CANCEL_SECONDS = 0.5


class Console:
    """`app` serves; `running` holds what works beside it."""

    def __init__(self, settings: Settings, directory: Path, clock: Clock | None = None) -> None:
        self._settings = settings
        clock = clock or Clock()
        self._health = health.Health()
        self._mail_file = Sqlite(directory / "mail.sqlite", mail_inbox.SCHEMA)
        self._trace_file = Sqlite(directory / "traces.sqlite", trace_store.SCHEMA)
        self._http = httpx.AsyncClient(limits=httpx.Limits(max_connections=20), trust_env=False)
        self._pages = Pages(settings.edge_url, clock)
        self._inbox = Inbox(self._mail_file, clock, kept=settings.mails_kept)
        self._traces = TraceStore(
            self._trace_file, Bounds(settings.journeys_kept, settings.reads_kept, settings.spans_kept)
        )
        self._recorder = Recorder(self._traces, clock)
        self._events = EventLog(clock, kept=settings.events_kept)
        self._tail = Tail(settings.kafka_bootstrap_servers, self._events, clock, self._recorder.learn)
        self._lag = Lag(settings.kafka_bootstrap_servers)
        self._database = Database(settings.auditor_database_url.get_secret_value(), list(settings.service_urls))
        self._overview = Overview(
            settings.service_urls,
            settings.sandbox_url,
            settings.edge_url,
            database=self._database,
            lag=self._lag,
            events=self._events,
            http=self._http,
            clock=clock,
        )
        self.app = self._app()

    def _app(self) -> Starlette:
        async def unknown(request: Request, _error: Exception) -> Response:
            if request.url.path.endswith(".json"):
                return problem(404, "page.not_found", "there is no such page")
            return self._pages.not_found("there is no such page")

        async def refused(_request: Request, error: Exception) -> Response:
            assert isinstance(error, HTTPException)
            response = problem(405, "method.not_allowed", "this page does not do that")
            response.headers.update(error.headers or {})
            return response

        async def broken(request: Request, error: Exception) -> Response:
            _log.error("a page failed", path=request.url.path, exc_info=error)
            return problem(
                500, "console.failed", f"the console itself failed ({type(error).__name__}); its log says why"
            )

        return Starlette(
            routes=[
                *health.routes(self._health),
                *edge_errors.routes(),
                *receiver.routes(self._recorder),
                *self._pages.routes(),
                *self._page_routes(),
            ],
            exception_handlers={404: unknown, 405: refused, Exception: broken},
        )

    def _page_routes(self) -> list[Route]:
        settings, pages, services = self._settings, self._pages, list(self._settings.service_urls)
        outside = Outside(self._http, settings.sandbox_url)
        watch = WatchPages(
            self._overview, self._database, self._tail, pages, services=services, instance=settings.instance
        )
        return [
            *home.routes(pages),
            *watch.routes(),
            *TracePages(self._traces, TraceSearch(self._trace_file), self._recorder, pages, services).routes(),
            *EventPages(self._events, self._tail, pages, services).routes(),
            *MailPages(self._inbox, pages, settings.edge_url).routes(),
            *MessagePages(outside, pages).routes(),
            *DocPages(settings.service_urls, self._http, pages, settings.edge_url).routes(),
            *FaultPages(outside, pages).routes(),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Files, mail sink, background work. Raises OSError when the mail port is taken."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._http.aclose)
            stack.push_async_callback(self._database.close)
            stack.push_async_callback(self._lag.close)
            for file in (self._mail_file, self._trace_file):
                await file.open()
                stack.push_async_callback(file.close)
            mail = await sink.listen(self._inbox, self._settings.host, self._settings.smtp_port)
            stack.callback(mail.close)
            tasks = [
                asyncio.create_task(self._recorder.run(), name="recorder"),
                asyncio.create_task(self._tail.run(), name="tail"),
            ]
            stack.push_async_callback(_end, tasks)
            self._health.ready = True
            yield

    def drain(self) -> None:
        """Not ready any more; streams end."""
        self._health.draining = True
        self._events.close()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Bounded. A cancel may be lost: Python 3.11's wait_for, inside aiokafka, prefers a failure of the same moment."""
    for _ in range(_CANCELS):
        for task in tasks:
            task.cancel()
        _, pending = await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        if not pending:
            return
    _log.warning("work beside the server did not end", tasks=[task.get_name() for task in tasks if not task.done()])
