"""The ledger: journals go in, balances are always counted, and the books can be checked against the payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids
from payments.domain.ledger import Journal
from payments.tables import journals, postings


async def post(connection: AsyncConnection, made: Iterable[Journal], now: datetime) -> None:
    """Raises `IntegrityError` for a movement that was posted before."""
    for journal in made:
        journal_id = ids.derived_id("journal", journal.ref)
        await connection.execute(
            insert(journals).values(
                id=journal_id,
                ref=journal.ref,
                kind=journal.kind,
                payment_id=journal.payment_id,
                order_id=journal.order_id,
                currency=journal.currency,
                posted_at=now,
            )
        )
        await connection.execute(
            insert(postings),
            [
                {"journal_id": journal_id, "position": position, "account": posting.account, "amount": posting.amount}
                for position, posting in enumerate(journal.postings)
            ],
        )


async def of_order(
    connection: AsyncConnection, order_id: UUID
) -> Sequence[Row[str, str, UUID, str, datetime, str, int]]:
    """Rows of (ref, kind, payment_id, currency, posted_at, account, amount), in the order of posting."""
    rows = await connection.execute(
        select(
            journals.c.ref, journals.c.kind, journals.c.payment_id, journals.c.currency, journals.c.posted_at,
            postings.c.account, postings.c.amount,
        )
        .join(postings, postings.c.journal_id == journals.c.id)
        .where(journals.c.order_id == order_id)
        .order_by(journals.c.posted_at, journals.c.ref, postings.c.position)
    )  # fmt: skip
    return rows.all()


async def balances(connection: AsyncConnection, order_id: UUID | None = None) -> dict[tuple[str, str], int]:
    """By account and currency; of one order, or of all."""
    query = (
        select(postings.c.account, journals.c.currency, func.sum(postings.c.amount).label("balance"))
        .join(journals, journals.c.id == postings.c.journal_id)
        .group_by(postings.c.account, journals.c.currency)
    )
    if order_id is not None:
        query = query.where(journals.c.order_id == order_id)
    rows = await connection.execute(query)
    return {(row.account, row.currency): int(row.balance) for row in rows}


# What the books must say of every payment, derived from its state and its refunds alone.
_WRONG = """
WITH given AS (
    SELECT payment_id,
           coalesce(sum(amount) FILTER (WHERE status = 'done'), 0) AS done,
           coalesce(sum(amount) FILTER (
               WHERE status IN ('requested', 'needs_account', 'executing', 'unknown')), 0) AS pending
    FROM refunds GROUP BY payment_id
), booked AS (
    SELECT j.payment_id,
           coalesce(sum(p.amount) FILTER (WHERE p.account LIKE 'provider_receivable:%'), 0) AS receivable,
           coalesce(sum(p.amount) FILTER (WHERE p.account = 'customer_payments'), 0) AS customer,
           coalesce(sum(p.amount) FILTER (WHERE p.account = 'refunds_payable'), 0) AS payable
    FROM journals j JOIN postings p ON p.journal_id = j.id GROUP BY j.payment_id
), compared AS (
    SELECT y.id, y.status, y.amount, coalesce(g.done, 0) AS done, coalesce(g.pending, 0) AS pending,
           coalesce(b.receivable, 0) AS receivable, coalesce(b.customer, 0) AS customer,
           coalesce(b.payable, 0) AS payable,
           CASE WHEN y.status IN ('confirmed', 'partially_refunded', 'refunded') THEN y.amount ELSE 0 END AS received
    FROM payments y LEFT JOIN given g ON g.payment_id = y.id LEFT JOIN booked b ON b.payment_id = y.id
)
SELECT id AS payment_id, status, amount, done, pending, receivable, customer, payable,
       CASE WHEN receivable <> received - done THEN 'receivable'
            WHEN -customer <> received - done - pending THEN 'customer_payments'
            WHEN -payable <> pending THEN 'refunds_payable'
            ELSE 'status' END AS wrong
FROM compared
WHERE receivable <> received - done
   OR -customer <> received - done - pending
   OR -payable <> pending
   OR (status = 'refunded') <> (received > 0 AND done = received)
   OR (status = 'partially_refunded') <> (done > 0 AND done < received)
ORDER BY id LIMIT 100
"""
_UNBALANCED = """
SELECT journal_id, sum(amount) AS total FROM postings GROUP BY journal_id
HAVING sum(amount) <> 0 OR count(*) < 2 LIMIT 100
"""
_COUNTS = """
SELECT (SELECT count(*) FROM payments) AS payments,
       (SELECT count(*) FROM payments WHERE status IN ('confirmed', 'partially_refunded', 'refunded')) AS confirmed,
       (SELECT count(*) FROM payments WHERE status IN ('created', 'confirming', 'unknown')) AS unsettled,
       (SELECT count(*) FROM payments WHERE attention IS NOT NULL) AS attention,
       (SELECT count(*) FROM refunds WHERE status = 'done') AS refunds_done,
       (SELECT count(*) FROM refunds
         WHERE status IN ('requested', 'needs_account', 'executing', 'unknown')) AS refunds_pending,
       (SELECT count(*) FROM refunds WHERE status = 'refused') AS refunds_refused,
       (SELECT count(*) FROM journals) AS journals,
       (SELECT count(*) FROM provider_callbacks WHERE status = 'received') AS callbacks_waiting,
       (SELECT count(*) FROM provider_callbacks WHERE status = 'refused') AS callbacks_refused
"""


async def wrong_payments(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """Payments whose books say something else than their state; at most 100."""
    return (await connection.execute(text(_WRONG))).all()


async def unbalanced_journals(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """Journals that do not sum to zero: there are none as long as the triggers are in place."""
    return (await connection.execute(text(_UNBALANCED))).all()


async def counts(connection: AsyncConnection) -> dict[str, int]:
    row = (await connection.execute(text(_COUNTS))).one()
    return {name: int(value) for name, value in row._mapping.items()}  # noqa: SLF001 - the row as a mapping
