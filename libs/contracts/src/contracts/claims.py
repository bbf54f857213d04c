"""Said by orders about goods that come back: returns and exchanges, each a claim of its own."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from contracts.envelope import Payload
from contracts.orders import OrderEvent
from contracts.shared import Sku, SkuQuantity

ClaimKind = Literal["return", "exchange"]
Fault = Literal["customer", "seller"]


class ClaimLine(Payload):
    """So many units of an order line that come back. `replacement_sku`: what is sent for each unit of an exchange, with
    `replacement_variant_name`; without a SKU the same again. Events of before do not tell the name.
    """

    line_id: UUID
    sku: Sku
    product_id: UUID
    product_name: str = ""
    variant_name: str | None = None
    category_ids: tuple[str, ...] = ()
    quantity: int = Field(ge=1)
    replacement_sku: Sku | None = None
    replacement_variant_name: str | None = None


class _Claim(OrderEvent):
    claim_id: UUID
    kind: ClaimKind
    fault: Fault
    lines: tuple[ClaimLine, ...]


class ClaimRequested(_Claim):
    """A customer, or staff for them, asks to send delivered units back. `reason` is a code, never their words."""

    type: ClassVar[str] = "claim-requested"

    reason: str
    requested_at: datetime


class ClaimApproved(_Claim):
    """The goods are to come back: scm has them fetched, catalog sells the replacements of an exchange to the claim.

    Where the replacements are gone, catalog says `stock-unavailable` with the claim's id as its `order_id`.
    """

    type: ClassVar[str] = "claim-approved"

    approved_at: datetime


class ClaimRejected(_Claim):
    """The claim is over and nothing changes hands. `was_approved`: goods were awaited and replacements kept for it."""

    type: ClassVar[str] = "claim-rejected"

    reason: str
    was_approved: bool
    rejected_at: datetime


class ClaimWithdrawn(_Claim):
    """The customer keeps the goods. `was_approved`: goods were awaited and replacements kept for it."""

    type: ClassVar[str] = "claim-withdrawn"

    was_approved: bool
    withdrawn_at: datetime


class SettledLine(ClaimLine):
    """What the centre found. `resellable` units go on the shelf again; `missing` ones stay with the customer.

    `amount` is the price of the units that came, 0 in an exchange. `bought_sku` is the order line's own: an exchange
    before may have made another variant of these units, which was never sold as such. Events of before do not tell it.
    """

    resellable: int = Field(ge=0)
    damaged: int = Field(ge=0)
    missing: int = Field(ge=0)
    amount: StrictInt = Field(ge=0)
    bought_sku: Sku | None = None


class ClaimCompleted(OrderEvent):
    """Goods came back and were looked at. A return gives money back, an exchange has its replacements sent now.

    `kind` is how it ended: an exchange whose replacement was sold out ends as a return. `refund_amount` is the price
    of what came plus `shipping_amount` less `fee_amount`, or 0 while a bank holds the deposit back.
    `sold_under` names the reservations the units were sold under, the order's first, then its earlier exchanges.
    `whole`: nothing that was bought is left of the order, and it is over.
    """

    type: ClassVar[str] = "claim-completed"

    claim_id: UUID
    kind: ClaimKind
    fault: Fault
    lines: tuple[SettledLine, ...]
    shipping_amount: StrictInt = 0
    fee_amount: StrictInt = 0
    refund_amount: StrictInt = 0
    whole: bool = False
    sold_under: tuple[UUID, ...]
    placed_at: datetime
    completed_at: datetime


class ReplacementLine(Payload):
    """Units that were to be sent in exchange. `sku` is theirs, not that of what came back."""

    line_id: UUID
    sku: Sku
    quantity: int = Field(ge=1)


class ReplacementStopRequested(OrderEvent):
    """Staff gives the replacements of a completed exchange up, those that have not left: can the centre stop them?

    scm answers with `replacement-stop-decided`. `lines`: all that orders does not know to have left.
    """

    type: ClassVar[str] = "replacement-stop-requested"

    claim_id: UUID
    stop_id: UUID
    lines: tuple[ReplacementLine, ...]
    requested_at: datetime


class StoppedLine(Payload):
    """Units that are not sent in exchange, and paid back instead. `sku` is what would have been sent, `bought_sku` the
    order line's own. `amount` is what goes back for them. `resellable`: of what had come for them, what went back on
    the shelf.
    """

    line_id: UUID
    sku: Sku
    bought_sku: Sku
    product_id: UUID
    product_name: str = ""
    variant_name: str | None = None
    category_ids: tuple[str, ...] = ()
    quantity: int = Field(ge=1)
    resellable: int = Field(ge=0)
    amount: StrictInt = Field(ge=0)


class ReplacementStopped(OrderEvent):
    """Units of a completed exchange are not sent: their price goes back, as in a return at the seller's fault.

    `lines` are held under the claim's reservation and free again, but for those in `short`, as they would lie on the
    shelves: the centre was asked for them and does not have them. `sold_under` as in `claim-completed`: units that came
    back may count as the claim's own, one being as good as another. `refund_amount` is the price of the lines plus
    `shipping_amount`, or 0 while a bank holds the deposit back. `whole`: nothing that was bought is left of the order,
    and it is over.
    """

    type: ClassVar[str] = "replacement-stopped"

    claim_id: UUID
    stop_id: UUID
    lines: tuple[StoppedLine, ...]
    short: tuple[SkuQuantity, ...] = ()
    shipping_amount: StrictInt = 0
    refund_amount: StrictInt = 0
    whole: bool = False
    sold_under: tuple[UUID, ...]
    placed_at: datetime
    stopped_at: datetime
