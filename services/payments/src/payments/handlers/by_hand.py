"""Refunds that people paid: written down once, under the gate of the order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Tx
from payments import errors
from payments.commands import FindRefund, PayRefundByHand
from payments.commands.answers import Answer
from payments.domain import by_hand as rules
from payments.domain import refunding
from payments.domain.deposit import Transfer
from payments.domain.patience import Patience
from payments.domain.payment import Decision, Payment
from payments.domain.refund import Refund
from payments.domain.status import RefundStatus
from payments.handlers.applying import apply
from payments.repository import by_hand as rows
from payments.repository import payment as payment_rows
from payments.repository import refund as refund_rows
from payments.repository import surplus as surpluses
from payments.repository import transfers


async def is_written_down(command: PayRefundByHand, connection: AsyncConnection) -> bool:
    """Raises `RefundTransferReused` when the refund was paid by another transfer, or the reference is another's."""
    known = await rows.find(connection, command.refund_id)
    if known is not None and known != transfer_of(command):
        raise errors.RefundTransferReused("this refund was paid by another transfer")
    if known is None and await _is_taken(command, connection):
        raise errors.RefundTransferReused("this reference names another transfer of this payment")
    return known is not None


async def _is_taken(command: PayRefundByHand, connection: AsyncConnection) -> bool:
    if await rows.has_reference(connection, command.payment_id, command.reference, besides=command.refund_id):
        return True
    return await surpluses.find(connection, command.payment_id, command.reference) is not None


async def pay_by_hand(command: PayRefundByHand, tx: Tx, *, patience: Patience) -> Payment:
    """Once; the same again changes nothing. Raises what `is_written_down` and `domain.by_hand.check` raise."""
    payment = await payment_rows.lock(tx.connection, command.payment_id)
    if payment is None:
        raise errors.PaymentNotFound("there is no such payment")
    refunds = await refund_rows.of_payment(tx.connection, payment.id)
    refund = refund_of(refunds, command.refund_id)
    if await is_written_down(command, tx.connection):
        return payment
    if await transfers.is_anothers(tx.connection, transfer_of(command), payment.id):
        raise errors.RefundTransferReused("this transfer was made for another payment")
    decision = rules.sent(payment, refund, refunds, transfer_of(command), tx.now)
    await rows.add(tx.connection, command, tx.now)
    return await _save(
        payment, decision, f"refund {refund.id} paid by hand, written down by {command.by}", tx, patience
    )


async def find_refund(command: FindRefund, shown: Answer, tx: Tx, *, patience: Patience) -> Payment:
    """Once; the same again changes nothing. `shown`: the payment as its provider showed it just now."""
    payment = await payment_rows.lock(tx.connection, command.payment_id)
    if payment is None:
        raise errors.PaymentNotFound("there is no such payment")
    refunds = await refund_rows.of_payment(tx.connection, payment.id)
    refund = refund_of(refunds, command.refund_id)
    if refund.status is RefundStatus.DONE and refund.provider_reference == command.reference:
        return payment
    decision = rules.found(payment, refund, refunds, shown, reference=command.reference, now=tx.now)
    why = f"refund {refund.id} found at the provider by {command.by}"
    return await _save(payment, decision, why, tx, patience)


async def _save(payment: Payment, decision: Decision, why: str, tx: Tx, patience: Patience) -> Payment:
    await apply(tx, payment, decision, why=why, patience=patience)
    if decision.payment.status is payment.status:
        await payment_rows.note(tx.connection, payment, why, tx.now)
    refunds = await refund_rows.of_payment(tx.connection, payment.id)
    if not refunding.account_is_wanted(decision.payment, refunds):
        await refund_rows.forget_account(tx.connection, payment.id)
    return decision.payment


def transfer_of(command: PayRefundByHand) -> Transfer:
    return Transfer(command.amount, command.reference, command.transferred_on)


def refund_of(refunds: Sequence[Refund], refund_id: UUID) -> Refund:
    """Raises `RefundNotFound`."""
    for refund in refunds:
        if refund.id == refund_id:
            return refund
    raise errors.RefundNotFound("the payment has no such refund")
