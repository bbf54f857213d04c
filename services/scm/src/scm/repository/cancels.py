"""What was asked to be stopped, and the answer. A cancel is known by its id for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.commands import CancelUnits, StopOrder
from scm.domain.cancel import Cancel, CancelState, Refusal
from scm.tables import cancels


async def find(connection: AsyncConnection, cancel_id: UUID) -> Cancel | None:
    row = (await connection.execute(select(cancels).where(cancels.c.cancel_id == cancel_id))).one_or_none()
    return None if row is None else _cancel(row)


async def put(connection: AsyncConnection, cancel: Cancel, now: datetime) -> None:
    stop, decided_at = cancel.stop, None if cancel.state is CancelState.PENDING else now
    changing = {
        "state": cancel.state.value,
        "final": stop.final,
        "answer": cancel.answer.value if cancel.answer else None,
        "short": dict(cancel.short),
        "decided_at": decided_at,
    }
    await connection.execute(
        insert(cancels)
        .values(
            cancel_id=stop.cancel_id,
            order_id=stop.order_id,
            claim_id=stop.claim_id,
            mall_id=stop.mall_id,
            whole=stop.whole,
            lines=[{"line_id": str(line.line_id), "quantity": line.quantity} for line in stop.lines],
            reason=stop.reason,
            requested_at=now,
            **changing,
        )
        .on_conflict_do_update(index_elements=["cancel_id"], set_=changing)
    )


async def make_final(connection: AsyncConnection, cancel_id: UUID) -> None:
    """Nobody waits for the answer any more."""
    await connection.execute(update(cancels).where(cancels.c.cancel_id == cancel_id).values(final=True))


async def pending(connection: AsyncConnection, order_id: UUID, claim_id: UUID | None) -> list[StopOrder]:
    """Oldest first. Without a claim those of the order's own goods, never those of its exchanges."""
    return await _stops(connection, order_id, claim_id, CancelState.PENDING)


async def accepted(connection: AsyncConnection, order_id: UUID, claim_id: UUID | None) -> list[StopOrder]:
    """As `pending`."""
    return await _stops(connection, order_id, claim_id, CancelState.ACCEPTED)


async def _stops(
    connection: AsyncConnection, order_id: UUID, claim_id: UUID | None, state: CancelState
) -> list[StopOrder]:
    rows = await connection.execute(
        select(cancels)
        .where(cancels.c.order_id == order_id, cancels.c.claim_id == claim_id, cancels.c.state == state.value)
        .order_by(cancels.c.requested_at, cancels.c.cancel_id)
    )
    return [_cancel(row).stop for row in rows]


def _cancel(row: Row[Any]) -> Cancel:
    stop = StopOrder(
        cancel_id=row.cancel_id,
        order_id=row.order_id,
        mall_id=row.mall_id,
        whole=row.whole,
        lines=tuple(CancelUnits(UUID(line["line_id"]), line["quantity"]) for line in row.lines),
        reason=row.reason,
        final=row.final,
        claim_id=row.claim_id,
    )
    answer = Refusal(row.answer) if row.answer else None
    return Cancel(stop, CancelState(row.state), answer, short=tuple(row.short.items()))
