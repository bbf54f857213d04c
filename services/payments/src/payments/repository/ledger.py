"""The ledger: journals go in, and an order's balances are always counted from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids
from payments.domain.ledger import Journal
from payments.tables import journals, postings


async def post(connection: AsyncConnection, made: Iterable[Journal], now: datetime) -> None:
    """Raises `IntegrityError` for a movement that was posted before."""
    for journal in made:
        journal_id = ids.derived_id("journal", journal.ref)
        head = insert(journals).values(
            id=journal_id,
            ref=journal.ref,
            kind=journal.kind,
            payment_id=journal.payment_id,
            order_id=journal.order_id,
            currency=journal.currency,
            posted_at=now,
        )
        entries = [
            {"journal_id": journal_id, "position": position, "account": posting.account, "amount": posting.amount}
            for position, posting in enumerate(journal.postings)
        ]
        await connection.execute(insert(postings).values(entries).add_cte(head.cte("journal")))


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


async def was_odd(connection: AsyncConnection, payment_id: UUID) -> bool:
    """Whether its account ever held another sum than the payment's."""
    found = select(journals.c.id).where(journals.c.payment_id == payment_id, journals.c.kind == "surplus_received")
    return await connection.scalar(found.limit(1)) is not None


async def balances(connection: AsyncConnection, order_id: UUID) -> dict[tuple[str, str], int]:
    """Of one order, by account and currency."""
    rows = await connection.execute(
        select(postings.c.account, journals.c.currency, func.sum(postings.c.amount).label("balance"))
        .join(journals, journals.c.id == postings.c.journal_id)
        .where(journals.c.order_id == order_id)
        .group_by(postings.c.account, journals.c.currency)
    )
    return {(row.account, row.currency): int(row.balance) for row in rows}
