"""Orders and their money, and what all messages are written from."""

from __future__ import annotations

from typing import Any

from common import ids
from common.db import Tx
from common.processing import Handler, Handlers
from contracts.orders import OrderCancelled, OrderContactRecorded, OrderPaid, OrderPlaced, OrderRefundRequested
from contracts.payments import (
    DepositMismatch,
    DepositReversed,
    PaymentPending,
    PaymentRefunded,
    RefundAccountNeeded,
    RefundRefused,
    SurplusReturned,
)
from contracts.products import MallChanged
from contracts.shared import OrderLine
from notify import handlers as does
from notify.commands import RecordContact, RecordMall, RecordOrder, Tell
from notify.consumer.telling import Teller, at
from notify.domain.messages import Kind

# Why orders gives money back that nobody cancelled anything for: the customer has to be told why it goes back.
_UNWANTED = frozenset({"unwanted", "amount_mismatch"})


def handlers(teller: Teller) -> Handlers:
    hears = _Hears(teller)
    table: dict[type[Any], Handler] = {
        MallChanged: hears.on_mall_changed,
        OrderContactRecorded: hears.on_order_contact_recorded,
        OrderPlaced: hears.on_order_placed,
        PaymentPending: hears.on_payment_pending,
        OrderPaid: hears.on_order_paid,
        OrderCancelled: hears.on_order_cancelled,
        PaymentRefunded: hears.on_payment_refunded,
        OrderRefundRequested: hears.on_order_refund_requested,
        RefundAccountNeeded: hears.on_refund_account_needed,
        RefundRefused: hears.on_refund_refused,
        DepositMismatch: hears.on_deposit_mismatch,
        DepositReversed: hears.on_deposit_reversed,
        SurplusReturned: hears.on_surplus_returned,
    }
    return table


