"""A payment as it is answered with: never without what went back of it."""

from __future__ import annotations

from common.db import Database
from payments.domain.payment import Payment
from payments.repository import refund as refund_rows
from payments.schemas.payments import PaymentView


async def with_refunds(database: Database, payment: Payment) -> PaymentView:
    async with database.read() as connection:
        return PaymentView.of(payment, await refund_rows.of_payment(connection, payment.id))
