"""Cancelling units before they leave, and what money goes back for them.

The rules of money: a unit gives back its exact share of its line, so all units together give back the line to the last
minor unit. The shipping fee goes back only when nothing of the order is left, and what was paid apart for a farther
place is owed back then; a partial cancel never charges shipping again. Nothing goes back while the bank holds a
reversed deposit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common.errors import DomainError
from common.ids import derived_id
from orders import errors
from orders.commands import CancelReason, RequestCancel, SettleCancel, ShelfUnits, Units
from orders.domain import charging, facts
from orders.domain.amounts import Amounts
from orders.domain.claim_money import refund_of
from orders.domain.decision import Decision
from orders.domain.facts import Fact
from orders.domain.gifts import with_gifts
from orders.domain.option import OptionStatus
from orders.domain.option_facts import OptionChangeRefused
from orders.domain.order import Cancel, CancelledUnits, Order
from orders.domain.status import CancelStatus, Status

TOO_LATE: dict[Status, type[DomainError]] = {
    Status.SHIPPED: errors.AlreadyShipped,
    Status.DELIVERED: errors.AlreadyDelivered,
    Status.COMPLETED: errors.AlreadyCompleted,
    Status.RETURNED: errors.AlreadyReturned,
    Status.CANCELLED: errors.AlreadyCancelled,
}

_FORCED: frozenset[CancelReason] = frozenset({"deposit_reversed", "stock_unavailable"})


def request_cancel(order: Order, command: RequestCancel, now: datetime) -> Decision:
    """An unpaid order is cancelled at once and whole. Of a paid one the logistics centre is asked first."""
    if any(cancel.cancel_id == command.cancel_id for cancel in order.cancels):  # repeated
        return Decision(order)
    if (refusal := TOO_LATE.get(order.status)) is not None:
        raise refusal(f"the order is {order.status} and cannot be cancelled any more")
    if not any(line.open for line in order.lines):
        raise errors.CancelInProgress("everything of this order is being cancelled already")
    wanted = with_gifts(order, _wanted(order, command.lines))
    _check_options(order, wanted)
    cancel = Cancel(
        cancel_id=command.cancel_id,
        reason=command.reason,
        actor=command.actor,
        status=CancelStatus.REQUESTED,
        units=_units(order, wanted),
        requested_at=now,
    )
    if order.status is Status.PENDING_PAYMENT:
        if any(line.open != dict(wanted).get(line.line_id, 0) for line in order.lines):
            raise errors.PartialCancelUnpaid("an unpaid order is cancelled whole: leave `lines` out")
        return cancel_unpaid(order, cancel, now)
    return ask_centre(order, cancel)


def _check_options(order: Order, wanted: Sequence[tuple[UUID, int]]) -> None:
    """Whoever asks can wait for the centre's word. A cancel that is forced does not: see `_overtaken`."""
    for line_id, _ in wanted:
        if order.open_option(line_id) is not None:
            raise errors.OptionChangeOpen(
                "another option was asked for, and the centre has not answered: cancel when it has",
                line_id=str(line_id),
            )


def rest_of(order: Order, cancel_id: UUID, reason: CancelReason, actor: str, now: datetime) -> Cancel:
    """A cancel of everything still open."""
    return Cancel(
        cancel_id=cancel_id,
        reason=reason,
        actor=actor,
        status=CancelStatus.REQUESTED,
        units=_units(order, _wanted(order, ())),
        requested_at=now,
    )


def cancel_unpaid(order: Order, cancel: Cancel, now: datetime) -> Decision:
    """Over at once: nothing was paid, nothing had moved."""
    accepted = replace(
        cancel,
        status=CancelStatus.ACCEPTED,
        settled_at=now,
        shipping_amount=order.shipping_amount,
        worth=order.worth,
    )
    lines = [replace(line, cancelled=line.quantity) for line in order.lines]
    after = order.to(Status.CANCELLED, cancelled_at=now).with_lines(lines).with_cancel(accepted)
    told = facts.OrderCancelled(accepted, whole=True, was_paid=False, currency=order.currency, actor=cancel.actor)
    return _over(Decision(after, (told,)), now)