class _Hears:
    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._tell = teller.tell

    async def on_mall_changed(self, event: MallChanged, tx: Tx) -> None:
        command = RecordMall(
            mall_id=event.mall_id,
            name=event.name,
            storefront_url=event.storefront_url,
            support_email=event.support_email,
            support_phone=event.support_phone,
            changed_at=event.occurred_at,
        )
        await does.record_mall(command, tx)

    async def on_order_contact_recorded(self, event: OrderContactRecorded, tx: Tx) -> None:
        command = RecordContact(
            order_id=event.order_id,
            mall_id=event.mall_id,
            name=event.orderer.name,
            email=event.orderer.email,
            phone=event.orderer.phone,
            recorded_at=event.recorded_at,
        )
        await does.record_contact(command, tx)
        tx.then(self._teller.wake)

    async def on_order_placed(self, event: OrderPlaced, tx: Tx) -> None:
        await does.record_order(_order(event), tx)
        data = {"payment_due_at": event.payment_due_at}
        await self._tell(
            Tell(Kind.ORDER_PLACED, event.order_id, event.order_id, event.mall_id, event.placed_at, data), tx
        )

    async def on_payment_pending(self, event: PaymentPending, tx: Tx) -> None:
        account = event.virtual_account
        data = {
            "bank_name": account.bank_name,
            "account_number": account.account_number,
            "holder": account.holder,
            "due_at": account.due_at,
            "amount": event.amount,
        }
        command = Tell(
            Kind.PAYMENT_PENDING,
            event.payment_id,
            event.order_id,
            event.mall_id,
            event.occurred_at,
            data,
            account.due_at,
        )
        await self._tell(command, tx)

    async def on_order_paid(self, event: OrderPaid, tx: Tx) -> None:
        await does.record_order(_order(event), tx)
        data = {"method": event.method, "paid_at": event.paid_at}
        await self._tell(Tell(Kind.ORDER_PAID, event.order_id, event.order_id, event.mall_id, event.paid_at, data), tx)

    async def on_order_cancelled(self, event: OrderCancelled, tx: Tx) -> None:
        data = {
            "whole": event.whole,
            "was_paid": event.was_paid,
            "reason": event.reason,
            "refund_amount": event.refund_amount,
            "lines": [
                {"line_id": line.line_id, "quantity": line.quantity, "amount": line.amount} for line in event.lines
            ],
            "cancelled_at": event.cancelled_at,
        }
        command = Tell(Kind.ORDER_CANCELLED, event.cancel_id, event.order_id, event.mall_id, event.cancelled_at, data)
        await self._tell(command, tx)

    async def on_payment_refunded(self, event: PaymentRefunded, tx: Tx) -> None:
        data = {
            "method": event.method,
            "refund_amount": event.refund_amount,
            "remaining_amount": event.remaining_amount,
            "refunded_at": event.refunded_at,
            "by_hand": event.by_hand,
        }
        command = Tell(Kind.PAYMENT_REFUNDED, event.refund_id, event.order_id, event.mall_id, event.refunded_at, data)
        await self._tell(command, tx)

    async def on_refund_account_needed(self, event: RefundAccountNeeded, tx: Tx) -> None:
        """Asked for again where the account was wrong: each time is a message of its own."""
        again = event.account_was_wrong
        fact_id = at(event.refund_id, event.occurred_at) if again else event.refund_id
        data = {"refund_id": event.refund_id, "refund_amount": event.refund_amount, "account_was_wrong": again}
        command = Tell(Kind.REFUND_ACCOUNT_NEEDED, fact_id, event.order_id, event.mall_id, event.occurred_at, data)
        await self._tell(command, tx)

    async def on_refund_refused(self, event: RefundRefused, tx: Tx) -> None:
        """Only of money that is the customer's for certain; of the rest nothing is promised."""
        if not event.still_owed:
            return
        data = {"refund_id": event.refund_id, "refund_amount": event.refund_amount, "method": event.method}
        command = Tell(Kind.REFUND_FAILED, event.refund_id, event.order_id, event.mall_id, event.occurred_at, data)
        await self._tell(command, tx)

    async def on_order_refund_requested(self, event: OrderRefundRequested, tx: Tx) -> None:
        """A deposit after the account's day or the cancel, or a second payment: not asked for, so it is explained."""
        if event.reason not in _UNWANTED:
            return
        data = {
            "refund_id": event.refund_id,
            "refund_amount": event.amount,
            "reason": event.reason,
            "paid_at": event.paid_at or event.requested_at,
        }
        command = Tell(Kind.PAYMENT_UNWANTED, event.refund_id, event.order_id, event.mall_id, event.requested_at, data)
        await self._tell(command, tx)

    async def on_deposit_mismatch(self, event: DepositMismatch, tx: Tx) -> None:
        kind = Kind.DEPOSIT_SURPLUS if event.surplus_amount else Kind.DEPOSIT_SHORT
        fact_id = ids.derived_id("deposit", str(event.payment_id), str(event.deposited_amount))
        data = {
            "payment_id": event.payment_id,
            "amount": event.amount,
            "deposited_amount": event.deposited_amount,
            "surplus_amount": event.surplus_amount,
        }
        await self._tell(Tell(kind, fact_id, event.order_id, event.mall_id, event.occurred_at, data), tx)

    async def on_deposit_reversed(self, event: DepositReversed, tx: Tx) -> None:
        fact_id = at(event.payment_id, event.occurred_at)
        data = {"payment_id": event.payment_id, "amount": event.amount, "reversed_at": event.occurred_at}
        command = Tell(Kind.DEPOSIT_REVERSED, fact_id, event.order_id, event.mall_id, event.occurred_at, data)
        await self._tell(command, tx)

    async def on_surplus_returned(self, event: SurplusReturned, tx: Tx) -> None:
        fact_id = at(event.payment_id, event.returned_at)
        data = {
            "payment_id": event.payment_id,
            "returned_amount": event.returned_amount,
            "remaining_amount": event.remaining_amount,
            "returned_at": event.returned_at,
        }
        command = Tell(Kind.SURPLUS_RETURNED, fact_id, event.order_id, event.mall_id, event.returned_at, data)
        await self._tell(command, tx)


def _order(event: OrderPlaced | OrderPaid) -> RecordOrder:
    return RecordOrder(
        order_id=event.order_id,
        order_number=event.order_number,
        mall_id=event.mall_id,
        currency=event.currency,
        lines=tuple(_line(line) for line in event.lines),
        discount_amount=event.discount_amount,
        shipping_amount=event.shipping_amount,
        total_amount=event.total_amount,
        placed_at=event.placed_at,
    )


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "product_name": line.product_name,
        "variant_name": line.variant_name,
        "quantity": line.quantity,
        "amount": line.amount,
    }
