"""Callbacks the parties owe, kept in the books until the mall has taken them.

A callback is written in the transaction of the effect it reports and sent from there, so a kill between the two sends
it after the restart; a kill between the mall's answer and our note of it sends it twice, as real senders do. Callbacks
about the same subject go one after another, different subjects side by side.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.clock import Clock, epoch, within
from sandbox.faults import CALLBACK_KINDS, Fault, Faults
from sandbox.store import Store

log = logging.getLogger(__name__)
AT_ONCE = 8
NOTHING_DUE_SECONDS = 3600.0
REORDER_GAP_SECONDS = 0.02


@dataclass(frozen=True)
class Sent:
    """What a party makes of one callback for one attempt. A body of bytes goes out as it is, any other as JSON."""

    headers: dict[str, str]
    body: Any


def answered_200(response: httpx.Response) -> bool:
    return response.status_code == 200


@dataclass(frozen=True)
class Manner:
    """How a party calls back: its retry schedule in seconds, the dress of one attempt, and what it takes for a yes.

    `answer_seconds`: how long it waits for that; None as long as the parties of which nothing is known.
    """

    retry_seconds: tuple[float, ...]
    dress: Callable[[sqlite3.Row, int], Sent]
    taken: Callable[[httpx.Response], bool] = answered_200
    answer_seconds: float | None = None


class Courier:
    def __init__(
        self, *, store: Store, clock: Clock, faults: Faults, http: httpx.AsyncClient, answer_seconds: float
    ) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._http = http
        self._answer_seconds = answer_seconds
        self._manners: dict[str, Manner] = {}
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}

    def register(self, party: str, manner: Manner) -> None:
        self._manners[party] = manner

    def owe(self, *, party: str, event: str, subject: str, transmission: str, url: str, body: Any) -> None:
        """Write the callback down. Called inside the transaction of the effect; sends nothing by itself."""
        fault = self._faults.take(party, event, CALLBACK_KINDS) if url else None
        now = epoch(self._clock.now())
        state = "pending" if url else "unregistered"
        if fault is not None and fault.kind == "no_callbacks":
            state = "suppressed"
        for next_at in self._times(now, fault):
            self._store.run(
                "INSERT INTO callbacks (party, event, subject, transmission, url, body, state, created_at, next_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                party, event, subject, transmission, url, json.dumps(body, ensure_ascii=False), state, now, next_at,
            )  # fmt: skip
        self._wake.set()

    def _times(self, now: float, fault: Fault | None) -> list[float]:
        if fault is None or fault.kind == "no_callbacks":
            return [now]
        if fault.kind == "late_callbacks":
            return [now + fault.wait]
        if fault.kind == "duplicate_callbacks":
            return [now, now + fault.wait]
        # Reordered: all hits of this fault are held together and leave last one first.
        release = (fault.first_at or now) + fault.wait
        return [max(now, release + (fault.total - fault.index) * REORDER_GAP_SECONDS)]

    def listing(self, party: str) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT * FROM callbacks WHERE party = ? ORDER BY id", party)
        return [{**dict(row), "body": json.loads(row["body"])} for row in rows]

    async def run(self) -> None:
        """Until cancelled. What was pending before a restart is pending still."""
        try:
            while True:
                self._wake.clear()
                seconds = self._launch()
                try:
                    await within(self._clock, self._woken(), seconds)
                except TimeoutError:
                    continue
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _woken(self) -> None:
        await self._wake.wait()

    def _launch(self) -> float:
        """Start what is due, one per subject; seconds until there may be more."""
        now = epoch(self._clock.now())
        for row in self._store.rows(
            "SELECT * FROM callbacks WHERE state = 'pending' AND next_at <= ? ORDER BY next_at, id LIMIT 200", now
        ):
            if len(self._busy) >= AT_ONCE:
                return NOTHING_DUE_SECONDS  # one of them wakes us when it ends
            if row["subject"] not in self._busy:
                self._busy[row["subject"]] = asyncio.create_task(self._deliver(row))
        later = self._store.row("SELECT min(next_at) FROM callbacks WHERE state = 'pending' AND next_at > ?", now)
        if later is None or later[0] is None:
            return NOTHING_DUE_SECONDS
        return float(max(later[0] - now, 0.001))

    async def _deliver(self, row: sqlite3.Row) -> None:
        try:
            answer, taken = await self._post(row)
            self._note(row, answer, taken=taken)
        finally:
            del self._busy[row["subject"]]
            self._wake.set()

    async def _post(self, row: sqlite3.Row) -> tuple[str, bool]:
        """The status as text, or why there was none; and whether the party is content with the answer."""
        manner = self._manners[row["party"]]
        sent = manner.dress(row, row["attempts"])
        content = sent.body if isinstance(sent.body, bytes) else json.dumps(sent.body, ensure_ascii=False).encode()
        request = self._http.post(
            row["url"], content=content, headers={"content-type": "application/json", **sent.headers}
        )
        try:
            response = await within(self._clock, request, manner.answer_seconds or self._answer_seconds)
        except TimeoutError:
            return "no answer in time", False
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            return type(failure).__name__, False
        return str(response.status_code), manner.taken(response)

    def _note(self, row: sqlite3.Row, answer: str, *, taken: bool) -> None:
        now = epoch(self._clock.now())
        attempts = row["attempts"] + 1
        schedule = self._manners[row["party"]].retry_seconds
        delivered = now if taken else None
        if delivered is not None:
            state, next_at = "delivered", now
        elif attempts <= len(schedule):
            state, next_at = "pending", now + schedule[attempts - 1]
        else:
            state, next_at = "given_up", now
            log.warning("%s gave up on a %s callback after %d attempts", row["party"], row["event"], attempts)
        with self._store.tx():
            self._store.run(
                "UPDATE callbacks SET state = ?, attempts = ?, next_at = ?, delivered_at = ?, last_answer = ? "
                "WHERE id = ?",
                state, attempts, next_at, delivered, answer, row["id"],
            )  # fmt: skip
