"""Cash receipts, read and written under the gate of their payment's order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.domain.receipt import CASH, CashReceipt, ReceiptStatus
from payments.domain.status import HOLDING
from payments.repository import turns
from payments.repository.seal import Seal
from payments.tables import cash_receipts, payments

_PLAIN = (
    "payment_id", "type", "masked", "automatic", "amount", "attempt", "asks", "receipt_key", "number", "url",
    "failure_code", "next_at", "wanted_at", "issued_at",
)  # fmt: skip
_PURPOSE = "cash-receipts"
_table = cash_receipts.c


async def find(connection: AsyncConnection, payment_id: UUID, seal: Seal | None = None) -> CashReceipt | None:
    """Its identifier only with the seal, and only while it is kept."""
    row = (await connection.execute(select(cash_receipts).where(_table.payment_id == payment_id))).one_or_none()
    return None if row is None else _receipt(row, seal)


async def save(connection: AsyncConnection, receipt: CashReceipt, seal: Seal) -> None:
    values: dict[str, Any] = {name: getattr(receipt, name) for name in _PLAIN} | {"status": receipt.status}
    owner = receipt.payment_id.bytes
    plain = receipt.identifier
    values["identifier"] = None if plain is None else seal.close(_PURPOSE, owner, plain.encode())
    row = upsert(cash_receipts).values(values)
    await connection.execute(row.on_conflict_do_update(index_elements=["payment_id"], set_=values))


async def wake(connection: AsyncConnection, payment_id: UUID, now: datetime) -> None:
    """Money came or went: the receipt is looked at."""
    await connection.execute(
        update(cash_receipts)
        .where(_table.payment_id == payment_id, _table.status.in_(["wanted", "issued"]))
        .values(next_at=now)
    )


async def due(connection: AsyncConnection, now: datetime, *, limit: int) -> Sequence[tuple[UUID, str]]:
    """Payments whose receipt is to be looked at, with their providers."""
    return await turns.due(connection, _table.payment_id, _table.payment_id, _table.next_at, now, limit=limit)


async def unasked(
    connection: AsyncConnection, now: datetime, *, least: int, after: timedelta, limit: int
) -> Sequence[UUID]:
    """Payments in cash of at least so much that nobody asked a receipt for."""
    columns = payments.c
    found = await connection.scalars(
        select(columns.id)
        .where(
            columns.method.in_(sorted(CASH)),
            columns.status.in_(sorted(status.value for status in HOLDING)),
            columns.amount >= least,
            columns.confirmed_at <= now - after,
            ~select(_table.payment_id).where(_table.payment_id == columns.id).exists(),
        )
        .order_by(columns.confirmed_at)
        .limit(limit)
    )
    return found.all()


def _receipt(row: Row[Any], seal: Seal | None) -> CashReceipt:
    identifier = None
    if seal is not None and row.identifier is not None:
        try:
            identifier = seal.open(_PURPOSE, row.payment_id.bytes, row.identifier).decode()
        except InvalidTag:
            identifier = None
    plain = {name: getattr(row, name) for name in _PLAIN}
    return CashReceipt(**plain, identifier=identifier, status=ReceiptStatus(row.status))
