"""Counters of stock, and the movements they can be rebuilt from. A counter and its movement change in one statement."""

# ruff: noqa: S608 - only constants of this file are put into texts; what callers send is bound
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.domain.stock import Level, Move, Reason

# An open pre-order counts, a closed one does not.
_PREORDER = "CASE WHEN preorder_open THEN preorder_limit ELSE 0 END"
# Of pending movements: what a centre is short of was bought by nobody.
_SOLD = "coalesce(-sum(delta_on_hand) FILTER (WHERE reason <> 'shortage'), 0)"
_COUNTERS = f"sku, mall_id, on_hand, reserved, sold, {_PREORDER} AS preorder"

_RESERVE = text(
    "WITH changed AS (UPDATE stock SET reserved = reserved + :units"
    "  WHERE sku = :sku AND mall_id = coalesce(CAST(:mall_id AS text), mall_id)"
    "  AND (NOT preorder_open AND on_hand - reserved >= :units"
    f"   OR preorder_open AND on_hand - reserved + preorder_limit >= :units) RETURNING {_COUNTERS}),"
    " noted AS (INSERT INTO stock_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
    "  SELECT sku, 0, :units, 'reserved', :reference, :now FROM changed)"
    " SELECT * FROM changed"
)
_ADD = text(
    "WITH changed AS (UPDATE stock SET on_hand = on_hand + :units WHERE sku = :sku"
    f"  RETURNING {_COUNTERS}),"
    " noted AS (INSERT INTO stock_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
    "  SELECT sku, :units, 0, :reason, :reference, :now FROM changed)"
    " SELECT * FROM changed"
)
_POSTPONE = text(
    "INSERT INTO pending_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
    " SELECT m.*, :reference, :now FROM unnest(CAST(:skus AS text[]), CAST(:on_hand AS bigint[]),"
    " CAST(:reserved AS bigint[]), CAST(:reasons AS text[])) AS m"
)
_POST = text(
    "WITH due AS (DELETE FROM pending_movements WHERE sku = :sku"
    "  RETURNING id, sku, delta_on_hand, delta_reserved, reason, reference, at),"
    " noted AS (INSERT INTO stock_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
    "  SELECT sku, delta_on_hand, delta_reserved, reason, reference, at FROM due ORDER BY id),"
    " total AS (SELECT count(*) AS movements, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved,"
    f"  {_SOLD} AS sold, min(reference) AS reference, count(DISTINCT reference) AS causes FROM due)"
    " UPDATE stock SET on_hand = stock.on_hand + total.on_hand, reserved = stock.reserved + total.reserved,"
    "  sold = stock.sold + total.sold FROM total WHERE stock.sku = :sku AND total.movements > 0"
    f" RETURNING stock.sku, mall_id, stock.on_hand, stock.reserved, stock.sold, {_PREORDER} AS preorder,"
    " total.causes, total.reference"
)
_LEVELS = (
    "SELECT s.sku, s.mall_id, s.on_hand + coalesce(p.on_hand, 0) AS on_hand, s.reserved + coalesce(p.reserved, 0) AS"
    " reserved, s.sold + coalesce(p.sold, 0) AS sold,"
    f" {_PREORDER} AS preorder FROM stock s LEFT JOIN LATERAL (SELECT sum(delta_on_hand) AS"
    f" on_hand, sum(delta_reserved) AS reserved, {_SOLD} AS sold FROM pending_movements WHERE sku = s.sku) p ON true"
)
_ON_HAND_AT = text(
    "SELECT s.on_hand"
    " - (SELECT coalesce(sum(delta_on_hand), 0) FROM stock_movements WHERE sku = s.sku AND at > :moment)"
    " + (SELECT coalesce(sum(delta_on_hand), 0) FROM pending_movements WHERE sku = s.sku AND at <= :moment)"
    " + (SELECT coalesce(sum(applied_difference), 0) FROM stock_counts"
    "  WHERE sku = s.sku AND status = 'applied' AND counted_at <= :moment AND applied_at > :moment)"
    " FROM stock s WHERE s.sku = :sku"
)


@dataclass(frozen=True, slots=True)
class Posted:
    """A counter after its pending movements were added. `reference` names their order; None: of several."""

    before: Level
    after: Level
    reference: str | None


def _level(row: Any) -> Level:
    return Level(row.sku, row.mall_id, int(row.on_hand), int(row.reserved), int(row.sold), int(row.preorder))


async def open_counters(connection: AsyncConnection, mall_id: str, skus: Sequence[str]) -> None:
    """New SKUs start with nothing."""
    await connection.execute(
        text("INSERT INTO stock (sku, mall_id) SELECT sku, :mall_id FROM unnest(CAST(:skus AS text[])) AS sku"),
        {"mall_id": mall_id, "skus": list(skus)},
    )


