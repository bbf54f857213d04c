"""Misbehaviour on request: the next `count` matching calls or callbacks go wrong in the way asked for."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.clock import Clock, epoch, within
from sandbox.store import Store

Kind = Literal[
    "error", "timeout", "drop_after_effect", "delay", "http_500",
    "duplicate_callbacks", "late_callbacks", "reorder_callbacks", "no_callbacks",
]  # fmt: skip
Mode = Literal["close", "http_500", "withhold"]
CALL_KINDS = ("error", "timeout", "drop_after_effect", "delay", "http_500")
CALLBACK_KINDS = ("duplicate_callbacks", "late_callbacks", "reorder_callbacks", "no_callbacks")
DEFAULT_SECONDS = {"timeout": 60.0, "delay": 3.0, "late_callbacks": 30.0, "reorder_callbacks": 2.0}


@dataclass(frozen=True)
class Fault:
    id: int
    party: str
    operation: str
    kind: Kind
    total: int
    remaining: int
    seconds: float | None
    code: str | None
    mode: Mode
    first_at: float | None

    @property
    def wait(self) -> float:
        return DEFAULT_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    @property
    def index(self) -> int:
        """Which of its hits this one is, from 0."""
        return self.total - self.remaining - 1


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(**{name: row[name] for name in Fault.__dataclass_fields__})


class Faults:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, order: "FaultOrder") -> Fault:
        with self._store.tx():
            self._store.run(
                "INSERT INTO faults (party, operation, kind, total, remaining, seconds, code, mode) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                order.party, order.operation, order.kind, order.count, order.count, order.seconds, order.code,
                order.mode,
            )  # fmt: skip
            row = self._store.row("SELECT * FROM faults ORDER BY id DESC LIMIT 1")
        if row is None:
            raise RuntimeError("the fault just written is gone")
        return _fault(row)

    def all(self) -> list[Fault]:
        return [_fault(row) for row in self._store.rows("SELECT * FROM faults ORDER BY id")]

    def clear(self, fault_id: int | None = None) -> int:
        if fault_id is None:
            return self._store.run("DELETE FROM faults")
        return self._store.run("DELETE FROM faults WHERE id = ?", fault_id)

    def take(self, party: str, operation: str, kinds: tuple[str, ...]) -> Fault | None:
        """The oldest fault that matches, used up by one; None when all goes well."""
        with self._store.tx():
            for row in self._store.rows(
                "SELECT * FROM faults WHERE party = ? AND operation IN (?, '*') AND remaining > 0 ORDER BY id",
                party, operation,
            ):  # fmt: skip
                if row["kind"] in kinds:
                    now = epoch(self._clock.now())
                    self._store.run(
                        "UPDATE faults SET remaining = remaining - 1, first_at = coalesce(first_at, ?) WHERE id = ?",
                        now, row["id"],
                    )  # fmt: skip
                    used = self._store.row("SELECT * FROM faults WHERE id = ?", row["id"])
                    return _fault(used) if used else None
        return None

    async def around(
        self,
        party: str,
        operation: str,
        *,
        effect: Callable[[], Response],
        refuse: Callable[[str | None], Response],
    ) -> Response:
        """Run `effect`, unless a fault says otherwise. `refuse(code)` is the party's own way to answer an error."""
        fault = self.take(party, operation, CALL_KINDS)
        if fault is None:
            return effect()
        if fault.kind == "delay":
            await self._clock.sleep(fault.wait)
            return effect()
        if fault.kind == "drop_after_effect":
            effect()
            return self._lost(fault)
        if fault.kind == "error":
            return refuse(fault.code)
        if fault.kind == "http_500":
            return PlainTextResponse("Internal Server Error", 500)
        return Silence(self._clock, fault.wait)

    def _lost(self, fault: Fault) -> Response:
        if fault.mode == "http_500":
            return PlainTextResponse("Internal Server Error", 500)
        if fault.mode == "withhold":
            return Silence(self._clock, fault.wait or DEFAULT_SECONDS["timeout"])
        return Silence(self._clock, 0.0)


class Silence(Response):
    """No usable answer: waits, then cuts the connection. Uvicorn closes it when a body promised never comes."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__(status_code=200)
        self._clock = clock
        self._seconds = seconds

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        if self._seconds > 0:
            try:
                await within(self._clock, _hung_up(receive), self._seconds)
            except TimeoutError:
                pass
            else:
                return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1048576")]})


async def _hung_up(receive: Receive) -> None:
    """Until the caller has gone away."""
    kind = ""
    while kind != "http.disconnect":
        kind = (await receive())["type"]


class FaultOrder(BaseModel):
    party: Literal["toss", "kakaopay", "inicis", "portone", "portone_v1", "solapi", "logistics"]
    operation: str = Field("*", description="an operation's or a callback's name, `*` = any of this party")
    kind: Kind
    count: int = Field(1, ge=1, le=100000)
    seconds: float | None = Field(None, ge=0, description="how long or how late; also the gap between duplicates")
    code: str | None = Field(None, description="for `error`: the party's own code")
    mode: Mode = Field("close", description="for `drop_after_effect`: how the answer is lost")


def router(faults: Faults) -> APIRouter:
    api = APIRouter(prefix="/_sandbox/faults", tags=["faults"])

    @api.post("", status_code=201)
    async def add(order: FaultOrder) -> Fault:
        """The next `count` matching calls of the party go wrong."""
        return faults.add(order)

    @api.get("")
    async def listed() -> list[Fault]:
        return faults.all()

    @api.delete("")
    async def clear() -> dict[str, int]:
        return {"cleared": faults.clear()}

    @api.delete("/{fault_id}")
    async def clear_one(fault_id: int) -> dict[str, int]:
        return {"cleared": faults.clear(fault_id)}

    return api
