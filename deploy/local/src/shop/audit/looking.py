"""One look at a running shop, in an order that makes false alarms impossible.

The shop moves while it is looked at. What is read later is newer, so each comparison is made only in the direction in
which newer can do no harm:

1. **Positions and ends of the topics** (first). A group commits an offset after the transaction that settled its
   record, and a record is in a topic after the transaction that wrote it to the outbox.
2. **The database**: one snapshot (repeatable read) of all schemas, opened after 1. So every record below a group's
   position must be in its inbox, and every record below the first ends must be known to its publisher.
3. **The topics** up to their ends, read after 2. An outbox row that is gone from the snapshot was acknowledged before
   it, so every number up to `last_seq` must be in a topic or in the snapshot's outbox; and whatever is in an inbox, or
   counted by stats, must be in a topic. Records after the snapshot are newer than everything they are held against.
4. **The outside world's books**, read after 2. What we have written down (money received, a release taken, a text
   delivered) happened there before, so they must have it.
5. **A second question** for what they have and the snapshot has not: we write down before we ask them for anything, so
   a newer picture of ours must know it.

Such checks hold "always": on a busy shop, with a service down, in the middle of a rebalance. The other direction
(what one service did, the next one did too) comes true when nothing is under way: those checks hold "at rest", and
`settling` gives them time. Dead letters and parked events are excepted by name, records deleted by retention by time.

Everything is read by roles and clients that cannot write: no group, no commit, a read-only session. The snapshot ends
before the topics are compared, so it holds nothing up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiokafka.errors import KafkaError

from contracts.registry import EVENTS
from shop.audit.counting import Counts
from shop.audit.findings import Finding, Watch, cannot_look
from shop.audit.heard import HEARD
from shop.audit.moves import TOLD, pairs
from shop.audit.outside import PARTIES, Party
from shop.audit.outside.party import Rows
from shop.audit.places import Places
from shop.audit.snapshot import AWAY, Picture, Snapshot
from shop.audit.topics import checks
from shop.audit.topics.books import keepers
from shop.audit.topics.reader import Marks, TopicReader, TopicsUnreadable
from shop.audit.topics.store import Store

_TOPICS_AWAY = (KafkaError, TopicsUnreadable, OSError, TimeoutError)
_BOOKS_AWAY = (httpx.HTTPError, ValueError, KeyError, TypeError)
_ANSWER_SECONDS = 15


@dataclass
class Look:
    """`counts`: how many of what there are. `numbers`: what is worth knowing and no finding."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counts = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


async def look_at(places: Places) -> Look:
    """Never raises for a part that is down: what cannot be looked at is a finding."""
    began = time.perf_counter()
    found = Look()
    with Store() as store:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=_ANSWER_SECONDS))
            topics, snapshot = await asyncio.gather(
                _enter(stack, TopicReader(places.bootstrap, places.services), "the topics", found),
                _enter(stack, Snapshot(places), "the database", found),
            )
            await _Looking(places, store, found, http).all(topics, snapshot)
    found.seconds = round(time.perf_counter() - began, 3)
    return found


async def _enter(stack: AsyncExitStack, part: Any, name: str, found: Look) -> Any:
    """The entered part, or None and a finding."""
    try:
        return await stack.enter_async_context(part)
    except (*_TOPICS_AWAY, *AWAY) as error:
        found.findings.append(cannot_look(name, error))
        return None


class _Looking:
    def __init__(self, places: Places, store: Store, found: Look, http: httpx.AsyncClient) -> None:
        self._places = places
        self._store = store
        self._found = found
        self._http = http

    async def all(self, topics: TopicReader | None, snapshot: Snapshot | None) -> None:
        marks = await self._marks(topics)
        opened = snapshot is not None and await self._opened(snapshot)
        read, picture, *books = await asyncio.gather(
            self._read(topics, marks), self._picture(snapshot, opened=opened), *(self._books(each) for each in PARTIES)
        )
        if read or picture is not None:
            self._ask_the_notebook(topics=read, database=picture is not None)
        if picture is not None and snapshot is not None:
            for party, theirs in zip(PARTIES, books, strict=True):
                await self._judge(party, theirs, picture.rows.get(party.name), snapshot)

    async def _marks(self, topics: TopicReader | None) -> Marks | None:
        if topics is None:
            return None
        try:
            return await topics.marks()
        except _TOPICS_AWAY as error:
            self._cannot("the positions of the services in the topics", error)
            return None

    async def _opened(self, snapshot: Snapshot) -> bool:
        try:
            await snapshot.open()
        except AWAY as error:
            self._cannot("the database", error)
            return False
        return True

    async def _read(self, topics: TopicReader | None, marks: Marks | None) -> bool:
        if topics is None or marks is None:
            return False
        try:
            await topics.read(self._store, marks)
        except _TOPICS_AWAY as error:
            self._cannot("the topics", error)
            return False
        self._store.add("positions", ((*where, offset) for where, offset in marks.done.items()))
        return True

    async def _picture(self, snapshot: Snapshot | None, *, opened: bool) -> Picture | None:
        if snapshot is None or not opened:
            return None
        try:
            picture = await snapshot.take(self._store)
        except AWAY as error:
            self._cannot("the database", error)
            return None
        self._found.findings += picture.findings
        self._found.counts |= picture.counts
        self._found.numbers |= picture.numbers
        return picture

    async def _books(self, party: Party) -> Any:
        try:
            return await party.books(self._http, self._places)
        except _BOOKS_AWAY as error:
            self._cannot(party.name, error)
            return None

    def _ask_the_notebook(self, *, topics: bool, database: bool) -> None:
        store, watch = self._store, Watch()
        services = self._places.services
        hears = [(s, name, EVENTS[name].topic) for s in services for name in HEARD.get(s, ())]
        store.add("hears", hears)
        store.add("owners", keepers(services))
        store.add("moves", ((story, *pair) for story, moves in TOLD.items() for pair in pairs(moves)))
        store.ready()
        wanted = (*checks.ORDER, *checks.READ) if topics else ()
        if topics and database:
            wanted = (*wanted, *checks.PUBLISHERS, *checks.READERS)
        for check in wanted:
            self._found.findings.append(watch.timed(check.found(store.column(check.query))))
        if topics:
            self._found.numbers |= {name: store.column(query)[0] for name, query in checks.NUMBERS.items()}

    async def _judge(self, party: Party, books: Any, rows: Rows | None, snapshot: Snapshot) -> None:
        if books is None or rows is None:
            return
        watch = Watch()
        try:
            self._found.findings += [watch.timed(each) for each in party.judge(books, rows)]
            strangers = list(party.strangers(books, rows))
            known = await snapshot.ask_anew(party.known.query, strangers) if strangers else set()
        except (*AWAY, *_BOOKS_AWAY) as error:
            self._cannot(party.name, error)
            return
        self._found.findings.append(watch.timed(party.known.found(_without(strangers, known))))
        self._found.numbers |= party.numbers(books)

    def _cannot(self, what: str, why: BaseException) -> None:
        self._found.findings.append(cannot_look(what, why))


def _without(names: Iterable[str], known: set[str]) -> list[str]:
    return [name for name in names if name not in known]
