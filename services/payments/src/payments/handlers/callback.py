"""Callbacks: kept before anything else is done with them, then worked off."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Tx
from payments.commands import TakeCallback
from payments.domain import callback as rules
from payments.domain.callback import Verdict
from payments.domain.payment import Payment
from payments.repository import callback as rows
from payments.repository import ledger
from payments.repository import payment as payment_rows
from payments.repository.callback import Known
from payments.repository.seal import Seal


async def take_callback(command: TakeCallback, tx: Tx, *, seal: Seal) -> Verdict:
    """Stores it with its verdict. One that came before keeps the verdict it got then."""
    verdict = rules.judge(await find_payment(command.order_ref, tx.connection), command)
    known = await rows.keep(tx.connection, command, seal, status=verdict.status, reason=verdict.reason, now=tx.now)
    return verdict if known is None else Verdict(known.status, known.reason)


async def judge_again(known: Known, tx: Tx) -> Verdict:
    """For one that came when there was no such payment. Received: the provider can be asked now."""
    verdict = rules.judge(await find_payment(known.order_ref, tx.connection), known)
    if verdict.reason == rules.UNKNOWN_PAYMENT and rules.is_given_up(known.received_at, tx.now):
        verdict = Verdict("refused", verdict.reason)
    if verdict.status != "received":
        await rows.settle(tx.connection, known.id, status=verdict.status, reason=verdict.reason, now=tx.now)
    return verdict


async def settle_callback(known: Known, tx: Tx) -> None:
    """The provider was asked. What could not be compared before is compared now."""
    payment = await find_payment(known.order_ref, tx.connection)
    wrong = None
    if payment is not None:
        was_odd = await ledger.was_odd(tx.connection, payment.id)
        wrong = rules.was_wrong(payment, known, known.reason, was_odd=was_odd)
    status = "done" if wrong is None else "refused"
    await rows.settle(tx.connection, known.id, status=status, reason=wrong, now=tx.now)


async def find_payment(order_ref: str, connection: AsyncConnection) -> Payment | None:
    payment_id = rules.payment_id_of(order_ref)
    return None if payment_id is None else await payment_rows.find(connection, payment_id)
