"""What happened to an order. Every fact becomes a line of the order's story; some are also told to other services."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from orders.commands import ShelfUnits
from orders.domain.amounts import Amounts
from orders.domain.order import Cancel, Payment


@dataclass(frozen=True, slots=True)
class Fact(ABC):
    """`name` is stable and for programs, `story` is for people. `actor` did it, or the service it was heard from.

    `once` names the fact within its order: told again, it is not written again. None: it can only happen once.
    """

    name: ClassVar[str]
    actor: str = field(default="orders", kw_only=True)

    @property
    @abstractmethod
    def story(self) -> str:
        """One sentence, without personal data."""

    @property
    def once(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class OrderPlaced(Fact):
    name: ClassVar[str] = "order-placed"
    total_amount: int
    currency: str
    payment_due_at: datetime

    @property
    def story(self) -> str:
        due = self.payment_due_at.isoformat(timespec="minutes")
        return f"placed for {self.total_amount} {self.currency}, to be paid until {due}"


@dataclass(frozen=True, slots=True)
class PaymentAwaited(Fact):
    name: ClassVar[str] = "payment-pending"
    payment_id: UUID
    method: str
    due_at: datetime

    @property
    def story(self) -> str:
        return f"waits for a deposit ({self.method}) until {self.due_at.isoformat(timespec='minutes')}"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class PaymentFailed(Fact):
    name: ClassVar[str] = "payment-failed"
    payment_id: UUID
    method: str
    code: str

    @property
    def story(self) -> str:
        return f"a payment by {self.method} was refused: {self.code}"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class PaymentExpired(Fact):
    """A payment ran out that the order does not depend on any more, or not yet."""

    name: ClassVar[str] = "payment-expired"
    payment_id: UUID

    @property
    def story(self) -> str:
        return "a payment was not made in time; the order did not wait for it"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.payment_id}"


@dataclass(frozen=True, slots=True)
class OrderPaid(Fact):
    name: ClassVar[str] = "order-paid"
    payment: Payment
    currency: str

    @property
    def story(self) -> str:
        return f"paid {self.payment.amount} {self.currency} by {self.payment.method}"


@dataclass(frozen=True, slots=True)
class CancelRequested(Fact):
    name: ClassVar[str] = "order-cancel-requested"
    cancel: Cancel
    whole: bool

    @property
    def story(self) -> str:
        what = "a cancel of the whole order" if self.whole else f"a cancel of {_units(self.cancel)}"
        return f"{what} was requested ({self.cancel.reason}); the centre is asked whether the goods can be stopped"


@dataclass(frozen=True, slots=True)
class CancelRefused(Fact):
    name: ClassVar[str] = "order-cancel-refused"
    cancel: Cancel

    @property
    def story(self) -> str:
        return f"the cancel of {_units(self.cancel)} was refused: {self.cancel.refused_because or 'no reason given'}"


@dataclass(frozen=True, slots=True)
class OrderCancelled(Fact):
    name: ClassVar[str] = "order-cancelled"
    cancel: Cancel
    whole: bool
    was_paid: bool
    currency: str
    short: tuple[ShelfUnits, ...] = ()

    @property
    def story(self) -> str:
        what = "cancelled" if self.whole else f"{_units(self.cancel)} cancelled"
        refund = self.cancel.refund_amount
        money = f"; {refund} {self.currency} go back" if refund else "; no money goes back"
        return f"{what} ({self.cancel.reason}){money}{not_there(self.short)}"


@dataclass(frozen=True, slots=True)
class RefundRequested(Fact):
    """`paid_at`: when the money came. What the bank took back and what came anew after it are not the same money."""

    name: ClassVar[str] = "order-refund-requested"
    refund_id: UUID
    payment_id: UUID
    worth: Amounts
    currency: str
    reason: str
    paid_at: datetime

    @property
    def story(self) -> str:
        return f"payments is asked to give {self.worth.amount} {self.currency} back ({self.reason})"


@dataclass(frozen=True, slots=True)
class RefundRecorded(Fact):
    name: ClassVar[str] = "payment-refunded"
    refund_id: UUID
    refund_amount: int
    currency: str
    of_this_order: bool

    @property
    def story(self) -> str:
        whose = "" if self.of_this_order else " of a payment the order did not want"
        return f"{self.refund_amount} {self.currency}{whose} went back"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.refund_id}"


@dataclass(frozen=True, slots=True)
class DepositReversed(Fact):
    """`needs_staff`: the goods cannot be stopped any more, so a person must ask for the money."""

    name: ClassVar[str] = "deposit-reversed"
    payment_id: UUID
    occurred_at: datetime
    needs_staff: bool

    @property
    def story(self) -> str:
        return "the bank took the deposit back" + ("; the goods have left: staff must act" if self.needs_staff else "")

    @property
    def once(self) -> str:
        return f"{self.name}:{self.payment_id}:{self.occurred_at.isoformat()}"


@dataclass(frozen=True, slots=True)
class DepositRestored(Fact):
    name: ClassVar[str] = "deposit-restored"
    payment_id: UUID

    @property
    def story(self) -> str:
        return "the deposit that the bank had taken back came again"


@dataclass(frozen=True, slots=True)
class ShipmentNoted(Fact):
    """`unexpected`: the news does not fit an order that is over."""

    name: ClassVar[str] = "shipment-updated"
    shipment_id: UUID
    status: str
    flags: str
    moved_to: str | None
    carrier: str | None
    waybill: str | None
    unexpected: bool

    @property
    def story(self) -> str:
        by = f" by {self.carrier} {self.waybill or ''}".rstrip() if self.carrier else ""
        moved = f": the order is {self.moved_to}" if self.moved_to else ""
        return f"shipment {self.status}{by}{moved}" + ("; but the order is cancelled" if self.unexpected else "")

    @property
    def once(self) -> str:
        return f"{self.name}:{self.shipment_id}:{self.status}:{self.flags}"


@dataclass(frozen=True, slots=True)
class StockMissing(Fact):
    name: ClassVar[str] = "stock-unavailable"
    skus: tuple[str, ...]
    too_late: bool

    @property
    def story(self) -> str:
        gone = f"the stock of {', '.join(self.skus)} was gone"
        return gone + ("; the order was over or on its way already" if self.too_late else "")

    @property
    def once(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class OrderCompleted(Fact):
    name: ClassVar[str] = "order-completed"
    by_customer: bool = False

    @property
    def story(self) -> str:
        if self.by_customer:
            return "completed: the purchase was confirmed"
        return "completed: everything arrived and the time to object is over"


def _units(cancel: Cancel) -> str:
    return ", ".join(f"{units.quantity} × {units.sku}" for units in cancel.units)


def not_there(short: Iterable[ShelfUnits]) -> str:
    units = ", ".join(f"{each.quantity} × {each.sku}" for each in short)
    return f"; the centre does not have {units}" if units else ""
