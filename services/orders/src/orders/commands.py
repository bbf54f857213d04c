"""Everything that can be asked of orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from common.money import Money

# Why units of an order are cancelled. A code, never the customer's words: it travels on topics that anyone may read.
CancelReason = Literal["customer_request", "staff_request", "payment_expired", "deposit_reversed", "stock_unavailable"]

# Why delivered units come back. The first two are a change of mind, the others the seller's fault.
ClaimReason = Literal[
    "change_of_mind",
    "wrong_choice",
    "defective",
    "damaged_in_transit",
    "wrong_item",
    "not_as_described",
    "parts_missing",
]
ClaimKind = Literal["return", "exchange"]
Fault = Literal["customer", "seller"]
# Why staff says no.
ClaimRefusal = Literal["too_late", "used", "not_returnable", "not_sent", "no_defect_found", "other"]


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
class ClaimTerms:
    """What holds for claims of a mall. Amounts in minor units; days count from the day of delivery in Seoul.

    `outbound_fee_amount` is what sending would have cost where it was free; it was free for orders of
    `free_shipping_from_amount` and more.
    """

    return_fee_amount: int
    outbound_fee_amount: int
    free_shipping_from_amount: int
    change_of_mind_days: int
    defect_days: int
    defect_known_days: int


@dataclass(frozen=True, slots=True)
class ClaimedUnits:
    """`replacement_sku`: what is sent instead in an exchange; None: the same again."""

    line_id: UUID
    quantity: int
    replacement_sku: str | None = None


@dataclass(frozen=True, slots=True)
class RequestClaim:
    """`noticed_on`: the day the customer saw the fault. `goodwill`: staff lets a claim in after its time."""

    order_id: UUID
    claim_id: UUID
    kind: ClaimKind
    reason: ClaimReason
    actor: str
    lines: tuple[ClaimedUnits, ...]
    terms: ClaimTerms
    note: str | None = field(default=None, repr=False)
    noticed_on: date | None = None
    goodwill: bool = False


@dataclass(frozen=True, slots=True)
class ApproveClaim:
    """`fault` None: as the reason says."""

    order_id: UUID
    claim_id: UUID
    actor: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class RejectClaim:
    """`note` is for the customer."""

    order_id: UUID
    claim_id: UUID
    actor: str
    reason: ClaimRefusal
    note: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WithdrawClaim:
    order_id: UUID
    claim_id: UUID
    actor: str


@dataclass(frozen=True, slots=True)
class NoteReturn:
    """The carrier has the goods that come back."""

    order_id: UUID
    claim_id: UUID
    picked_up_at: datetime
    carrier: str | None = None
    waybill: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the centre found of the units of a line; the parts sum to what was claimed."""

    line_id: UUID
    resellable: int
    damaged: int
    missing: int


@dataclass(frozen=True, slots=True)
class SettleClaim:
    order_id: UUID
    claim_id: UUID
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class NoteReplacementUnavailable:
    """The replacements of an approved exchange are sold out."""

    order_id: UUID
    claim_id: UUID
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteShipment:
    """A shipment took a step. `order_shipped` and `order_delivered` speak of every open line of the order.

    `lines` are the units in it; none for what is sent in exchange of units that were counted before.
    """

    order_id: UUID
    shipment_id: UUID
    status: str
    order_shipped: bool
    order_delivered: bool
    occurred_at: datetime
    carrier: str | None = None
    waybill: str | None = None
    lines: tuple[Units, ...] = ()


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
class ConfirmPurchase:
    order_id: UUID
    actor: str


@dataclass(frozen=True, slots=True)
class ShipTo:
    """Where goods go: personal, as `Contact` is."""

    recipient: str = field(repr=False)
    phone: str = field(repr=False)
    zonecode: str = field(repr=False)
    road_address: str = field(repr=False)
    jibun_address: str | None = field(repr=False)
    detail: str = field(repr=False)
    memo: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeAddress:
    """Send the order elsewhere, if it has not left."""

    order_id: UUID
    change_id: UUID
    actor: str
    ship_to: ShipTo


@dataclass(frozen=True, slots=True)
class SettleAddressChange:
    """scm's answer: whether the centre could still be told."""

    order_id: UUID
    change_id: UUID
    accepted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LookUp:
    """A guest without a token, who knows the order's number and the orderer's e-mail or phone."""

    number: str
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddNote:
    """`text` is staff's own words, for staff."""

    order_id: UUID
    note_id: UUID
    author: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordRefund:
    """`refunded_amount` is all that went back of this payment so far."""

    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    refund_amount: int
    refunded_amount: int
