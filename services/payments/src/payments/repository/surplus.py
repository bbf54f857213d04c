"""What staff sent back of surpluses, and what is still owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.commands import ReturnSurplus
from payments.domain.deposit import Transfer
from payments.tables import payments, refund_accounts, surplus_transfers

_transfers = surplus_transfers.c


async def find(connection: AsyncConnection, payment_id: UUID, reference: str) -> Transfer | None:
    query = select(_transfers.amount, _transfers.reference, _transfers.transferred_on).where(
        _transfers.payment_id == payment_id, _transfers.reference == reference
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Transfer(*tuple(row))


async def add(connection: AsyncConnection, command: ReturnSurplus, now: datetime) -> None:
    await connection.execute(
        insert(surplus_transfers).values(
            payment_id=command.payment_id,
            reference=command.reference,
            amount=command.amount,
            transferred_on=command.transferred_on,
            recorded_by=command.by,
            recorded_at=now,
        )
    )


async def owed(connection: AsyncConnection, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Payments with a surplus that was not sent back, by id; one whose account still waits is among them."""
    table = payments.c
    named = exists().where(refund_accounts.c.payment_id == table.id).label("account_named")
    query = select(
        table.id, table.order_id, table.order_number, table.mall_id, table.status, table.currency, table.surplus,
        table.surplus_returned, table.updated_at, named,
    ).where(table.surplus > table.surplus_returned)  # fmt: skip
    if after is not None:
        query = query.where(table.id > after)
    return (await connection.execute(query.order_by(table.id).limit(limit))).all()
