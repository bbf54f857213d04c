"""Writes down a refund that staff paid by hand, once the provider shows that it has not paid it; and one that was paid
at the provider's console, once the provider shows that."""

from __future__ import annotations

from uuid import UUID

from common.db import Database
from payments import errors
from payments.clients.registry import Gateways
from payments.commands import FindRefund, PayRefundByHand
from payments.domain import by_hand as rules
from payments.domain.patience import Patience
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.handlers import by_hand as handlers
from payments.repository import payment as rows
from payments.repository import refund as refund_rows


class ByHand:
    def __init__(self, database: Database, gateways: Gateways, *, patience: Patience) -> None:
        self._database = database
        self._gateways = gateways
        self._patience = patience

    async def record(self, command: PayRefundByHand) -> Payment:
        """Raises `RefundPending` while the provider may still pay, `ReturnedAtProvider` when it seems to have paid,
        `RefundUnseen` when it does not say; `RefundNotOwed`, `TransferDiffers`, `RefundTransferReused`.
        """
        payment, refunds, known = await self._read(command)
        if not known:
            refund = handlers.refund_of(refunds, command.refund_id)
            rules.check(payment, refund, refunds, command.amount)
            shown = await self._gateways.for_(payment.provider, payment.mall_id).get(payment)
            rules.compare(payment, refund, refunds, shown)
        async with self._database.transaction() as tx:
            return await handlers.pay_by_hand(command, tx, patience=self._patience)

    async def find(self, command: FindRefund) -> Payment:
        """Raises what `domain.by_hand.found` raises."""
        async with self._database.read() as connection:
            payment = await rows.find(connection, command.payment_id)
        if payment is None:
            raise errors.PaymentNotFound("there is no such payment")
        shown = await self._gateways.for_(payment.provider, payment.mall_id).get(payment)
        async with self._database.transaction() as tx:
            return await handlers.find_refund(command, shown, tx, patience=self._patience)

    async def _read(self, command: PayRefundByHand) -> tuple[Payment, list[Refund], bool]:
        payment_id: UUID = command.payment_id
        async with self._database.read() as connection:
            payment = await rows.find(connection, payment_id)
            if payment is None:
                raise errors.PaymentNotFound("there is no such payment")
            refunds = await refund_rows.of_payment(connection, payment_id)
            return payment, refunds, await handlers.is_written_down(command, connection)
