"""Carries cash receipts to the provider, and back as the money goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from common import log
from common.db import Database
from payments import errors
from payments.clients.gateway import ReceiptOrder
from payments.clients.registry import Gateways
from payments.commands.answers import Receipt, Refused, Unknown
from payments.domain.patience import Patience
from payments.domain.payment import Payment
from payments.domain.receipt import ReceiptStatus, Step
from payments.handlers import receipt as handlers
from payments.repository import receipt as rows
from payments.repository.seal import Seal

_log = log.get(__name__)


class Receipts:
    """`least`: payments of so much or more get a receipt unasked, `after` so long: the law leaves five days."""

    def __init__(
        self, database: Database, gateways: Gateways, seal: Seal, *, patience: Patience, least: int, after: timedelta
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._seal = seal
        self._patience = patience
        self._least = least
        self._after = after

    async def owe(self, limit: int) -> None:
        async with self._database.read() as connection:
            now = self._database.clock.now()
            found = await rows.unasked(connection, now, least=self._least, after=self._after, limit=limit)
        for payment_id in found:
            async with self._database.transaction() as tx:
                await handlers.owe_receipt(payment_id, tx, seal=self._seal)

    async def due(self, limit: int) -> Sequence[tuple[UUID, str]]:
        async with self._database.read() as connection:
            return await rows.due(connection, self._database.clock.now(), limit=limit)

    async def work_on(self, payment_id: UUID) -> None:
        """One step. Dying in it repeats the same request later, under the same idempotency key."""
        async with self._database.transaction() as tx:
            begun = await handlers.begin_receipt(payment_id, tx, patience=self._patience, seal=self._seal)
        if begun is None:
            return
        payment, made = begun
        answer = await self._call(payment, made)
        if isinstance(answer, Refused):
            _log.warning("a cash receipt was refused", payment_id=str(payment_id), code=answer.code)
        async with self._database.transaction() as tx:
            await handlers.record_receipt(made, answer, tx, seal=self._seal)

    async def _call(self, payment: Payment, made: Step) -> Receipt | Refused | Unknown | None:
        gateway, receipt = self._gateways.for_(payment.provider, payment.mall_id), made.receipt
        try:
            if receipt.status is ReceiptStatus.ISSUED:
                back = receipt.amount - made.target
                return await gateway.cancel_cash_receipt(payment, receipt.receipt_key or "", back, made.idempotency_key)
            if receipt.identifier is None:
                return Refused("identifier_lost", "the number does not open; was the sealing key changed?")
            order = ReceiptOrder(
                type=receipt.type,
                identifier=receipt.identifier,
                amount=made.target,
                tax_free_amount=made.tax_free,
                vat_amount=made.vat,
                idempotency_key=made.idempotency_key,
            )
            return await gateway.issue_cash_receipt(payment, order)
        except errors.NotOffered:
            return None
