"""Cash receipts: asked for, or owed unasked; worked on by a job, each under the gate of its order."""

from __future__ import annotations

from uuid import UUID

from common.db import Tx
from payments import errors
from payments.commands.answers import Receipt, Refused, Unknown
from payments.domain import receipt as rules
from payments.domain.patience import Patience
from payments.domain.payment import Payment
from payments.domain.receipt import CashReceipt, Step, Type
from payments.repository import payment as payment_rows
from payments.repository import receipt as rows
from payments.repository import refund as refund_rows
from payments.repository.seal import Seal


async def want_receipt(payment_id: UUID, kind: Type, identifier: str, tx: Tx, *, seal: Seal) -> CashReceipt:
    number = rules.identifier_of(kind, identifier)
    payment = await payment_rows.lock(tx.connection, payment_id)
    if payment is None:
        raise errors.PaymentNotFound("there is no such payment")
    before = await rows.find(tx.connection, payment_id, seal)
    receipt = rules.wanted(payment, before, kind, number, tx.now)
    if receipt != before:
        await rows.save(tx.connection, receipt, seal)
    return receipt


async def owe_receipt(payment_id: UUID, tx: Tx, *, seal: Seal) -> None:
    """Unless the customer has asked for one meanwhile, or the money is gone."""
    payment = await payment_rows.lock(tx.connection, payment_id)
    if payment is None or await rows.find(tx.connection, payment_id) is not None:
        return
    await rows.save(tx.connection, rules.unasked(payment, tx.now), seal)


async def begin_receipt(payment_id: UUID, tx: Tx, *, patience: Patience, seal: Seal) -> tuple[Payment, Step] | None:
    """Takes one into work. None: it is as it should be, or another worker has it."""
    payment = await payment_rows.lock(tx.connection, payment_id)
    receipt = await rows.find(tx.connection, payment_id, seal)
    if payment is None or receipt is None or receipt.next_at is None or receipt.next_at > tx.now:
        return None
    made = rules.step(payment, receipt, await refund_rows.of_payment(tx.connection, payment_id))
    until = tx.now + patience.giving_back(payment)
    await rows.save(tx.connection, rules.at_rest(receipt) if made is None else rules.asking(receipt, until), seal)
    return None if made is None else (payment, made)


async def record_receipt(made: Step, answer: Receipt | Refused | Unknown | None, tx: Tx, *, seal: Seal) -> None:
    """Drops an answer to what is not asked any more: the receipt went on meanwhile."""
    await payment_rows.lock(tx.connection, made.receipt.payment_id)
    now = await rows.find(tx.connection, made.receipt.payment_id)
    if now is not None and (now.status, now.attempt, now.amount) == (
        made.receipt.status, made.receipt.attempt, made.receipt.amount,
    ):  # fmt: skip
        await rows.save(tx.connection, rules.answered(made, answer, tx.now), seal)
