"""What payments says of an order's money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.money import Money


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
class RecordRefund:
    """`refunded_amount` is all that went back of this payment so far."""

    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    refund_amount: int
    refunded_amount: int
