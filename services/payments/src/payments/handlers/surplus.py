"""What was paid in beyond any order, sent back by staff and written down; each under the gate of its order."""

from __future__ import annotations

from uuid import UUID

from common.db import Tx
from payments import errors
from payments.commands import ReturnSurplus
from payments.commands.answers import RefundAccount
from payments.domain import by_hand, deposit, refunding
from payments.domain.deposit import Transfer
from payments.domain.patience import Patience
from payments.domain.payment import Payment
from payments.handlers.applying import apply
from payments.repository import by_hand as by_hand_rows
from payments.repository import payment as payment_rows
from payments.repository import refund as refund_rows
from payments.repository import surplus as rows
from payments.repository import transfers
from payments.repository.seal import Seal


async def return_surplus(command: ReturnSurplus, tx: Tx, *, patience: Patience) -> Payment:
    """Once by its reference. Raises `TransferReused`, `SurplusExceeded`, `PaymentNotFound`."""
    payment = await payment_rows.lock(tx.connection, command.payment_id)
    if payment is None:
        raise errors.PaymentNotFound("there is no such payment")
    transfer = Transfer(command.amount, command.reference, command.transferred_on)
    known = await rows.find(tx.connection, payment.id, command.reference)
    if known is not None:
        if known != transfer:
            raise errors.TransferReused("this reference came before with another amount or day")
        return payment
    if await by_hand_rows.has_reference(tx.connection, payment.id, command.reference):
        raise errors.TransferReused("this reference names the transfer of a refund")
    if await transfers.is_anothers(tx.connection, transfer, payment.id):
        raise errors.TransferReused("this transfer was made for another payment")
    decision = deposit.sent_back(payment, transfer)
    await rows.add(tx.connection, command, tx.now)
    await apply(tx, payment, decision, why="surplus sent back", patience=patience)
    refunds = await refund_rows.of_payment(tx.connection, payment.id)
    if not refunding.account_is_wanted(decision.payment, refunds):
        await refund_rows.forget_account(tx.connection, payment.id)
    return decision.payment


async def show_account(payment_id: UUID, tx: Tx, *, by: str, seal: Seal) -> RefundAccount:
    """Where money has to be sent by hand. That it was looked at stands in the payment's history. Raises `NoAccount`."""
    payment = await payment_rows.lock(tx.connection, payment_id)
    account = None
    refunds = await refund_rows.of_payment(tx.connection, payment_id)
    if payment is not None and (payment.returnable or by_hand.is_any_owed(payment, refunds)):
        account = await refund_rows.open_account(tx.connection, payment_id, seal)
    if payment is None or account is None:
        raise errors.NoAccount("nothing of this payment waits to be sent by hand to an account that is known")
    await payment_rows.note(tx.connection, payment, f"the account to send money to was shown to {by}", tx.now)
    return account