def ask_centre(order: Order, cancel: Cancel) -> Decision:
    """Holds the units back from any other cancel until the centre answers. No money moves yet."""
    taken = {units.line_id: units.quantity for units in cancel.units}
    lines = [replace(line, cancelling=line.cancelling + taken.get(line.line_id, 0)) for line in order.lines]
    whole = all(line.quantity - line.cancelled == taken.get(line.line_id, 0) for line in order.lines)
    return Decision(
        order.with_lines(lines).with_cancel(cancel), (facts.CancelRequested(cancel, whole, actor=cancel.actor),)
    )


def settle_cancel(order: Order, command: SettleCancel, now: datetime) -> Decision:
    """The centre's answer is final: goods stopped means money back, goods gone means the order goes on."""
    cancel = order.cancel(command.cancel_id)
    outcome = CancelStatus.ACCEPTED if command.accepted else CancelStatus.REFUSED
    if cancel.status is outcome:  # redelivered
        return Decision(order)
    if cancel.status is not CancelStatus.REQUESTED:
        raise errors.CancelAlreadySettled(f"the cancel was {cancel.status} before")
    if not command.accepted:
        return _refuse(order, cancel, command.reason, now)
    return _accept(order, cancel, command.short, now)


def must_stop(order: Order) -> bool:
    """Whether goods lie in the centre that the customer's bank took the money back for."""
    unpaid = order.payment is not None and order.payment.reversed_at is not None
    return unpaid and order.status in {Status.PAID, Status.PREPARING} and any(line.open for line in order.lines)


def withhold(order: Order) -> Order:
    """The bank took the deposit back before anything of it went back: payments drops the refunds it was asked for."""
    if order.refunded_amount:
        return order
    for cancel in order.cancels:
        order = order.with_cancel(replace(cancel, refund_amount=0))
    for claim in order.claims:
        order = order.with_claim(replace(claim, refund_amount=0))
    return order


def release_withheld(order: Order, reversed_at: datetime) -> Decision:
    """Asks back what cancels and claims did not get while the bank held the deposit, now that the money is here.

    The refunds get names of their own: one under the cancel's own name may have been asked for and dropped.
    """
    told: list[Fact] = []
    for cancel in order.cancels:
        if cancel.status is CancelStatus.ACCEPTED and cancel.refund_amount < cancel.worth.amount:
            released = replace(cancel, refund_amount=cancel.worth.amount)
            order = order.with_cancel(released)
            told += _refund(order, released, derived_id("refund", str(cancel.cancel_id), reversed_at.isoformat()))
    for claim in order.claims:
        if claim.refund_amount < claim.worth.amount:
            settled = replace(claim, refund_amount=claim.worth.amount)
            order = order.with_claim(settled)
            told += refund_of(order, settled, derived_id("refund", str(claim.claim_id), reversed_at.isoformat()))
    return Decision(order, tuple(told))


def _accept(order: Order, cancel: Cancel, short: tuple[ShelfUnits, ...], now: datetime) -> Decision:
    stopped: list[CancelledUnits] = []
    for units in cancel.units:
        line = order.line(units.line_id)
        stopped.append(replace(units, worth=line.worth(units.quantity)))
        line = replace(line, cancelled=line.cancelled + units.quantity, cancelling=line.cancelling - units.quantity)
        order = order.with_lines([line])
    whole = all(line.cancelled == line.quantity for line in order.lines)
    shipping = Amounts(order.shipping_amount, order.shipping_vat_amount) if whole else Amounts()
    worth = Amounts.total(units.worth for units in stopped) + shipping
    accepted = replace(
        cancel,
        status=CancelStatus.ACCEPTED,
        units=tuple(stopped),
        shipping_amount=shipping.amount,
        worth=worth,
        refund_amount=worth.amount if order.money_is_held else 0,
        settled_at=now,
    )
    order = order.with_cancel(accepted)
    if whole:
        order = order.to(Status.CANCELLED, cancelled_at=now)
    told = facts.OrderCancelled(accepted, whole, was_paid=True, currency=order.currency, short=short, actor="scm")
    settled_too = _overtaken(order, now)
    # Named after the cancel, so that asking twice pays once.
    refund = _refund(order, accepted, derived_id("refund", str(cancel.cancel_id)))
    settled = Decision(settled_too.order, (*settled_too.facts, told, *refund))
    return _over(settled, now) if whole else settled


