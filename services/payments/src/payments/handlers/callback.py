"""Callbacks: kept before anything else is done with them, then worked off."""

from __future__ import annotations

from datetime import datetime

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


async def take_callback(command: TakeCallback, connection: AsyncConnection, now: datetime, *, seal: Seal) -> Verdict:
    """Stores it with its verdict, in one statement. One that came before keeps the verdict it got then."""
    verdict = rules.judge(await find_payment(command.order_ref, connection), command)
    if command.may_recur and verdict.reason == rules.AMOUNT and await rows.was_believed(connection, command):
        # Told no when it first came; the provider knew of it. It is told yes, and asked all the same: who forges a
        # notice takes the words of one that was believed.
        verdict = Verdict("received")
    known = await rows.keep(connection, command, seal, status=verdict.status, reason=verdict.reason, now=now)
    return verdict if known is None else Verdict(known.status, known.reason)


async def judge_again(known: Known, tx: Tx) -> Verdict:
    """For one that came when there was no such payment. Received: the provider can be asked now."""
    verdict = rules.judge(await find_payment(known.order_ref, tx.connection), known)
    if verdict.reason == rules.UNKNOWN_PAYMENT and rules.is_given_up(known.received_at, tx.now):
        verdict = Verdict("refused", verdict.reason)
    if verdict.status != "received":
        await rows.settle(tx.connection, known.id, status=verdict.status, reason=verdict.reason, now=tx.now)
    return verdict


async def settle_callback(known: Known, payment: Payment, connection: AsyncConnection, now: datetime) -> None:
    """The provider was asked. What could not be compared before is compared with the payment as it is since then."""
    was_odd = known.reason == rules.AMOUNT and await ledger.was_odd(connection, payment.id)
    wrong = rules.was_wrong(payment, known, known.reason, was_odd=was_odd)
    status = "done" if wrong is None else "refused"
    await rows.settle(connection, known.id, status=status, reason=wrong, now=now)


async def find_payment(order_ref: str, connection: AsyncConnection) -> Payment | None:
    payment_id = rules.payment_id_of(order_ref)
    return None if payment_id is None else await payment_rows.find(connection, payment_id)
