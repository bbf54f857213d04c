"""About returns and exchanges."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from orders.commands.charges import PaidBy
from orders.commands.orders import ShelfUnits, Units

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
    """`replacement_sku`: what is sent instead in an exchange; None: the same again.

    `sku`: which variant comes back; None: the only one the customer holds of the line. `replacement_name`: what catalog
    calls the variant that is sent instead, where it is another one.
    """

    line_id: UUID
    quantity: int
    replacement_sku: str | None = None
    sku: str | None = None
    replacement_name: str | None = None


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
    """`fault` None: as the reason says. `fee_paid_by`: how the fee of an exchange was settled, where one is due."""

    order_id: UUID
    claim_id: UUID
    actor: str
    fault: Fault | None = None
    fee_paid_by: PaidBy | None = None


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
class StopReplacement:
    """What an exchange was to send is given up, as far as it has not left; its price goes back instead."""

    order_id: UUID
    claim_id: UUID
    stop_id: UUID
    actor: str


@dataclass(frozen=True, slots=True)
class SettleReplacementStop:
    """The centre's word. `lines`: the units that stay there; `short`: those of them that it does not have."""

    order_id: UUID
    claim_id: UUID
    stop_id: UUID
    accepted: bool
    reason: str | None = None
    lines: tuple[Units, ...] = ()
    short: tuple[ShelfUnits, ...] = ()