def _overtaken(order: Order, now: datetime) -> Decision:
    """Another option for a line of which nothing is left is wanted no more: what was held for it is given back.

    scm answers what it was asked first, so this is only for an answer that never came.
    """
    over = Decision(order)
    for change in order.option_changes:
        if change.is_open and not order.line(change.line_id).kept:
            refused = replace(change, status=OptionStatus.REFUSED, refused_because="cancelled", settled_at=now)
            over = over.then(over.order.with_option(refused), (OptionChangeRefused(refused),))
    return over


def _over(decision: Decision, now: datetime) -> Decision:
    owed = charging.owe_far_places_back(decision.order, now)
    return decision.then(owed.order, owed.facts)


def _refuse(order: Order, cancel: Cancel, reason: str | None, now: datetime) -> Decision:
    refused = replace(cancel, status=CancelStatus.REFUSED, refused_because=reason, settled_at=now)
    back = {units.line_id: units.quantity for units in cancel.units}
    lines = [replace(line, cancelling=line.cancelling - back.get(line.line_id, 0)) for line in order.lines]
    goes_on = Decision(order.with_lines(lines).with_cancel(refused), (facts.CancelRefused(refused, actor="scm"),))
    forced = _still_to_stop(goes_on.order)
    if forced is None or cancel.reason in _FORCED:
        return goes_on
    # The deposit was taken back, or the stock went missing, while the centre thought about these units. A change of
    # mind comes too late for goods it has begun to pack; goods that nobody paid, or that are not there, it still stops.
    cancel_id = derived_id("cancel", str(cancel.cancel_id), forced)
    actor = "payments" if forced == "deposit_reversed" else "catalog"
    asked = ask_centre(goes_on.order, rest_of(goes_on.order, cancel_id, forced, actor, now))
    return goes_on.then(asked.order, asked.facts)


def _still_to_stop(order: Order) -> CancelReason | None:
    if must_stop(order):
        return "deposit_reversed"
    ours = order.status in {Status.PAID, Status.PREPARING} and any(line.open for line in order.lines)
    return "stock_unavailable" if order.stock_missing and ours else None


def _refund(order: Order, cancel: Cancel, refund_id: UUID) -> tuple[Fact, ...]:
    """A cancel worth nothing asks for nothing."""
    if cancel.refund_amount == 0 or order.payment is None:
        return ()
    if order.requested_refunds > order.payment.amount:
        raise errors.RefundExceedsPayment("more would go back than was paid")
    paid = order.payment
    told = facts.RefundRequested(refund_id, paid.payment_id, cancel.worth, order.currency, cancel.reason, paid.paid_at)
    return (told,)


def _wanted(order: Order, asked: Sequence[Units]) -> list[tuple[UUID, int]]:
    if not asked:
        return [(line.line_id, line.open) for line in order.lines if line.open]
    if len({units.line_id for units in asked}) != len(asked):
        raise errors.LineRepeated("a line is named twice")
    for units in asked:
        line = order.line(units.line_id)
        if not 1 <= units.quantity <= line.open:
            raise errors.QuantityExceedsOpen(
                f"{line.open} units of this line can still be cancelled", line_id=str(line.line_id), open=line.open
            )
    return [(units.line_id, units.quantity) for units in asked]


def _units(order: Order, wanted: Sequence[tuple[UUID, int]]) -> tuple[CancelledUnits, ...]:
    found = []
    for line_id, quantity in wanted:
        line = order.line(line_id)
        worth = line.worth(quantity, after=line.cancelling)
        found.append(CancelledUnits(line_id, line.sku, line.product_id, line.category_ids, quantity, worth))
    return tuple(found)
