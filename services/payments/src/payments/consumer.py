"""What payments hears. Events become commands; the provider is called later, by jobs."""

from __future__ import annotations

from collections.abc import Callable

from common.db import Tx
from common.processing import Handlers
from contracts.orders import OrderCancelled, OrderRefundRequested
from payments.commands import CloseOrder, RequestRefund
from payments.domain.patience import Patience
from payments.handlers import payment as payment_handlers
from payments.handlers import refund as refund_handlers


def handlers(*, patience: Patience, wake_refunds: Callable[[], None], wake_settling: Callable[[], None]) -> Handlers:
    """The wakes only hurry jobs that would find the work at their next turn."""

    async def on_order_refund_requested(event: OrderRefundRequested, tx: Tx) -> None:
        command = RequestRefund(
            refund_id=event.refund_id,
            payment_id=event.payment_id,
            order_id=event.order_id,
            amount=event.amount,
            tax_free_amount=event.tax_free_amount,
            reason=event.reason,
            vat_amount=event.vat_amount,
            paid_at=event.paid_at,
        )
        await refund_handlers.request_refund(command, tx, patience=patience)
        tx.then(wake_refunds)

    async def on_order_cancelled(event: OrderCancelled, tx: Tx) -> None:
        """A cancel of some lines of a paid order leaves its payments alone: their money goes back by refund."""
        if event.was_paid and not event.whole:
            return
        await payment_handlers.close_order(CloseOrder(event.order_id, event.reason), tx, patience=patience)
        tx.then(wake_settling)

    return {OrderRefundRequested: on_order_refund_requested, OrderCancelled: on_order_cancelled}
