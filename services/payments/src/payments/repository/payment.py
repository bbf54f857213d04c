"""Payments and the gate of their order. Whoever changes a payment holds the gate first: one order, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Insert, Row, bindparam, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.commands.answers import Account
from payments.domain.payment import Payment
from payments.domain.status import Status
from payments.tables import order_gates, payment_history, payments

_PLAIN = (
    "id", "order_id", "order_number", "mall_id", "currency", "amount", "tax_free_amount", "provider", "merchant",
    "method", "order_name", "owner_hash", "due_at", "created_at", "return_url", "version", "redirect_url",
    "secret_hash", "closing", "closed_reason", "failure_code", "failure_reason", "receipt_url", "attention",
    "confirmations", "tries", "confirmed_at", "vat_amount", "prepared_key", "grant_hash", "surplus", "surplus_returned",
    "window_until",
)  # fmt: skip


_GATE = upsert(order_gates)
_LOCK_GATE_OF = (
    _GATE.from_select(["order_id"], select(payments.c.order_id).where(payments.c.id == bindparam("payment_id")))
    .on_conflict_do_update(index_elements=["order_id"], set_={"order_id": _GATE.excluded.order_id})
    .returning(order_gates.c.order_id)
)
_FIND = select(payments).where(payments.c.id == bindparam("payment_id"))


class ChangedMeanwhile(Exception):
    """The row was saved by somebody else since it was read: the gate was not held. A defect of ours."""


async def lock_gate(connection: AsyncConnection, order_id: UUID) -> str | None:
    """Holds the order's gate until the transaction ends, making it if there is none. Returns why it is closed."""
    row = upsert(order_gates).values(order_id=order_id)
    row = row.on_conflict_do_update(index_elements=["order_id"], set_={"order_id": row.excluded.order_id})
    reason: str | None = await connection.scalar(row.returning(order_gates.c.closed_reason))
    return reason


async def close_gate(connection: AsyncConnection, order_id: UUID, reason: str, now: datetime) -> None:
    """From now on no payment of this order is opened. Call with the gate held."""
    await connection.execute(
        update(order_gates)
        .where(order_gates.c.order_id == order_id, order_gates.c.closed_at.is_(None))
        .values(closed_at=now, closed_reason=reason)
    )


async def lock(connection: AsyncConnection, payment_id: UUID) -> Payment | None:
    """Holds the gate of the payment's order, then reads the payment."""
    gate = await connection.scalar(_LOCK_GATE_OF, {"payment_id": payment_id})
    return None if gate is None else await find(connection, payment_id)


async def lock_with_others(connection: AsyncConnection, payment_id: UUID) -> tuple[Payment, list[Payment]] | None:
    """Holds the gate of the payment's order, then reads the payment, and the order's other payments beside it."""
    gate = await connection.scalar(_LOCK_GATE_OF, {"payment_id": payment_id})
    if gate is None:
        return None
    known = {payment.id: payment for payment in await of_order(connection, gate)}
    return known.pop(payment_id), list(known.values())


async def find(connection: AsyncConnection, payment_id: UUID) -> Payment | None:
    row = (await connection.execute(_FIND, {"payment_id": payment_id})).one_or_none()
    return None if row is None else _payment(row)


async def of_order(connection: AsyncConnection, order_id: UUID) -> list[Payment]:
    """Every payment of the order, oldest first."""
    rows = await connection.execute(select(payments).where(payments.c.order_id == order_id).order_by(payments.c.id))
    return [_payment(row) for row in rows]


async def add(connection: AsyncConnection, payment: Payment, ask_at: datetime | None, now: datetime) -> None:
    row = insert(payments).values(**_values(payment), ask_at=ask_at, updated_at=now)
    await connection.execute(row.add_cte(_line(payment.id, (None, payment.status), "asked for", now).cte("noted")))


async def save(
    connection: AsyncConnection, before: Payment, after: Payment, *, ask_at: datetime | None, why: str, now: datetime
) -> Payment:
    """Writes what changed, and a line of history for a new status. Returns it as stored. Raises `ChangedMeanwhile`."""
    values = _values(after) | {"version": before.version + 1, "ask_at": ask_at, "asks": 0, "updated_at": now}
    held = payments.c.id == before.id, payments.c.version == before.version
    written = update(payments).where(*held).values(values).returning(payments)
    if after.status is not before.status:
        written = written.add_cte(_line(before.id, (before.status, after.status), why, now).cte("noted"))
    row = (await connection.execute(written)).one_or_none()
    if row is None:
        raise ChangedMeanwhile(str(before.id))
    return _payment(row)


async def take_due(connection: AsyncConnection, now: datetime, *, limit: int) -> list[tuple[UUID, str]]:
    """Payments whose provider, named too, should be asked now; each put off so that a second worker leaves it alone."""
    due = (
        select(payments.c.id)
        .where(payments.c.ask_at <= now)
        .order_by(payments.c.ask_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    wait = func.make_interval(0, 0, 0, 0, 0, 0, func.least(300.0, func.power(2.0, func.least(payments.c.asks, 9) + 1)))
    put_off = (
        update(payments)
        .where(payments.c.id.in_(due.scalar_subquery()))
        .values(asks=payments.c.asks + 1, ask_at=literal(now, DateTime(timezone=True)) + wait)
        .returning(payments.c.id, payments.c.provider)
    )
    return [(row.id, row.provider) for row in await connection.execute(put_off)]


async def ask_soon(connection: AsyncConnection, payment_id: UUID, at: datetime) -> None:
    """For an outcome just lost: the first look-up need not wait for the patience of the request."""
    await connection.execute(
        update(payments)
        .where(payments.c.id == payment_id, payments.c.asks == 0, payments.c.ask_at > at)
        .values(ask_at=at)
    )


async def history(connection: AsyncConnection, payment_id: UUID) -> Sequence[Row[str | None, str, str, datetime]]:
    """Rows of (from_status, to_status, why, at), oldest first."""
    table = payment_history.c
    rows = await connection.execute(
        select(table.from_status, table.to_status, table.why, table.at)
        .where(table.payment_id == payment_id)
        .order_by(table.id)
    )
    return rows.all()


async def note(connection: AsyncConnection, payment: Payment, why: str, now: datetime) -> None:
    """A line of history of something that changed nothing."""
    await connection.execute(_line(payment.id, (payment.status, payment.status), why, now))


def _line(payment_id: UUID, move: tuple[Status | None, Status], why: str, now: datetime) -> Insert:
    """A line of history. It goes to the database with what it tells of, in one statement."""
    return insert(payment_history).values(
        payment_id=payment_id, from_status=move[0], to_status=move[1], why=why[:500], at=now
    )


def _payment(row: Row[Any]) -> Payment:
    account = None
    if row.account_number is not None:
        account = Account(row.bank_code, row.bank_name, row.account_number, row.account_holder, row.due_at)
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Payment(**plain, status=Status(row.status), key=row.provider_key, account=account)


def _values(payment: Payment) -> dict[str, Any]:
    account = payment.account
    return {name: getattr(payment, name) for name in _PLAIN} | {
        "status": payment.status,
        "provider_key": payment.key,
        "bank_code": account.bank_code if account else None,
        "bank_name": account.bank_name if account else None,
        "account_number": account.number if account else None,
        "account_holder": account.holder if account else None,
    }
