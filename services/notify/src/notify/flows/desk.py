"""Around sending: taking in hand before it, writing down after it, outside of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from common import log
from common.clock import Clock
from common.db import Database, is_transient
from common.telemetry import extract
from notify import handlers
from notify.commands import Settle, TakeDue
from notify.domain.delivery import Channel, Policy, Task
from notify.domain.outcomes import Accepted, Delivered, Outcome, Retry
from notify.handlers import Work

_tracer = trace.get_tracer("shop.notify")

_log = log.get(__name__)

_MOST_WAIT_SECONDS = 2.0
_TOO_LATE = Retry("lease_nearly_over")


class Desk:
    """`after` is called when a delivery was written down, to look at once for what may follow it."""

    def __init__(self, database: Database, policy: Policy, *, batch: int, after: Callable[[], None]) -> None:
        self._database = database
        self._policy = policy
        self._batch = batch
        self._after = after

    @property
    def clock(self) -> Clock:
        return self._database.clock

    async def take(self, *channels: Channel) -> list[Work]:
        """Deliveries that are ours until their lease ends. Those there is no use in are closed here."""
        command = TakeDue(tuple(channels), self._batch)
        async with self._database.alone() as connection:
            taken = await handlers.take_due(command, self._policy, connection, self.clock.now())
        if taken:
            self._after()
        closing = [(work, work.claim.close_as) for work in taken if work.claim.close_as is not None]
        if closing:
            await self.write_down(*closing)
        return [work for work in taken if work.claim.task is not Task.CLOSE]

    def late(self, work: Work, seconds: float) -> Outcome | None:
        """Whether a call of so many seconds might outlive the lease; then another may already hold the delivery."""
        due_at = work.delivery.due_at
        left = (due_at - self.clock.now()).total_seconds() if due_at is not None else 0
        return _TOO_LATE if left <= seconds else None

    async def write_down(self, *ended: tuple[Work, Outcome]) -> None:
        """All that are as they were taken in one transaction, the others in a second. What a crash leaves out is found
        `sending` later.

        While the database is away it keeps trying until the lease is over: what has left and is not written down
        costs a question to the provider, or a second copy of a mail.
        """
        commands = [Settle(work.delivery, work.message, outcome) for work, outcome in ended]
        wait = 0.1
        while True:
            try:
                await self._settle(commands)
            except Exception as error:
                if not is_transient(error) or any(self.late(work, wait) for work, _ in ended):
                    raise
                _log.warning("outcomes cannot be written down now", count=len(commands), error=type(error).__name__)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _MOST_WAIT_SECONDS)
            else:
                return

    async def _settle(self, commands: Sequence[Settle]) -> None:
        if all(isinstance(command.outcome, Accepted) for command in commands):
            async with self._database.alone() as connection:
                left = await handlers.settle_accepted(commands, self._policy, connection, self.clock.now())
        else:
            async with self._database.transaction() as tx:
                left = await handlers.settle(commands, self._policy, tx)
        if left:
            async with self._database.transaction() as tx:
                await handlers.settle_with_siblings(left, self._policy, tx)


def begin(work: Work) -> trace.Span:
    """A span in the trace of the event that caused the message."""
    delivery, message = work.delivery, work.message
    return _tracer.start_span(
        f"{work.claim.task} {delivery.channel}",
        context=extract(message.trace if message is not None else {}),
        kind=SpanKind.CLIENT,
        record_exception=False,
        attributes={
            "shop.delivery.id": str(delivery.id),
            "shop.message.kind": message.kind.value if message is not None else "",
            "shop.delivery.attempt": delivery.attempts,
        },
    )


def end(span: trace.Span, outcome: Outcome) -> None:
    """Ends the span with how it went."""
    span.set_attribute("shop.delivery.outcome", type(outcome).__name__.lower())
    if not isinstance(outcome, Accepted | Delivered):
        span.set_status(Status(StatusCode.ERROR, getattr(outcome, "code", "")))
    span.end()


def slices(works: Sequence[Work], count: int) -> list[list[Work]]:
    """The works dealt out to at most `count` hands."""
    dealt = [list(works[start::count]) for start in range(min(count, len(works)))]
    return [hand for hand in dealt if hand]
