"""Accounts of a day as providers gave them, and how our ledger differs from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids
from common.clock import SEOUL
from payments.domain.settlement import Compared, Difference, Entry, Line
from payments.tables import settlement_differences, settlements

_differences = settlement_differences.c
# What the ledger says was taken or given back on the day, and whatever else of it the provider names.
_ENTRIES = """
SELECT j.ref, CASE j.kind WHEN 'received' THEN 'payment' ELSE 'cancel' END AS kind, p.id AS payment_id, p.order_id,
       coalesce(p.provider_key, '') AS key, coalesce(r.provider_reference, '') AS reference,
       coalesce(r.amount, p.amount) AS amount, p.currency,
       j.posted_at >= :start AND j.posted_at < :stop AND p.status <> 'reversed' AS due,
       EXISTS (SELECT 1 FROM journals s WHERE s.ref = 'settled:' || j.ref) AS settled
FROM payments p
JOIN journals j ON j.payment_id = p.id AND j.kind IN ('received', 'refund_paid', 'refund_found')
LEFT JOIN refunds r ON r.payment_id = p.id AND j.ref IN ('refund_paid:' || r.id, 'refund_found:' || r.id)
WHERE p.provider = :provider AND p.merchant = :merchant
  AND (p.provider_key = ANY(:keys) OR (j.posted_at >= :start AND j.posted_at < :stop))
ORDER BY j.posted_at, j.ref
"""


async def entries(
    connection: AsyncConnection, provider: str, merchant: str, day: date, keys: Iterable[str]
) -> list[Entry]:
    start = datetime.combine(day, datetime.min.time(), SEOUL)
    values = {
        "provider": provider, "merchant": merchant, "keys": sorted(set(keys)),
        "start": start, "stop": start + timedelta(days=1),
    }  # fmt: skip
    return [Entry(**dict(row._mapping)) for row in await connection.execute(text(_ENTRIES), values)]  # noqa: SLF001


async def taken_at(connection: AsyncConnection, provider: str, merchant: str, day: date) -> datetime | None:
    table = settlements.c
    found: datetime | None = await connection.scalar(
        select(table.taken_at).where(table.provider == provider, table.merchant == merchant, table.day == day)
    )
    return found


async def keep(
    connection: AsyncConnection, provider: str, merchant: str, day: date, lines: Sequence[Line], *, now: datetime
) -> None:
    """The newest account of a day counts."""
    values = {
        "lines": len(lines),
        "payments_amount": sum(line.amount for line in lines if line.kind == "payment"),
        "cancels_amount": sum(line.amount for line in lines if line.kind == "cancel"),
        "fee": sum(line.fee for line in lines),
        "payout": sum(line.payout for line in lines),
        "taken_at": now,
    }
    row = upsert(settlements).values(provider=provider, merchant=merchant, day=day, **values)
    await connection.execute(row.on_conflict_do_update(index_elements=["provider", "merchant", "day"], set_=values))


async def differ(
    connection: AsyncConnection, provider: str, merchant: str, day: date, compared: Compared, *, now: datetime
) -> None:
    """Keeps what differs; what differed before and does no more is resolved, not deleted."""
    await connection.execute(
        update(settlement_differences)
        .where(
            _differences.provider == provider, _differences.merchant == merchant, _differences.day == day,
            _differences.resolved_at.is_(None),
        )
        .values(resolved_at=now)
    )  # fmt: skip
    for difference in compared.differences:
        await _keep_difference(connection, (provider, merchant, day), difference, now)


async def _keep_difference(
    connection: AsyncConnection, place: tuple[str, str, date], difference: Difference, now: datetime
) -> None:
    named = {
        "provider": place[0], "merchant": place[1], "day": place[2], "kind": difference.kind, "what": difference.what,
        "provider_key": difference.key, "reference": difference.reference,
    }  # fmt: skip
    seen = {"payment_id": difference.payment_id, "ours": difference.ours, "theirs": difference.theirs}
    row = upsert(settlement_differences).values(id=ids.new_id(), found_at=now, resolved_at=None, **named, **seen)
    await connection.execute(row.on_conflict_do_update(index_elements=list(named), set_={**seen, "resolved_at": None}))


async def of_day(connection: AsyncConnection, day: date) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
    """The accounts of the day, and the differences found in them."""
    taken = await connection.execute(
        select(settlements).where(settlements.c.day == day).order_by(settlements.c.provider, settlements.c.merchant)
    )
    found = await connection.execute(
        select(settlement_differences).where(_differences.day == day).order_by(_differences.id)
    )
    return taken.all(), found.all()
