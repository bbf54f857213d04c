"""The database at one moment: every promise asked of it, and copies of what is held against the topics and outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import asyncpg
from asyncpg.transaction import Transaction

from shop.audit.counting import COUNTS, NUMBERS, Counts
from shop.audit.findings import UNSEEN, Finding, Watch, cannot_look, finding
from shop.audit.outside import PARTIES
from shop.audit.outside.party import Rows
from shop.audit.places import Places
from shop.audit.promises import PROMISES, backbone
from shop.audit.topics.books import copy_service
from shop.audit.topics.store import Store

AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_CONNECT_SECONDS = 5
_COMMAND_SECONDS = 60
# A migration may hold a table: the auditor gives up rather than queue up behind it.
_SESSION = {
    "application_name": "auditor",
    "default_transaction_read_only": "on",
    "lock_timeout": "5000",
    "statement_timeout": "60000",
    "jit": "off",
}


@dataclass
class Picture:
    """`rows`: by party, what its books are held against."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counts = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)


class Snapshot:
    """One connection: `open` fixes the moment, `take` reads and lets go of it, `ask_anew` sees what came after."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._connection: asyncpg.Connection | None = None
        self._transaction: Transaction | None = None
        self._unreadable: set[str] = set()

    async def __aenter__(self) -> Self:
        self._connection = await asyncpg.connect(
            self._places.database, timeout=_CONNECT_SECONDS, command_timeout=_COMMAND_SECONDS, server_settings=_SESSION
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.terminate()

    @property
    def _open(self) -> asyncpg.Connection:
        assert self._connection is not None
        return self._connection

    async def open(self) -> None:
        """The picture's moment is the first statement's, and not that of BEGIN."""
        self._transaction = self._open.transaction(isolation="repeatable_read", readonly=True)
        await self._transaction.start()
        await self._open.execute("SELECT 1")

    async def take(self, store: Store) -> Picture:
        """Raises what is in AWAY when the database itself does not answer. A schema that lacks is a finding."""
        picture = Picture()
        for service in self._places.services:
            await self._copy(service, store, picture)
        watch = Watch()
        for check in (*PROMISES, *(check for service in self._places.services for check in backbone(service))):
            rows = await self._fetch(check.query)
            if rows is not None:
                picture.findings.append(watch.timed(check.found(row[0] for row in rows)))
        for party in PARTIES:
            asked = {name: await self._fetch(query) for name, query in party.ours.items()}
            if (answered := _all_of(asked)) is not None:
                picture.rows[party.name] = answered
        await self._count(picture)
        if self._unreadable:
            lacking = "cannot look: tables that promises are about"
            picture.findings.append(finding("stuck", lacking, self._unreadable, UNSEEN))
        assert self._transaction is not None
        await self._transaction.rollback()
        return picture

    async def ask_anew(self, query: str, names: list[str]) -> set[str]:
        """Call after `take`: sees all that is committed by now."""
        return {row[0] for row in await self._open.fetch(query, names)}

    async def _copy(self, service: str, store: Store, picture: Picture) -> None:
        try:
            async with self._open.transaction():
                await copy_service(self._open, store, service)
        except asyncpg.PostgresError as error:
            self._still_there(error)
            picture.findings.append(cannot_look(f"the books of {service}", error))

    async def _fetch(self, query: str) -> list[Any] | None:
        """None: the tables are not there, or not as they should be."""
        try:
            async with self._open.transaction():
                rows: list[Any] = await self._open.fetch(query)
        except asyncpg.PostgresError as error:
            self._still_there(error)
            self._unreadable.add(str(error))
            return None
        return rows

    def _still_there(self, error: asyncpg.PostgresError) -> None:
        if self._open.is_closed() or isinstance(
            error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError
        ):
            raise error

    async def _count(self, picture: Picture) -> None:
        for name, query in COUNTS.items():
            if (rows := await self._fetch(query)) is not None:
                picture.counts[name] = [(row[0], row[1]) for row in rows]
        for name, query in NUMBERS.items():
            if rows := await self._fetch(query):
                picture.numbers[name] = rows[0][0]


def _all_of(asked: dict[str, list[Any] | None]) -> Rows | None:
    answered = {name: rows for name, rows in asked.items() if rows is not None}
    return answered if len(answered) == len(asked) else None
