"""The named points at which a process can be hit, patched into the plumbing from outside: the product knows of none.

Kills itself there (SIGKILL), unless the wish says `do`: "stop" (SIGSTOP), "sleep" with `seconds`, or "raise":

    before_commit                of a transaction with events or of a message, all written (`where`: message, request)
    after_commit_before_wake     committed, the relay not told
    before_send                  the relay has rows in hand and believes in its lease
    after_ack_before_delete      the broker has the events, their rows are still in the outbox
    mid_batch                    after the first handler of a batch of several
    after_effects_before_offset  effects committed, the offset not

    slow_handler     sleeps `seconds` in the open transaction; with `block` the whole process stands still
    handler_fails    raises; `type` and `key` narrow it down; with `permanent` such that it can never be handled
    clock_skew       stands: `seconds` are added to what the process takes for now
    rebalance_timeout, next_version    stand, and are read when the process starts

All but kills can be rationed by `share` (0 to 1) of the hits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextvars import ContextVar
from typing import Any

from sqlalchemy import text
from tests.chaos.faultbox import FaultBox, Wish
from tests.chaos.patching import patch

from common import db, outbox, processing, relay
from common.errors import PermanentFailure

KILL_POINTS = (
    "before_commit",
    "after_commit_before_wake",
    "after_ack_before_delete",
    "mid_batch",
    "after_effects_before_offset",
)  # fmt: skip

_in_message: ContextVar[bool] = ContextVar("in_message", default=False)
_batch: ContextVar[int] = ContextVar("batch", default=0)


class FaultInjected(Exception):
    """Raised where a scenario wished for an error."""


class Points:
    """The points of one process of `service`."""

    def __init__(self, box: FaultBox, service: str) -> None:
        self._box = box
        self._service = service

    def install(self) -> None:
        """Call before the service is imported."""
        self._transactions()
        self._wakes()
        self._relay()
        self._processor()

    async def hit(self, point: str, **seen: str) -> None:
        wish = self._box.take(self._service, point, **seen)
        if wish is not None:
            await self._act(wish)

    def hit_now(self, point: str, **seen: str) -> None:
        """Where nothing can be awaited: kills only."""
        if self._box.take(self._service, point, **seen) is not None:
            os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    async def _act(wish: Wish) -> None:
        if random.random() > wish.get("share", 1):
            return
        match wish.get("do", "kill"):
            case "sleep":
                await asyncio.sleep(wish["seconds"])
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "raise":
                raise FaultInjected("as the scenario wished")
            case _:
                os.kill(os.getpid(), signal.SIGKILL)

    def _fail(self, wish: Wish, wire_type: str) -> None:
        if wish.get("permanent"):
            raise PermanentFailure("chaos", f"{self._service} can never handle this {wire_type}")
        raise FaultInjected(f"{self._service} cannot handle {wire_type} now")

    def _transactions(self) -> None:
        """`outbox.append` is the last statement of a transaction with events; others end where their block does."""
        append, original = outbox.append, db.Database.transaction

        async def appended(connection: Any, events: Sequence[outbox.PendingEvent]) -> None:
            await append(connection, events)
            where = "message" if _in_message.get() else "request"
            await self.hit("before_commit", topic=events[0].topic, type=events[0].type, where=where)

        @contextlib.asynccontextmanager
        async def transaction(database: db.Database) -> AsyncIterator[db.Tx]:
            async with original(database) as tx:
                yield tx
                if _in_message.get() and not tx.pending:
                    await self.hit("before_commit", where="message")

        patch(outbox, "append", appended)
        patch(db.Database, "transaction", transaction)

    def _wakes(self) -> None:
        points = self

        class OnOutbox:
            """Stands for the attribute that the runtime sets."""

            def __set__(self, database: db.Database, call: Callable[[frozenset[int]], None]) -> None:
                def wake(shards: frozenset[int]) -> None:
                    points.hit_now("after_commit_before_wake")
                    call(shards)

                database.__dict__["on_outbox"] = wake

            def __get__(self, database: db.Database | None, _owner: Any = None) -> Any:
                return self if database is None else database.__dict__["on_outbox"]

        db.Database.on_outbox = OnOutbox()  # type: ignore[assignment]  # an attribute of instances until now

    def _relay(self) -> None:
        original = relay.Relay._send_shard

        async def send_shard(own: relay.Relay, rows: Sequence[Any]) -> int:
            await self.hit("before_send", topic=rows[0]["topic"])
            sent = await original(own, rows)
            if sent:
                await self.hit("after_ack_before_delete", topic=rows[0]["topic"])
            return sent

        patch(relay.Relay, "_send_shard", send_shard)

    def _processor(self) -> None:
        processor = processing.PartitionProcessor
        settle, handle, process, alone = (
            processor._settle, processor._handle, processor.process, processor._process_alone,
        )  # fmt: skip
        created = processor.__init__

        def init(own: Any, database: db.Database, handlers: Any, *, group: str, limit: Any) -> None:
            created(own, database, handlers, group=group, limit=limit)
            self._box.tell_handlers(group, [event.type for event in handlers])

        async def settled(own: Any, items: Sequence[Any], tx: db.Tx) -> None:
            _batch.set(len(items))
            await settle(own, items, tx)

        async def handled(
            own: Any, wire_type: str, topic: str, value: bytes | None, headers: dict[str, str], tx: db.Tx
        ) -> None:
            seen = {"type": wire_type, "topic": topic, "key": headers.get("ce_partitionkey", "")}
            if (wish := self._box.take(self._service, "slow_handler", **seen)) is not None:
                await _dawdle(wish)
            if (wish := self._box.take(self._service, "handler_fails", **seen)) is not None:
                self._fail(wish, wire_type)
            await handle(own, wire_type, topic, value, headers, tx)
            await _witness(tx, own._group, headers["ce_id"])
            if _batch.get() > 1:
                await self.hit("mid_batch", **seen)

        async def processed(own: Any, records: Sequence[Any]) -> None:
            _in_message.set(True)
            await process(own, records)
            await self.hit("after_effects_before_offset", topic=records[0].topic)

        async def processed_alone(own: Any, item: Any) -> None:
            _batch.set(1)
            await alone(own, item)

        patch(processor, "__init__", init)
        patch(processor, "_settle", settled)
        patch(processor, "_handle", handled)
        patch(processor, "process", processed)
        patch(processor, "_process_alone", processed_alone)


async def _dawdle(wish: Wish) -> None:
    if wish.get("block"):
        time.sleep(wish["seconds"])  # noqa: ASYNC251 - the point of it: heartbeats stand still too
    else:
        await asyncio.sleep(wish["seconds"])


_WITNESS = text("INSERT INTO chaos.handled (grp, event_id) VALUES (:grp, CAST(:event_id AS uuid))")


async def _witness(tx: db.Tx, group: str, event_id: str) -> None:
    """In the handler's own transaction: so the history knows how often each event really had its effect."""
    await tx.connection.execute(_WITNESS, {"grp": group, "event_id": event_id})
