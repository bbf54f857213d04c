"""Opening, confirming and closing payments, and taking down what their provider says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from common.db import Tx
from payments import errors
from payments.commands import CloseOrder, ConfirmPayment, OpenPayment, RecordAnswer
from payments.commands.answers import Answer, Refused, Seen, Unknown
from payments.domain import observation
from payments.domain import payment as rules
from payments.domain.patience import Patience
from payments.domain.payment import Decision, Payment
from payments.domain.status import HOLDING, Status
from payments.handlers.applying import apply
from payments.repository import payment as rows
from payments.repository import refund as refund_rows
from payments.repository import secrets
from payments.repository.seal import Seal


@dataclass(frozen=True, slots=True)
class Recorded:
    """`stale`: the payment had moved on since it was asked about, and nothing was recorded."""

    payment: Payment
    settled: bool = True
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """`started`: this call is the one that may ask the provider to take the money."""

    payment: Payment
    started: bool


async def open_payment(command: OpenPayment, tx: Tx, *, patience: Patience) -> Payment:
    """Ours before it is the provider's, so nothing the provider says can come before we know the payment."""
    closed_reason = await rows.lock_gate(tx.connection, command.order_id)
    known = {payment.id: payment for payment in await rows.of_order(tx.connection, command.order_id)}
    if command.payment_id in known:
        return known[command.payment_id]
    if closed_reason is not None:
        raise errors.OrderNotPayable("the order is cancelled", reason=closed_reason)
    for given_up in rules.make_room(list(known.values())):
        await apply(tx, known[given_up.id], Decision(given_up), why="replaced by another try", patience=patience)
    payment = rules.new(command, tx.now)
    payment = replace(payment, window_until=patience.window_until(payment))
    await rows.add(tx.connection, payment, rules.ask_at(payment, tx.now, patience=patience.paying(payment)), tx.now)
    return payment


async def begin_confirm(command: ConfirmPayment, tx: Tx, *, patience: Patience, seal: Seal) -> Begun:
    """The grant is safe before the provider hears of it, so a crash in between is settled by asking again with it."""
    before, others = _there(await rows.lock_with_others(tx.connection, command.payment_id))
    paid = any(other.status in HOLDING for other in others)
    decision = rules.confirm(before, command, order_is_paid=paid)
    try:
        payment = await apply(tx, before, decision, why="the customer came back from the window", patience=patience)
    except IntegrityError as error:
        raise errors.KeyTaken("the provider's key belongs to another payment") from error
    started = before.status is Status.OPEN and decision.payment.status is Status.CONFIRMING
    if started:
        await secrets.keep(tx.connection, before.id, "grant", command.grant, seal=seal, now=tx.now)
    return Begun(payment, started)


async def record_answer(command: RecordAnswer, tx: Tx, *, patience: Patience) -> Recorded:
    """Takes down what the provider said, if the payment is still the one that was asked about.

    That guard is what makes look-ups safe against each other: an old answer never overrules a newer one.
    """
    before, others = _there(await rows.lock_with_others(tx.connection, command.payment_id))
    if before.version != command.version:
        return Recorded(before, settled=False, stale=True)
    # Where no money ever came, none was promised back.
    refunds = await refund_rows.of_payment(tx.connection, before.id) if before.confirmations else []
    decision = observation.answered(before, command.answer, refunds, tx.now)
    after = await apply(tx, before, decision, why=_why(command.answer), patience=patience, others=others)
    if not decision.settled:
        await rows.ask_soon(tx.connection, before.id, tx.now + timedelta(seconds=2))
    return Recorded(after, decision.settled)


async def close_order(command: CloseOrder, tx: Tx, *, patience: Patience) -> None:
    """Also keeps payments from being opened later: the order may have been asked what it owes just before."""
    await rows.lock_gate(tx.connection, command.order_id)
    await rows.close_gate(tx.connection, command.order_id, command.reason, tx.now)
    for payment in await rows.of_order(tx.connection, command.order_id):
        decision = rules.close(payment, "order_cancelled")
        await apply(tx, payment, decision, why=f"order cancelled: {command.reason}", patience=patience)


def _there(found: tuple[Payment, list[Payment]] | None) -> tuple[Payment, list[Payment]]:
    if found is None:
        raise errors.PaymentNotFound("there is no such payment")
    return found


def _why(answer: Answer) -> str:
    match answer:
        case Seen():
            return f"the provider shows it {answer.standing}"
        case Refused():
            return f"the provider refused: {answer.code}"
        case Unknown():
            return f"no answer: {answer.why}"
        case _:
            return type(answer).__name__.lower()
