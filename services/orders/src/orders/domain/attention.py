"""What of an order's money somebody has to see to, the customer or staff, until it is over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from orders.commands import NoteDepositMismatch, NoteRefundRefused, NoteRefundWaits, NoteSurplusReturned
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.order import Order, Trouble

What = Literal["refund_account_needed", "refund_refused", "deposit_short", "surplus_owed"]


@dataclass(frozen=True, slots=True)
class _At(Fact):
    """Told again with the same time it is the same fact."""

    subject: UUID
    amount: int
    currency: str
    at: datetime

    @property
    def once(self) -> str:
        return f"{self.name}:{self.subject}:{self.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class RefundWaits(_At):
    name: ClassVar[str] = "refund-account-needed"
    account_was_wrong: bool

    @property
    def story(self) -> str:
        why = "the account named was wrong: another one" if self.account_was_wrong else "an account to send it to"
        return f"a refund of {self.amount} {self.currency} waits until the customer names {why}"


@dataclass(frozen=True, slots=True)
class RefundRefused(_At):
    name: ClassVar[str] = "refund-refused"
    code: str

    @property
    def story(self) -> str:
        return f"a refund of {self.amount} {self.currency} was refused ({self.code}): staff must act"


@dataclass(frozen=True, slots=True)
class DepositDiffers(_At):
    """`amount` was paid in where `wanted` is owed; `surplus` of it belongs to no order."""

    name: ClassVar[str] = "deposit-mismatch"
    wanted: int
    surplus: int

    @property
    def story(self) -> str:
        paid = f"{self.amount} {self.currency} were paid in where {self.wanted} are owed"
        return f"{paid}; {self.surplus} go back" if self.surplus else f"{paid}; the rest is waited for"


@dataclass(frozen=True, slots=True)
class SurplusReturned(_At):
    name: ClassVar[str] = "surplus-returned"
    remaining: int

    @property
    def story(self) -> str:
        rest = f"; {self.remaining} are still owed" if self.remaining else ""
        return f"{self.amount} {self.currency} paid in beyond the order went back{rest}"


def note_refund_waits(order: Order, command: NoteRefundWaits) -> Decision:
    told = RefundWaits(
        command.refund_id, command.amount, order.currency, command.at, command.account_was_wrong, actor="payments"
    )
    trouble = Trouble("refund_account_needed", command.refund_id, command.payment_id, command.amount, command.at)
    return Decision(_with(order, trouble), (told,))


def note_refund_refused(order: Order, command: NoteRefundRefused) -> Decision:
    told = RefundRefused(command.refund_id, command.amount, order.currency, command.at, command.code, actor="payments")
    trouble = Trouble("refund_refused", command.refund_id, command.payment_id, command.amount, command.at)
    order = over(order, command.refund_id, {"refund_account_needed"}, command.at)
    return Decision(_with(order, trouble), (told,))


def note_deposit_mismatch(order: Order, command: NoteDepositMismatch) -> Decision:
    told = DepositDiffers(
        command.payment_id, command.deposited, order.currency, command.at, command.wanted, command.surplus,
        actor="payments",
    )  # fmt: skip
    what: What = "surplus_owed" if command.surplus else "deposit_short"
    amount = command.surplus or command.wanted - command.deposited
    order = over(order, command.payment_id, {"deposit_short", "surplus_owed"} - {what}, command.at)
    return Decision(_with(order, Trouble(what, command.payment_id, command.payment_id, amount, command.at)), (told,))


def note_surplus_returned(order: Order, command: NoteSurplusReturned) -> Decision:
    told = SurplusReturned(
        command.payment_id, command.returned, order.currency, command.at, command.remaining, actor="payments"
    )
    order = over(order, command.payment_id, {"surplus_owed"}, command.at)
    if command.remaining:
        still = Trouble("surplus_owed", command.payment_id, command.payment_id, command.remaining, command.at)
        order = _with(order, still)
    return Decision(order, (told,))


def over(order: Order, subject: UUID, whats: Collection[str], at: datetime | None = None) -> Order:
    """Whatever of these is about `subject`, a refund or a payment, needs nobody any more. Not what began after `at`."""
    kept = tuple(
        replace(known, over=True)
        if known.what in whats and subject in (known.subject, known.payment_id) and (at is None or known.since <= at)
        else known
        for known in order.troubles
    )
    return order if kept == order.troubles else replace(order, troubles=kept)


def _with(order: Order, trouble: Trouble) -> Order:
    """One that is over stays known, so that its news told again does not bring it back."""
    for place, known in enumerate(order.troubles):
        if (known.what, known.subject) == (trouble.what, trouble.subject):
            if trouble.since <= known.since:
                return order
            return replace(order, troubles=(*order.troubles[:place], trouble, *order.troubles[place + 1 :]))
    return replace(order, troubles=(*order.troubles, trouble))
