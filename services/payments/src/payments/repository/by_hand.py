"""Transfers by which staff paid refunds, and the refunds that wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.commands import PayRefundByHand
from payments.domain.by_hand import NOT_OWED
from payments.domain.deposit import Transfer
from payments.domain.status import RefundStatus
from payments.tables import payments, refund_accounts, refund_transfers, refunds

_transfers = refund_transfers.c
_table = refunds.c


async def find(connection: AsyncConnection, refund_id: UUID) -> Transfer | None:
    query = select(_transfers.amount, _transfers.reference, _transfers.transferred_on).where(
        _transfers.refund_id == refund_id
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Transfer(*tuple(row))


async def has_reference(
    connection: AsyncConnection, payment_id: UUID, reference: str, *, besides: UUID | None = None
) -> bool:
    """Whether a transfer of the payment has this name, other than that of the refund `besides`."""
    same = exists().where(_transfers.payment_id == payment_id, _transfers.reference == reference)
    if besides is not None:
        same = same.where(_transfers.refund_id != besides)
    return bool(await connection.scalar(select(same)))


async def add(connection: AsyncConnection, command: PayRefundByHand, now: datetime) -> None:
    await connection.execute(
        insert(refund_transfers).values(
            refund_id=command.refund_id,
            payment_id=command.payment_id,
            reference=command.reference,
            amount=command.amount,
            transferred_on=command.transferred_on,
            recorded_by=command.by,
            recorded_at=now,
        )
    )


async def refused(connection: AsyncConnection, *, after: UUID | None, limit: int) -> Sequence[Any]:
    """Refunds that were refused and not paid since, by id, with what is known of where they should go."""
    named = exists().where(refund_accounts.c.payment_id == _table.payment_id).label("account_named")
    query = (
        select(
            _table.id, _table.payment_id, _table.order_id, payments.c.order_number, payments.c.mall_id,
            payments.c.provider, payments.c.currency, _table.amount, _table.failure_code, _table.failure_reason,
            _table.requested_at, named,
        )
        .join(payments, payments.c.id == _table.payment_id)
        .where(_table.status == RefundStatus.REFUSED)
        .order_by(_table.id)
        .limit(limit)
    )  # fmt: skip
    if after is not None:
        query = query.where(_table.id > after)
    return (await connection.execute(query)).all()


def may_be_owed() -> Any:
    """SQL: a refund that was refused although the money is the customer's."""
    code = _table.failure_code
    return (_table.status == RefundStatus.REFUSED) & (code.is_(None) | code.not_in(sorted(NOT_OWED)))
