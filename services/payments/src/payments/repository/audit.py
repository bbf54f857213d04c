"""The audit of the books. It looks at what changed since it looked last, and knows all of the rest to be right.

Triggers write down every journal posted (`ledger_uncounted`) and every payment touched (`books_touched`), in the same
transaction. A job counts the ones into running sums, and strikes the others off once their books are right. So the sums
and what is left to look at are always the whole ledger, however little of it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

_TOUCHED = "SELECT payment_id FROM books_touched"
_EVERY = "SELECT id AS payment_id FROM payments"
_THESE = "SELECT unnest(CAST(:ids AS uuid[])) AS payment_id"

# What the books must say of payments, derived from their state and their refunds alone.
_WRONG = """
WITH these AS (SELECT DISTINCT payment_id FROM ({these}) t), given AS (
    SELECT payment_id,
           coalesce(sum(amount) FILTER (WHERE status = 'done'), 0) AS done,
           coalesce(sum(amount) FILTER (WHERE by_hand), 0) AS by_hand,
           coalesce(sum(amount) FILTER (
               WHERE status IN ('requested', 'needs_account', 'executing', 'unknown')), 0) AS pending
    FROM refunds JOIN these USING (payment_id) GROUP BY payment_id
), booked AS (
    SELECT j.payment_id,
           coalesce(sum(p.amount) FILTER (WHERE p.account LIKE 'provider_receivable:%'), 0) AS receivable,
           coalesce(sum(p.amount) FILTER (WHERE p.account = 'customer_payments'), 0) AS customer,
           coalesce(sum(p.amount) FILTER (WHERE p.account = 'refunds_payable'), 0) AS payable,
           coalesce(sum(p.amount) FILTER (WHERE p.account LIKE 'provider_surplus:%'), 0) AS beyond,
           coalesce(sum(p.amount) FILTER (WHERE p.account = 'surplus_owed'), 0) AS owed
    FROM these JOIN journals j USING (payment_id) JOIN postings p ON p.journal_id = j.id GROUP BY j.payment_id
), compared AS (
    SELECT y.id, y.status, y.amount, coalesce(g.done, 0) AS done, coalesce(g.pending, 0) AS pending,
           coalesce(g.by_hand, 0) AS by_hand,
           coalesce(b.receivable, 0) AS receivable, coalesce(b.customer, 0) AS customer,
           coalesce(b.payable, 0) AS payable, coalesce(b.beyond, 0) AS beyond, coalesce(b.owed, 0) AS owed,
           y.surplus, y.surplus_returned,
           CASE WHEN y.status IN ('confirmed', 'partially_refunded', 'refunded') THEN y.amount ELSE 0 END AS received
    FROM these JOIN payments y ON y.id = these.payment_id
    LEFT JOIN given g ON g.payment_id = y.id LEFT JOIN booked b ON b.payment_id = y.id
)
SELECT id AS payment_id, status, amount, done, by_hand, pending, receivable, customer, payable, surplus,
       surplus_returned,
       CASE WHEN receivable <> received - done + by_hand THEN 'receivable'
            WHEN -customer <> received - done - pending THEN 'customer_payments'
            WHEN -payable <> pending THEN 'refunds_payable'
            WHEN beyond <> surplus OR -owed <> surplus - surplus_returned THEN 'surplus'
            ELSE 'status' END AS wrong
FROM compared
WHERE receivable <> received - done + by_hand
   OR -customer <> received - done - pending
   OR -payable <> pending
   OR beyond <> surplus
   OR -owed <> surplus - surplus_returned
   OR (status = 'refunded') <> (received > 0 AND done = received)
   OR (status = 'partially_refunded') <> (done > 0 AND done < received)
ORDER BY id
"""
_UNBALANCED = """
SELECT j.journal_id, coalesce(sum(p.amount), 0) AS total FROM ({these}) j
LEFT JOIN postings p USING (journal_id) GROUP BY j.journal_id
HAVING coalesce(sum(p.amount), 0) <> 0 OR count(p.amount) < 2 LIMIT 100
"""
_RUNNING = """
SELECT account, currency, sum(balance)::bigint AS balance FROM (
    SELECT account, currency, balance FROM ledger_balances
    UNION ALL
    SELECT p.account, j.currency, p.amount FROM ledger_uncounted u
    JOIN journals j ON j.id = u.journal_id JOIN postings p ON p.journal_id = u.journal_id) b
GROUP BY account, currency
"""
_RECOUNTED = """
SELECT p.account, j.currency, sum(p.amount)::bigint AS balance
FROM postings p JOIN journals j ON j.id = p.journal_id GROUP BY p.account, j.currency
"""
_COUNTS = """
WITH kinds AS (
    SELECT kind, sum(journals) AS journals FROM (
        SELECT kind, journals FROM ledger_counted
        UNION ALL SELECT j.kind, 1 FROM ledger_uncounted u JOIN journals j ON j.id = u.journal_id) k
    GROUP BY kind)
