"""Refunds: promised on an event, sent and asked about by a job, each under the gate of its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from common.db import Tx
from payments import errors
from payments.commands import BeginRefund, GiveRefundAccount, RecordRefund, RequestRefund
from payments.commands.answers import RefundAccount
from payments.domain import by_hand, refunding
from payments.domain import refund as rules
from payments.domain.patience import Patience
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.status import HOLDING, RUNNING, RefundStatus
from payments.handlers.applying import apply
from payments.repository import payment as payment_rows
from payments.repository import refund as rows
from payments.repository.seal import Seal

_WORKED_ON = RUNNING | {RefundStatus.REQUESTED}


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a refund now. `ask`: it was sent before, so look what became of it. `balance` is the guard."""

    payment: Payment
    refund: Refund
    balance: int
    ask: bool
    account: RefundAccount | None
    account_given_at: datetime | None


async def request_refund(command: RequestRefund, tx: Tx, *, patience: Patience) -> None:
    """Promises the money, never more than is left. The same refund id again changes nothing."""
    payment = await payment_rows.lock(tx.connection, command.payment_id)
    if payment is None or payment.order_id != command.order_id:
        raise errors.PaymentNotFound("the order has no such payment")
    known_of = await rows.payment_of(tx.connection, command.refund_id)
    if known_of is not None and known_of != payment.id:
        raise errors.RefundReused("this refund id belongs to another payment")
    refunds = await rows.of_payment(tx.connection, payment.id)
    has_account = await rows.account_given_at(tx.connection, payment.id) is not None
    refund = rules.request(payment, refunds, command, has_account=has_account, now=tx.now)
    if refund is None:
        return
    await rows.add(tx.connection, refund)
    await apply(tx, payment, refunding.promised(payment, refund), why="refund requested", patience=patience)


async def begin_refund(command: BeginRefund, tx: Tx, *, patience: Patience, seal: Seal) -> Step | None:
    """Takes a due refund into work. None: another worker has it, or another refund of the payment goes first."""
    payment_id = await rows.payment_of(tx.connection, command.refund_id)
    payment = None if payment_id is None else await payment_rows.lock(tx.connection, payment_id)
    if payment is None:
        return None
    refunds = await rows.of_payment(tx.connection, payment.id)
    refund = next(known for known in refunds if known.id == command.refund_id)
    if refund.status not in _WORKED_ON or refund.next_at is None or refund.next_at > tx.now:
        return None
    begun = rules.begin(refund, refunds, tx.now, patience=patience.giving_back(payment))
    await rows.save(tx.connection, begun)
    if begun.status is RefundStatus.REQUESTED:
        return None
    ask = refund.status in RUNNING
    by_deposit = payment.method == rules.BY_DEPOSIT
    account = None if ask or not by_deposit else await rows.open_account(tx.connection, payment.id, seal)
    given_at = await rows.account_given_at(tx.connection, payment.id)
    return Step(payment, begun, payment.amount - rules.gone_there(refunds), ask, account, given_at)


async def record_refund(command: RecordRefund, tx: Tx, *, patience: Patience) -> Refund | None:
    """Takes down what the provider said about a refund. None: it was settled by somebody else meanwhile."""
    payment_id = await rows.payment_of(tx.connection, command.refund_id)
    payment = None if payment_id is None else await payment_rows.lock(tx.connection, payment_id)
    if payment is None:
        return None
    refunds = await rows.of_payment(tx.connection, payment.id)
    refund = next(known for known in refunds if known.id == command.refund_id)
    if refund.status not in RUNNING or refund.attempt != command.attempt:
        return None
    others = [known for known in refunds if known.id != refund.id]
    expected = payment.amount - rules.gone_there(others) - rules.landed_late(others, command.answer)
    after = rules.answered(refund, command.answer, expected, tx.now, asked=command.asked)
    newest = await rows.account_given_at(tx.connection, payment.id)
    if newest is not None and newest != command.account_given_at:
        # The customer named another account while this one was tried: a no to the old one says nothing about it.
        after = rules.account_given(after, tx.now)
    await apply(tx, payment, refunding.settled(payment, after, others), why=f"refund {after.status}", patience=patience)
    if refunding.account_is_used_up(payment, after, others):
        await rows.forget_account(tx.connection, payment.id)
    return after


async def give_refund_account(command: GiveRefundAccount, tx: Tx, *, seal: Seal) -> None:
    """Keeps the account until the refund is done, and lets refunds that waited for it go on."""
    payment = await payment_rows.lock(tx.connection, command.payment_id)
    if payment is None:
        raise errors.PaymentNotFound("there is no such payment")
    refunds = await rows.of_payment(tx.connection, payment.id)
    by_deposit = payment.method == rules.BY_DEPOSIT and (payment.status in HOLDING or payment.returnable > 0)
    if not by_deposit and not by_hand.is_any_owed(payment, refunds):
        raise errors.NoRefundAccountNeeded("this payment holds no deposit", payment_status=payment.status)
    await rows.keep_account(tx.connection, payment.id, command.account, seal, tx.now)
    for refund in refunds:
        if refund.status is RefundStatus.NEEDS_ACCOUNT:
            await rows.save(tx.connection, rules.account_given(refund, tx.now))
