"""Transfers from the mall's account, whatever they were made for: one is written down for one payment."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.domain.deposit import Transfer
from payments.tables import refund_transfers, surplus_transfers

_LOCK_SEED = 6_010_001


async def is_anothers(connection: AsyncConnection, transfer: Transfer, payment_id: UUID) -> bool:
    """Whether the transfer of this name and day was made for another payment. Nobody writes it down meanwhile."""
    name = f"{transfer.transferred_on} {transfer.reference}"
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, _LOCK_SEED))))
    others = [
        select(literal(1)).where(
            table.c.reference == transfer.reference,
            table.c.transferred_on == transfer.transferred_on,
            table.c.payment_id != payment_id,
        )
        for table in (surplus_transfers, refund_transfers)
    ]
    return (await connection.execute(union_all(*others).limit(1))).first() is not None
