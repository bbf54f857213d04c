"""What payments is told."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from common.wire import View
from orders.domain import Order, Status


class PayableView(View):
    """What payments needs to open a payment. Amounts in minor units of `currency`."""

    order_id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    mall_id: str = Field(examples=["intake"])
    channel: str = Field(examples=["pc"])
    currency: str = Field(examples=["KRW"])
    status: Status
    amount: int = Field(examples=[28800])
    vat_amount: int = Field(examples=[2618])
    tax_free_amount: int = Field(examples=[0])
    order_name: str = Field(examples=["유기농 그래놀라 외 1건"])
    orderer_name: str = Field(examples=["김하늘"])
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
