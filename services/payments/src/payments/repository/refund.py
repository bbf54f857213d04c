"""Refunds, read and written under the gate of their payment's order; and the sealed accounts they go to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import log
from payments.commands.answers import RefundAccount
from payments.domain.refund import Refund
from payments.domain.status import PENDING, RefundStatus
from payments.repository import turns
from payments.repository.by_hand import may_be_owed
from payments.repository.seal import Seal
from payments.tables import payments, refund_accounts, refunds

_PLAIN = (
    "id", "payment_id", "order_id", "amount", "tax_free_amount", "reason", "requested_at", "attempt", "next_at",
    "provider_reference", "failure_code", "failure_reason", "refunded_at", "vat_amount",
    "by_hand",
)  # fmt: skip
_PURPOSE = "refund-accounts"
_log = log.get(__name__)


def _close(seal: Seal, payment_id: UUID, account: RefundAccount) -> bytes:
    plain = json.dumps([account.bank, account.number, account.holder]).encode()
    return seal.close(_PURPOSE, payment_id.bytes, plain)


async def payment_of(connection: AsyncConnection, refund_id: UUID) -> UUID | None:
    found: UUID | None = await connection.scalar(select(refunds.c.payment_id).where(refunds.c.id == refund_id))
    return found


async def of_payment(connection: AsyncConnection, payment_id: UUID) -> list[Refund]:
    """Oldest first."""
    rows = await connection.execute(
        select(refunds).where(refunds.c.payment_id == payment_id).order_by(refunds.c.requested_at, refunds.c.id)
    )
    return [_refund(row) for row in rows]


async def add(connection: AsyncConnection, refund: Refund) -> None:
    await connection.execute(insert(refunds).values(_values(refund)))


async def save(connection: AsyncConnection, refund: Refund) -> None:
    await connection.execute(update(refunds).where(refunds.c.id == refund.id).values(_values(refund)))


async def due(connection: AsyncConnection, now: datetime, *, limit: int) -> Sequence[tuple[UUID, str]]:
    """Refunds to send or to ask about, with their providers. Taking one is done by `BeginRefund`, under the gate."""
    return await turns.due(connection, refunds.c.id, refunds.c.payment_id, refunds.c.next_at, now, limit=limit)


async def keep_account(
    connection: AsyncConnection, payment_id: UUID, account: RefundAccount, seal: Seal, now: datetime
) -> None:
    """The newest account counts."""
    sealed = _close(seal, payment_id, account)
    row = upsert(refund_accounts).values(payment_id=payment_id, sealed=sealed, given_at=now)
    await connection.execute(
        row.on_conflict_do_update(index_elements=["payment_id"], set_={"sealed": sealed, "given_at": now})
    )


async def account_given_at(connection: AsyncConnection, payment_id: UUID) -> datetime | None:
    """When the account we have was named; None when we have none."""
    found: datetime | None = await connection.scalar(
        select(refund_accounts.c.given_at).where(refund_accounts.c.payment_id == payment_id)
    )
    return found


async def open_account(connection: AsyncConnection, payment_id: UUID, seal: Seal) -> RefundAccount | None:
    """None also for an account sealed with a key we no longer have: the customer has to name it again."""
    sealed = await connection.scalar(select(refund_accounts.c.sealed).where(refund_accounts.c.payment_id == payment_id))
    if sealed is None:
        return None
    try:
        return RefundAccount(*json.loads(seal.open(_PURPOSE, payment_id.bytes, sealed)))
    except InvalidTag:
        _log.error("a refund account does not open; was the sealing key changed?", payment_id=str(payment_id))
        return None


async def forget_account(connection: AsyncConnection, payment_id: UUID) -> None:
    await connection.execute(delete(refund_accounts).where(refund_accounts.c.payment_id == payment_id))


async def forget_old_accounts(connection: AsyncConnection, now: datetime, keep: timedelta) -> int:
    """Erases accounts given long ago that no refund and no surplus waits to use. Returns how many."""
    waiting = (
        select(refunds.c.payment_id)
        .where(refunds.c.status.in_([status.value for status in PENDING]) | may_be_owed())
        .union(select(payments.c.id).where(payments.c.surplus > payments.c.surplus_returned))
    )
    done = await connection.execute(
        delete(refund_accounts).where(
            refund_accounts.c.given_at < now - keep, refund_accounts.c.payment_id.not_in(waiting)
        )
    )
    return done.rowcount


def _refund(row: Row[Any]) -> Refund:
    return Refund(**{name: getattr(row, name) for name in _PLAIN}, status=RefundStatus(row.status))


def _values(refund: Refund) -> dict[str, Any]:
    return {name: getattr(refund, name) for name in _PLAIN} | {"status": refund.status}
