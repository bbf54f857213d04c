"""What customers are told. Only information about their own order: nothing here advertises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from notify.domain import options
from notify.domain.delivery import Channel


class Kind(StrEnum):
    """Which message. Together with the id of its fact it names a message for ever."""

    ORDER_PLACED = "order-placed"  # fact: the order
    PAYMENT_PENDING = "payment-pending"  # fact: the payment
    DEPOSIT_SHORT = "deposit-short"  # fact: so much paid into the payment's account
    DEPOSIT_SURPLUS = "deposit-surplus"  # fact: so much paid into the payment's account
    DEPOSIT_REVERSED = "deposit-reversed"  # fact: the payment's deposit, taken back at a moment
    SURPLUS_RETURNED = "surplus-returned"  # fact: so much of the payment's surplus, sent back at a moment
    ORDER_PAID = "order-paid"  # fact: the order
    ORDER_SHIPPED = "order-shipped"  # fact: the shipment
    ORDER_CANCELLED = "order-cancelled"  # fact: the cancel
    REFUND_ACCOUNT_NEEDED = "refund-account-needed"  # fact: the refund; if the account was wrong, it at a moment
    REFUND_FAILED = "refund-failed"  # fact: the refund
    PAYMENT_UNWANTED = "payment-unwanted"  # fact: the refund of money that no order wants
    PAYMENT_REFUNDED = "payment-refunded"  # fact: the refund
    ORDER_COMPLETED = "order-completed"  # fact: the order
    ADDRESS_CHANGED = "address-changed"  # fact: the change
    ADDRESS_KEPT = "address-kept"  # fact: the change that came too late
    OPTION_CHANGED = "option-changed"  # fact: the change
    OPTION_KEPT = "option-kept"  # fact: the change that came too late
    PREORDER_HELD = "preorder-held"  # fact: the shipment, to wait until a day that was told at a moment
    PREORDER_RELEASED = "preorder-released"  # fact: the shipment
    EXCHANGE_SHIPPED = "exchange-shipped"  # fact: the shipment of replacements
    CLAIM_REQUESTED = "claim-requested"  # fact, of this and the following: the claim
    CLAIM_APPROVED = "claim-approved"
    CLAIM_REJECTED = "claim-rejected"
    CLAIM_WITHDRAWN = "claim-withdrawn"
    CLAIM_COLLECTED = "claim-collected"
    CLAIM_COMPLETED = "claim-completed"
    REPLACEMENT_STOPPED = "replacement-stopped"  # fact: the stop


@dataclass(frozen=True, slots=True)
class Message:
    """`data` is what the fact says beyond the order. After `expires_at` telling it is no use any more.

    `trace` is the trace context of the event that caused it.
    """

    id: UUID
    kind: Kind
    fact_id: UUID
    order_id: UUID
    mall_id: str
    fact_at: datetime
    data: Mapping[str, Any]
    expires_at: datetime | None = None
    trace: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order as messages show it. `amount` in minor units, for the whole line."""

    line_id: UUID
    product_name: str
    variant_name: str | None
    quantity: int
    amount: int

    @property
    def name(self) -> str:
        return f"{self.product_name} ({self.variant_name})" if self.variant_name else self.product_name


@dataclass(frozen=True, slots=True)
class Order:
    """Our copy of an order, as far as messages need it."""

    order_id: UUID
    order_number: str
    mall_id: str
    currency: str
    lines: tuple[Line, ...]
    discount_amount: int
    shipping_amount: int
    total_amount: int
    placed_at: datetime

    @property
    def summary(self) -> str:
        """`그래놀라 외 2건`."""
        return and_more(self.lines[0].product_name if self.lines else "주문 상품", len(self.lines))

    def some_of(self, parts: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
        """The lines that `parts` name, so many of each. Unknown ones are left out.

        A part is {line_id, quantity, amount?, product_name?, option?}, the last two where they need not be as in the
        order. What is exchanged has what `options` reads instead, and its option is from what to what.
        """
        named = {UUID(str(part["line_id"])): part for part in parts}
        return tuple(_as_told(line, part) for line in self.lines if (part := named.get(line.line_id)) is not None)


@dataclass(frozen=True, slots=True)
class Mall:
    mall_id: str
    name: str
    storefront_url: str | None = None
    support_email: str | None = None
    support_phone: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a message is written from. `claimed`: of replacements, the parts of which their exchange told."""

    message: Message
    order: Order
    mall: Mall
    customer: str
    claimed: Sequence[Mapping[str, Any]] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Those the message is about: all, the shipped, the cancelled."""
        parts = self._parts
        return self.order.lines if parts is None else self.order.some_of(parts)

    @property
    def exchanged(self) -> tuple[Line, ...]:
        """Those of them that are exchanged for another option."""
        return self.order.some_of([part for part in self._parts or () if options.change(part)])

    @property
    def _parts(self) -> Sequence[Mapping[str, Any]] | None:
        parts: Sequence[Mapping[str, Any]] | None = self.message.data.get("lines")
        if parts is None or self.message.kind is not Kind.EXCHANGE_SHIPPED:
            return parts
        told = {str(part["line_id"]): part for part in self.claimed if part.get("new_sku")}
        unknown = {"option": None}
        return [{**told.get(str(part["line_id"]), unknown), **part} for part in parts]


def and_more(first: str, things: int) -> str:
    """`그래놀라 외 2건`, of three things."""
    return first if things < 2 else f"{first} 외 {things - 1}건"


def _as_told(line: Line, part: Mapping[str, Any]) -> Line:
    return replace(
        line,
        product_name=part.get("product_name") or line.product_name,
        variant_name=part["option"] if "option" in part else options.change(part) or line.variant_name,
        quantity=int(part["quantity"]),
        amount=int(part.get("amount", line.amount)),
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """On which channels a message starts. Without a text provider there is e-mail alone."""

    alimtalk: bool
    texts: bool

    @property
    def channels(self) -> tuple[Channel, ...]:
        if not self.texts:
            return (Channel.EMAIL,)
        return (Channel.EMAIL, Channel.ALIMTALK if self.alimtalk else Channel.SMS)
