"""An order as it stands: what was bought, what was paid, what was cancelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from orders import errors
from orders.commands import CancelReason, ChargeFor, PaidBy
from orders.domain.amounts import NOTHING, Amounts, share_of
from orders.domain.claim import Claim
from orders.domain.option import OptionChange
from orders.domain.parcels import Parcel, Progress, progress, units_of
from orders.domain.quote import Promotion
from orders.domain.status import TRANSITIONS, CancelStatus, Status

ITEM = "item"


@dataclass(frozen=True, slots=True)
class Line:
    """Priced for good when the order was placed. `cancelling` units wait for the logistics centre's answer, `claiming`
    ones for the end of a claim, or for whether their replacement can be stopped; `returned` ones are paid back.

    A gift costs nothing. It was given for the lines in `gift_of`, or for the whole order where that is empty.
    """

    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str
    variant_name: str | None
    category_ids: tuple[str, ...]
    quantity: int
    unit_price: int
    discount_amount: int
    amount: int
    vat_amount: int
    tax_free_amount: int
    cancelled: int = 0
    cancelling: int = 0
    claiming: int = 0
    returned: int = 0
    kind: str = ITEM
    gift_of: tuple[UUID, ...] = ()

    @property
    def is_gift(self) -> bool:
        return self.kind != ITEM

    @property
    def open(self) -> int:
        """Units that nobody has asked to cancel or to send back."""
        return self.kept - self.cancelling - self.claiming

    @property
    def kept(self) -> int:
        """Units that were not paid back."""
        return self.quantity - self.cancelled - self.returned

    def worth(self, count: int, *, after: int = 0) -> Amounts:
        """What the next `count` units to be paid back cost, when `after` others are paid back before them."""
        whole = Amounts(self.amount, self.vat_amount, self.tax_free_amount)
        return share_of(whole, self.quantity, self.cancelled + self.returned + after, count)


@dataclass(frozen=True, slots=True)
class CancelledUnits:
    """So many units of a line and their money; until the cancel is accepted the money is what it would be now."""

    line_id: UUID
    sku: str
    product_id: UUID
    category_ids: tuple[str, ...]
    quantity: int
    worth: Amounts


@dataclass(frozen=True, slots=True)
class Cancel:
    """`refund_amount` is what was asked back from payments: `amount`, or 0 where no money of the customer is held."""

    cancel_id: UUID
    reason: CancelReason
    actor: str
    status: CancelStatus
    units: tuple[CancelledUnits, ...]
    requested_at: datetime
    shipping_amount: int = 0
    worth: Amounts = NOTHING
    refund_amount: int = 0
    refused_because: str | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment that paid the order. `reversed_at`: the bank took its deposit back and the money is not held."""

    payment_id: UUID
    provider: str
    method: str
    amount: int
    paid_at: datetime
    reversed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnwantedPayment:
    """Money that came for an order that does not want it, and goes back. `reversed_at`: the bank took it back first."""

    payment_id: UUID
    refund_id: UUID
    amount: int
    currency: str
    reason: str
    confirmed_at: datetime
    reversed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about the order's money that somebody has to see to. `subject`: the refund or payment it is about."""

    what: str
    subject: UUID
    payment_id: UUID
    amount: int
    since: datetime
    over: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """What the customer paid apart from the order, to the mall's own account, for an exchange or a farther place.

    `subject` is the claim or the address change it is for. `owed` came to nothing, so staff must send it back;
    `returned`: they did. What was waived is 0 won.
    """

    what: ChargeFor
    subject: UUID
    amount: int
    paid_by: PaidBy
    status: Literal["kept", "owed", "returned"]
    since: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """`free_shipping_from`: what the goods had to come to for the shipping fee to be waived, 0 where it was not waived
    for that; None: an order of before this was noted.
    """

    order_id: UUID
    number: str
    mall_id: str
    channel: str
    currency: str
    cart_id: UUID
    status: Status
    lines: tuple[Line, ...]
    items_amount: int
    discount_amount: int
    shipping_amount: int
    shipping_vat_amount: int
    total_amount: int
    placed_at: datetime
    payment_due_at: datetime
    awaited_payment_id: UUID | None = None
    payment: Payment | None = None
    refunded_amount: int = 0
    cancels: tuple[Cancel, ...] = ()
    unwanted: tuple[UnwantedPayment, ...] = ()
    claims: tuple[Claim, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    option_changes: tuple[OptionChange, ...] = ()
    stock_missing: bool = False
    promotions: tuple[Promotion, ...] = ()
    coupon_uses: tuple[UUID, ...] = ()
    surcharge_amount: int = 0
    shipping_discount_amount: int = 0
    free_shipping_from: int | None = None
    troubles: tuple[Trouble, ...] = ()
    charges: tuple[Charge, ...] = ()
    delivered_at: datetime | None = None
    completed_at: datetime | None = None
    returned_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def worth(self) -> Amounts:
        """All that is owed, shipping in it, with the parts a tax invoice needs."""
        shipping = Amounts(self.shipping_amount, self.shipping_vat_amount, 0)
        return Amounts.total(Amounts(line.amount, line.vat_amount, line.tax_free_amount) for line in self.lines) + (
            shipping
        )

    @property
    def money_is_held(self) -> bool:
        """Whether its payment came and the bank did not take it back."""
        return self.payment is not None and self.payment.reversed_at is None

    @property
    def progress(self) -> Progress:
        """How far the parcels are, of the units that were not cancelled. The status waits for the last of them."""
        wanted = sum(line.quantity - line.cancelled for line in self.lines)
        shipped, delivered = (
            sum(units_of(self.parcels, line.line_id, delivered=arrived) for line in self.lines)
            for arrived in (False, True)
        )
        return progress(wanted, shipped, delivered)

    @property
    def has_arrivals(self) -> bool:
        """Whether anything of the order has come to its customer."""
        return self.delivered_at is not None or any(parcel.status == "delivered" for parcel in self.parcels)

    @property
    def keeps_nothing(self) -> bool:
        """Whether all that was bought was paid back. Gifts count for nothing: nobody paid for them."""
        return not any(line.kept for line in self.lines if not line.is_gift)

    @property
    def cancel_open(self) -> bool:
        return any(cancel.status is CancelStatus.REQUESTED for cancel in self.cancels)

    @property
    def claim_open(self) -> bool:
        return any(claim.is_open or claim.is_stopping for claim in self.claims)

    @property
    def requested_refunds(self) -> int:
        """All that accepted cancels and completed claims asked back. Never more than was paid."""
        cancelled = sum(cancel.refund_amount for cancel in self.cancels)
        return cancelled + sum(claim.refund_amount for claim in self.claims)

    def line(self, line_id: UUID) -> Line:
        """Raises `LineUnknown`."""
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise errors.LineUnknown("the order has no such line", line_id=str(line_id))

    def cancel(self, cancel_id: UUID) -> Cancel:
        """Raises `CancelNotFound`."""
        for cancel in self.cancels:
            if cancel.cancel_id == cancel_id:
                return cancel
        raise errors.CancelNotFound("the order has no such cancel", cancel_id=str(cancel_id))

    def claim(self, claim_id: UUID) -> Claim:
        """Raises `ClaimNotFound`."""
        for claim in self.claims:
            if claim.claim_id == claim_id:
                return claim
        raise errors.ClaimNotFound("the order has no such claim", claim_id=str(claim_id))

    def asked_option(self, change_id: UUID) -> OptionChange | None:
        return next((known for known in self.option_changes if known.change_id == change_id), None)

    def open_option(self, line_id: UUID) -> OptionChange | None:
        """The option that was asked for and is not decided."""
        return next((known for known in self.option_changes if known.line_id == line_id and known.is_open), None)

    def to(self, status: Status, **changes: Any) -> Order:
        """The order one step on. Raises `TransitionRefused` for a step that is not in the table."""
        if status not in TRANSITIONS[self.status]:
            raise errors.TransitionRefused(f"an order does not go from {self.status} to {status}")
        return replace(self, status=status, **changes)

    def with_lines(self, changed: Iterable[Line]) -> Order:
        by_id = {line.line_id: line for line in changed}
        return replace(self, lines=tuple(by_id.get(line.line_id, line) for line in self.lines))

    def with_cancel(self, cancel: Cancel) -> Order:
        """Adds the cancel, or puts it in the place of its earlier self."""
        if all(known.cancel_id != cancel.cancel_id for known in self.cancels):
            return replace(self, cancels=(*self.cancels, cancel))
        kept = tuple(cancel if known.cancel_id == cancel.cancel_id else known for known in self.cancels)
        return replace(self, cancels=kept)

    def with_option(self, change: OptionChange) -> Order:
        """Adds the change, or puts it in the place of its earlier self."""
        if all(known.change_id != change.change_id for known in self.option_changes):
            return replace(self, option_changes=(*self.option_changes, change))
        kept = tuple(change if known.change_id == change.change_id else known for known in self.option_changes)
        return replace(self, option_changes=kept)

    def with_claim(self, claim: Claim) -> Order:
        """Adds the claim, or puts it in the place of its earlier self."""
        if all(known.claim_id != claim.claim_id for known in self.claims):
            return replace(self, claims=(*self.claims, claim))
        kept = tuple(claim if known.claim_id == claim.claim_id else known for known in self.claims)
        return replace(self, claims=kept)
