"""Everything that can be asked of orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from common.money import Money

# Why units of an order are cancelled. A code, never the customer's words: it travels on topics that anyone may read.
CancelReason = Literal["customer_request", "staff_request", "payment_expired", "deposit_reversed", "stock_unavailable"]


@dataclass(frozen=True, slots=True)
class Contact:
    """Who ordered and where it goes: personal, so it never shows in a log or a traceback."""

    orderer_name: str = field(repr=False)
    orderer_email: str = field(repr=False)
    orderer_phone: str = field(repr=False)
    recipient: str = field(repr=False)
    phone: str = field(repr=False)
    zonecode: str = field(repr=False)
    road_address: str = field(repr=False)
    jibun_address: str | None = field(repr=False)
    detail: str = field(repr=False)
    memo: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Turn a cart into an order. `expected_total` is what the customer was shown."""

    order_id: UUID
    cart_id: UUID
    cart_token: str = field(repr=False)
    contact: Contact
    expected_total: Money | None = None


@dataclass(frozen=True, slots=True)
class NotePaymentPending:
    """An account waits for the customer's deposit until `due_at`."""

    order_id: UUID
    payment_id: UUID
    method: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class NotePaymentFailed:
    order_id: UUID
    payment_id: UUID
    method: str
    code: str


@dataclass(frozen=True, slots=True)
class NotePaymentExpired:
    """Nobody paid this payment in time."""

    order_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True)
class PayOrder:
    order_id: UUID
    payment_id: UUID
    amount: Money
    provider: str
    method: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class ExpireOrder:
    """Give an unpaid order up. The grace after `payment_due_at` lets a payment on its way arrive first."""

    order_id: UUID
    grace: timedelta
    account_grace: timedelta


@dataclass(frozen=True, slots=True)
class Units:
    line_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class RequestCancel:
    """`lines` empty means everything that is still open. `note` is the customer's own words."""

    order_id: UUID
    cancel_id: UUID
    reason: CancelReason
    actor: str
    note: str | None = field(default=None, repr=False)
    lines: tuple[Units, ...] = ()


@dataclass(frozen=True, slots=True)
class SettleCancel:
    """The logistics centre's answer: whether the goods could be stopped."""

    order_id: UUID
    cancel_id: UUID
    accepted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NoteShipment:
    """A shipment took a step. `order_shipped` and `order_delivered` speak of every open line of the order."""

    order_id: UUID
    shipment_id: UUID
    status: str
    order_shipped: bool
    order_delivered: bool
    occurred_at: datetime
    carrier: str | None = None
    waybill: str | None = None


@dataclass(frozen=True, slots=True)
class NoteDepositReversed:
    """The bank took the deposit back."""

    order_id: UUID
    payment_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class NoteRefundWaits:
    """A refund waits until the customer names an account."""

    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount: int
    account_was_wrong: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteRefundRefused:
    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount: int
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteDepositMismatch:
    """`deposited` was paid in where `wanted` was owed; `surplus` of it belongs to no order."""

    order_id: UUID
    payment_id: UUID
    wanted: int
    deposited: int
    surplus: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteSurplusReturned:
    order_id: UUID
    payment_id: UUID
    returned: int
    remaining: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteStockUnavailable:
    """The reservation ran out before the order was placed, and the stock is gone."""

    order_id: UUID
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompleteOrder:
    order_id: UUID
    after: timedelta


@dataclass(frozen=True, slots=True)
class RecordRefund:
    """`refunded_amount` is all that went back of this payment so far."""

    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    refund_amount: int
    refunded_amount: int