SELECT (SELECT coalesce(sum(journals), 0) FROM kinds) AS journals,
       (SELECT coalesce(sum(CASE kind WHEN 'received' THEN journals WHEN 'deposit_reversed' THEN -journals END), 0)
          FROM kinds) AS confirmed,
       (SELECT coalesce(sum(journals), 0) FROM kinds
         WHERE kind IN ('refund_paid', 'refund_by_hand', 'refund_found')) AS refunds_done,
       (SELECT count(*) FROM payments WHERE status IN ('created', 'confirming', 'unknown')) AS unsettled,
       (SELECT count(*) FROM payments WHERE attention IS NOT NULL) AS attention,
       (SELECT count(*) FROM payments WHERE surplus > surplus_returned) AS surpluses,
       (SELECT count(*) FROM refunds
         WHERE status IN ('requested', 'needs_account', 'executing', 'unknown')) AS refunds_pending,
       (SELECT count(*) FROM refunds WHERE status = 'refused') AS refunds_refused,
       (SELECT count(*) FROM provider_callbacks WHERE next_at IS NOT NULL) AS callbacks_waiting,
       (SELECT count(*) FROM provider_callbacks WHERE status = 'refused') AS callbacks_refused,
       (SELECT count(*) FROM ledger_uncounted) AS journals_uncounted,
       (SELECT count(DISTINCT payment_id) FROM books_touched) AS payments_unchecked
"""
# One that does not sum to zero is never counted, so it stays to be seen.
_COUNT = """
WITH due AS (
    SELECT journal_id FROM ledger_uncounted ORDER BY journal_id LIMIT :most FOR UPDATE SKIP LOCKED
), sound AS (
    SELECT journal_id FROM due JOIN postings p USING (journal_id)
    GROUP BY journal_id HAVING sum(p.amount) = 0 AND count(*) >= 2
), gone AS (
    DELETE FROM ledger_uncounted u USING sound s WHERE u.journal_id = s.journal_id RETURNING u.journal_id
), summed AS (
    INSERT INTO ledger_balances AS b (account, currency, balance)
    SELECT p.account, j.currency, sum(p.amount) FROM gone g
    JOIN journals j ON j.id = g.journal_id JOIN postings p ON p.journal_id = g.journal_id
    GROUP BY p.account, j.currency ORDER BY p.account, j.currency
    ON CONFLICT (account, currency) DO UPDATE SET balance = b.balance + excluded.balance
), counted AS (
    INSERT INTO ledger_counted AS c (kind, journals)
    SELECT j.kind, count(*) FROM gone g JOIN journals j ON j.id = g.journal_id GROUP BY j.kind ORDER BY j.kind
    ON CONFLICT (kind) DO UPDATE SET journals = c.journals + excluded.journals
)
SELECT count(*) FROM gone
"""


async def count_journals(connection: AsyncConnection, *, most: int) -> int:
    """Counts journals into the running sums. Returns how many."""
    return int(await connection.scalar(text(_COUNT), {"most": most}) or 0)


async def strike_off(connection: AsyncConnection, *, most: int) -> int:
    """Forgets touches of payments whose books are right. Returns how many were looked at.

    What a transaction still open has touched is not seen here, and stays for the next turn.
    """
    query = "SELECT id, payment_id FROM books_touched ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED"
    due = (await connection.execute(text(query), {"most": most})).all()
    payment_ids = sorted({row.payment_id for row in due})
    wrong = {row.payment_id for row in await _wrong(connection, _THESE, ids=payment_ids)}
    right = [row.id for row in due if row.payment_id not in wrong]
    await connection.execute(text("DELETE FROM books_touched WHERE id = ANY(:ids)"), {"ids": right})
    return len(due)


async def wrong_payments(connection: AsyncConnection, *, every: bool = False) -> Sequence[Row[Any]]:
    """Payments whose books say something else than their state; at most 100."""
    return (await _wrong(connection, _EVERY if every else _TOUCHED))[:100]


async def unbalanced_journals(connection: AsyncConnection, *, every: bool = False) -> Sequence[Row[Any]]:
    """Journals that do not sum to zero: there are none as long as the triggers are in place."""
    these = "SELECT id AS journal_id FROM journals" if every else "SELECT journal_id FROM ledger_uncounted"
    return (await connection.execute(text(_UNBALANCED.format(these=these)))).all()


async def balances(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """By account and currency, of all orders."""
    rows = await connection.execute(text(_RUNNING))
    return {(row.account, row.currency): int(row.balance) for row in rows}


async def sums_agree(connection: AsyncConnection) -> bool:
    """Whether the running sums are those of the whole ledger, both at one moment."""
    differ = f"""SELECT EXISTS (SELECT FROM ({_RUNNING}) r FULL JOIN ({_RECOUNTED}) f USING (account, currency)
                 WHERE r.balance IS DISTINCT FROM f.balance)"""  # noqa: S608 - our own words
    return not await connection.scalar(text(differ))


async def counts(connection: AsyncConnection) -> dict[str, int]:
    row = (await connection.execute(text(_COUNTS))).one()
    return {name: int(value) for name, value in row._mapping.items()}  # noqa: SLF001 - the row as a mapping


async def _wrong(connection: AsyncConnection, these: str, ids: Sequence[UUID] = ()) -> Sequence[Row[Any]]:
    values = {"ids": list(ids)} if these == _THESE else {}
    return (await connection.execute(text(_WRONG.format(these=these)), values)).all()
