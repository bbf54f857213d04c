"""About orders themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from common.money import Money
from orders.commands.charges import PaidBy

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
class ShelfUnits:
    """Units as they lie on a shelf: of a set its parts."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SettleCancel:
    """The logistics centre's answer: whether the goods could be stopped, and which of them it does not have."""

    order_id: UUID
    cancel_id: UUID
    accepted: bool
    reason: str | None = None
    short: tuple[ShelfUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteShipment:
    """A shipment took a step. `order_shipped` and `order_delivered` speak of every open line of the order.

    `lines` are the units in it; `claim_id`: they are sent in exchange, of units that were counted before.
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
    claim_id: UUID | None = None


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
    """Send the order elsewhere, if it has not left. `surcharge`: what the new place costs beside the fee by today's
    table; `surcharge_now`: what the one it goes to now, `from_zonecode`, costs. `surcharge_paid_by`: how the difference
    was settled, where one is due. `pending`: changes the centre has not decided.
    """

    order_id: UUID
    change_id: UUID
    actor: str
    ship_to: ShipTo
    from_zonecode: str | None = field(default=None, repr=False)
    surcharge: int = 0
    surcharge_now: int = 0
    surcharge_paid_by: PaidBy | None = None
    pending: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class SettleAddressChange:
    """scm's answer: whether the centre could still be told."""

    order_id: UUID
    change_id: UUID
    accepted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeOption:
    """All of a line is to be `sku` instead of `from_sku`: `quantity` units, which are held under `change_id`."""

    order_id: UUID
    change_id: UUID
    line_id: UUID
    actor: str
    sku: str
    variant_name: str | None
    from_sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class SettleOptionChange:
    """scm's answer: whether the centre packs the new variant, and which of the old units it does not have."""

    order_id: UUID
    change_id: UUID
    accepted: bool
    reason: str | None = None
    short: tuple[ShelfUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class LookUp:
    """A guest without a token, who knows the order's number and the orderer's e-mail or phone. `caller`: from where."""

    number: str
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    caller: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AddNote:
    """`text` is staff's own words, for staff."""

    order_id: UUID
    note_id: UUID
    author: str
    text: str = field(repr=False)
