"""What an order is and what may happen to it: pure, no clock, no database, no network."""

from orders.domain.amounts import Amounts
from orders.domain.attention import (
    note_deposit_mismatch,
    note_refund_refused,
    note_refund_waits,
    note_surplus_returned,
)
from orders.domain.cancelling import request_cancel, settle_cancel
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.order import Cancel, CancelledUnits, Line, Order, Payment, Trouble, UnwantedPayment
from orders.domain.paying import note_deposit_reversed, note_payment_failed, note_payment_pending, pay, record_refund
from orders.domain.placing import check_price, expire, note_payment_expired, note_stock_unavailable, place
from orders.domain.quote import Quote, QuoteLine
from orders.domain.shipping import complete, note_shipment
from orders.domain.status import TRANSITIONS, CancelStatus, Status

__all__ = [
    "TRANSITIONS",
    "Amounts",
    "Cancel",
    "CancelStatus",
    "CancelledUnits",
    "Decision",
    "Fact",
    "Line",
    "Order",
    "Payment",
    "Quote",
    "QuoteLine",
    "Status",
    "Trouble",
    "UnwantedPayment",
    "check_price",
    "complete",
    "expire",
    "note_deposit_mismatch",
    "note_deposit_reversed",
    "note_payment_expired",
    "note_payment_failed",
    "note_payment_pending",
    "note_refund_refused",
    "note_refund_waits",
    "note_shipment",
    "note_stock_unavailable",
    "note_surplus_returned",
    "pay",
    "place",
    "record_refund",
    "request_cancel",
    "settle_cancel",
]
