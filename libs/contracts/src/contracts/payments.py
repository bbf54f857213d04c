"""Said by payments. The key is the payment: an order may see several payments, each with its own life."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field, StrictInt

from contracts import topics
from contracts.envelope import Event, Payload
from contracts.shared import Currency, MallId


class _Payment(Event):
    topic = topics.PAYMENTS
    key_field = "payment_id"

    payment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: MallId
    currency: Currency
    amount: StrictInt = Field(gt=0)
    provider: str
    method: str


class VirtualAccount(Payload):
    """The account the customer pays into. `due_at`: after this the bank refuses the deposit."""

    bank_code: str
    bank_name: str
    account_number: str
    holder: str
    due_at: datetime


class PaymentPending(_Payment):
    """A virtual account was issued; the order waits for the deposit (입금 대기)."""

    type: ClassVar[str] = "payment-pending"

    virtual_account: VirtualAccount
    occurred_at: datetime


class PaymentConfirmed(_Payment):
    """The provider holds the money. `amount` is all of it; partial payments do not exist."""

    type: ClassVar[str] = "payment-confirmed"

    receipt_url: str | None = None
    confirmed_at: datetime


class PaymentFailed(_Payment):
    """The provider refused for good; the customer may try another payment while the order waits."""

    type: ClassVar[str] = "payment-failed"

    code: str
    reason: str
    occurred_at: datetime


class PaymentExpired(_Payment):
    """Nobody paid in time."""

    type: ClassVar[str] = "payment-expired"

    occurred_at: datetime


class PaymentRefunded(_Payment):
    """`refund_amount` went back to the customer; `refunded_amount` is all that has gone back so far.

    `by_hand`: by a bank transfer of our own, after the provider had refused it; the provider still has the money.
    """

    type: ClassVar[str] = "payment-refunded"

    refund_id: UUID
    refund_amount: StrictInt = Field(gt=0)
    refunded_amount: StrictInt
    remaining_amount: StrictInt
    reason: str
    refunded_at: datetime
    refund_tax_free_amount: StrictInt = 0
    refund_vat_amount: StrictInt = 0
    by_hand: bool = False


class RefundAccountNeeded(_Payment):
    """A refund waits until the customer names an account to send it to, or names another: the last one was wrong."""

    type: ClassVar[str] = "refund-account-needed"

    refund_id: UUID
    refund_amount: StrictInt = Field(gt=0)
    account_was_wrong: bool = False
    occurred_at: datetime


class RefundRefused(_Payment):
    """The provider will not give this money back, or the payment does not hold so much. A person has to see to it.

    `still_owed`: it is the customer's, who may name an account at payments; staff send it there by bank transfer, and
    `payment-refunded` follows. Otherwise it may be none of the customer's: nothing is to be promised.
    """

    type: ClassVar[str] = "refund-refused"

    refund_id: UUID
    refund_amount: StrictInt = Field(gt=0)
    code: str
    reason: str
    occurred_at: datetime
    still_owed: bool = False


class DepositMismatch(_Payment):
    """More or less than `amount` was paid into the account. Too little confirms nothing; too much confirms the payment.

    `surplus_amount` belongs to no order and goes back to the customer by bank transfer; 0 while the account still waits
    for the rest.
    """

    type: ClassVar[str] = "deposit-mismatch"

    deposited_amount: StrictInt = Field(ge=0)
    surplus_amount: StrictInt = Field(default=0, ge=0)
    occurred_at: datetime


class SurplusReturned(_Payment):
    """`returned_amount` of what was paid in beyond any order was transferred back; `remaining_amount` is still owed."""

    type: ClassVar[str] = "surplus-returned"

    returned_amount: StrictInt = Field(gt=0)
    remaining_amount: StrictInt = Field(ge=0)
    returned_at: datetime


class DepositReversed(_Payment):
    """The bank took a deposit back after confirming it: the order is not paid any more."""

    type: ClassVar[str] = "deposit-reversed"

    occurred_at: datetime