async def reserve(
    connection: AsyncConnection, mall_id: str | None, sku: str, units: int, *, reference: str, now: datetime
) -> Level | None:
    """Takes units if so many are available; None if not, and then nothing changed. `mall_id` None: of any mall.

    The row stays locked until the transaction ends: take several SKUs in sorted order.
    """
    given = {"sku": sku, "mall_id": mall_id, "units": units, "reference": reference, "now": now}
    row = (await connection.execute(_RESERVE, given)).one_or_none()
    return None if row is None else _level(row)


async def add(
    connection: AsyncConnection, sku: str, units: int, *, reason: Reason, reference: str, now: datetime
) -> Level:
    """Adds units on hand, or takes some away after a count. The SKU exists; take several in sorted order."""
    given = {"sku": sku, "units": units, "reason": reason, "reference": reference, "now": now}
    return _level((await connection.execute(_ADD, given)).one())


async def postpone(connection: AsyncConnection, moves: Sequence[Move], *, reference: str, now: datetime) -> None:
    """Notes moves to be added to the counters a moment later, by `post`.

    A consumer's transaction carries many orders in the order in which they come. If it changed the counters itself, two
    of them would meet on popular SKUs in opposite orders and deadlock, and shoppers would wait behind both.
    """
    if not moves:
        return
    await connection.execute(
        _POSTPONE,
        {
            "skus": [move.sku for move in moves],
            "on_hand": [move.delta_on_hand for move in moves],
            "reserved": [move.delta_reserved for move in moves],
            "reasons": [move.reason for move in moves],
            "reference": reference,
            "now": now,
        },
    )


async def pending_skus(connection: AsyncConnection) -> list[str]:
    """SKUs with movements that are not in their counters yet."""
    rows = await connection.scalars(text("SELECT DISTINCT sku FROM pending_movements ORDER BY sku"))
    return list(rows)


async def post(connection: AsyncConnection, sku: str) -> Posted | None:
    """Adds a SKU's pending movements to its counters; None when there are none.

    The counter is locked first, as `reserve` does, so the two never wait for each other in a circle.
    """
    pending = await connection.scalar(
        text("SELECT EXISTS (SELECT 1 FROM pending_movements WHERE sku = :sku)"), {"sku": sku}
    )
    if not pending:
        return None
    before = await lock(connection, sku)
    row = (await connection.execute(_POST, {"sku": sku})).one_or_none()
    if before is None or row is None:
        return None
    return Posted(before, _level(row), row.reference if row.causes == 1 else None)


async def lock(connection: AsyncConnection, sku: str) -> Level | None:
    """The counters as they are, without what is pending, locked until the transaction ends."""
    row = (
        await connection.execute(
            text(f"SELECT {_COUNTERS} FROM stock WHERE sku = :sku FOR NO KEY UPDATE"),
            {"sku": sku},
        )
    ).one_or_none()
    return None if row is None else _level(row)


async def allow_preorder(connection: AsyncConnection, sku: str, limit: int | None) -> Level:
    """Opens a pre-order, or with None closes it. For a counter locked in this transaction."""
    row = await connection.execute(
        text(
            "UPDATE stock SET preorder_limit = coalesce(CAST(:limit AS bigint), preorder_limit),"
            f" preorder_open = (CAST(:limit AS bigint) IS NOT NULL) WHERE sku = :sku RETURNING {_COUNTERS}"
        ),
        {"sku": sku, "limit": limit},
    )
    return _level(row.one())


async def movements(
    connection: AsyncConnection, sku: str, before: tuple[datetime, int] | None, limit: int
) -> list[RowMapping]:
    """What moved a SKU's counters, latest first."""
    at, last = before or (None, None)
    rows = await connection.execute(
        text(
            "SELECT id, delta_on_hand, delta_reserved, reason, reference, at FROM stock_movements WHERE sku = :sku"
            " AND (CAST(:at AS timestamptz) IS NULL OR (at, id) < (:at, CAST(:last AS bigint)))"
            " ORDER BY at DESC, id DESC LIMIT :limit"
        ),
        {"sku": sku, "at": at, "last": last, "limit": limit},
    )
    return list(rows.mappings())


async def levels(connection: AsyncConnection, skus: Iterable[str]) -> dict[str, Level]:
    """The true numbers of the SKUs that exist: counters and pending movements, in one snapshot."""
    rows = await connection.execute(text(f"{_LEVELS} WHERE s.sku = ANY(:skus)"), {"skus": list(skus)})
    return {row.sku: _level(row) for row in rows}


async def on_hand_at(connection: AsyncConnection, sku: str, moment: datetime) -> int:
    """How many units the books had at that moment, as far as is known now.

    What a count of then or earlier found is part of it, though it was corrected later. Reckoned back from the counter:
    the movements since a count are few, those before it are not.
    """
    return int(await connection.scalar(_ON_HAND_AT, {"sku": sku, "moment": moment}) or 0)
