"""What payments is told."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from common.wire import View
from orders.domain import Order, Status


class PayableView(View):
    """What payments needs to open a payment. Amounts in minor units of `currency`."""

    order_id: UUID
    order_number: str
    mall_id: str
    channel: str
    currency: str
    status: Status
    amount: int
    vat_amount: int
    tax_free_amount: int
    order_name: str
    orderer_name: str
    payment_due_at: datetime

    @classmethod
    def of(cls, order: Order, orderer_name: str, more_pattern: str) -> Self:
        worth = order.worth
        first, more = order.lines[0].product_name, len(order.lines) - 1
        return cls(
            order_id=order.order_id,
            order_number=order.number,
            mall_id=order.mall_id,
            channel=order.channel,
            currency=order.currency,
            status=order.status,
            amount=worth.amount,
            vat_amount=worth.vat,
            tax_free_amount=worth.tax_free,
            order_name=first if more == 0 else more_pattern.format(first=first, more=more),
            orderer_name=orderer_name,
            payment_due_at=order.payment_due_at,
        )
