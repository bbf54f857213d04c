"""What an order is and what may happen to it: pure, no clock, no database, no network."""

from orders.domain.addressing import change_address, settle_address_change
from orders.domain.amounts import Amounts
from orders.domain.attention import (
    note_deposit_mismatch,
    note_refund_refused,
    note_refund_waits,
    note_surplus_returned,
)
from orders.domain.cancelling import request_cancel, settle_cancel
from orders.domain.charging import exchange_fee, note_returned
from orders.domain.choosing import change_option, check_option, settle_option_change
from orders.domain.claim import CLAIM_RULES, CLAIM_TRANSITIONS, Claim, ClaimStatus, ClaimUnits, ReplacementStop
from orders.domain.claiming import (
    approve_claim,
    note_replacement_unavailable,
    note_return,
    reject_claim,
    request_claim,
    settle_claim,
    withdraw_claim,
)
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.holding import Lot, held, lots
from orders.domain.option import OptionChange, OptionStatus
from orders.domain.order import Cancel, CancelledUnits, Charge, Line, Order, Payment, Trouble, UnwantedPayment
from orders.domain.parcels import Parcel, units_of
from orders.domain.paying import note_deposit_reversed, note_payment_failed, note_payment_pending, pay, record_refund
from orders.domain.placing import check_price, expire, note_payment_expired, note_stock_unavailable, place
from orders.domain.quote import Promotion, Quote, QuoteLine
from orders.domain.shipping import complete, confirm_purchase, note_shipment
from orders.domain.status import TRANSITIONS, CancelStatus, Status
from orders.domain.stopping import settle_replacement_stop, stop_replacement

__all__ = [
    "CLAIM_RULES",
    "CLAIM_TRANSITIONS",
    "TRANSITIONS",
    "Amounts",
    "Cancel",
    "CancelStatus",
    "CancelledUnits",
    "Charge",
    "Claim",
    "ClaimStatus",
    "ClaimUnits",
    "Decision",
    "Fact",
    "Line",
    "Lot",
    "OptionChange",
    "OptionStatus",
    "Order",
    "Parcel",
    "Payment",
    "Promotion",
    "Quote",
    "QuoteLine",
    "ReplacementStop",
    "Status",
    "Trouble",
    "UnwantedPayment",
    "approve_claim",
    "change_address",
    "change_option",
    "check_option",
    "check_price",
    "complete",
    "confirm_purchase",
    "exchange_fee",
    "expire",
    "held",
    "lots",
    "note_deposit_mismatch",
    "note_deposit_reversed",
    "note_payment_expired",
    "note_payment_failed",
    "note_payment_pending",
    "note_refund_refused",
    "note_refund_waits",
    "note_replacement_unavailable",
    "note_return",
    "note_returned",
    "note_shipment",
    "note_stock_unavailable",
    "note_surplus_returned",
    "pay",
    "place",
    "record_refund",
    "reject_claim",
    "request_cancel",
    "request_claim",
    "settle_address_change",
    "settle_cancel",
    "settle_claim",
    "settle_option_change",
    "settle_replacement_stop",
    "stop_replacement",
    "units_of",
    "withdraw_claim",
]
