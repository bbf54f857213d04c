"""Another option for a line before it leaves: another variant of the same product, at the same price, all of the line.

The line is what was bought until scm says otherwise, as an address is. The new units are held at catalog meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from orders import errors
from orders.commands import ChangeOption, SettleOptionChange
from orders.domain.cancelling import TOO_LATE
from orders.domain.decision import Decision
from orders.domain.option import OptionChange, OptionStatus
from orders.domain.option_facts import OptionChanged, OptionChangeRefused, OptionChangeRequested
from orders.domain.order import Line, Order
from orders.domain.status import CancelStatus, Status


def check_option(order: Order, line_id: UUID, sku: str) -> Line:
    """The line that may be `sku` instead, as far as the order knows. Raises what stands against it."""
    if (refusal := TOO_LATE.get(order.status)) is not None:
        raise refusal(f"the order is {order.status}: its options cannot be changed any more")
    if order.status is Status.PENDING_PAYMENT or order.payment is None or order.payment.reversed_at is not None:
        raise errors.NotPaid("the order is not paid: cancel it and order the other option")
    line = order.line(line_id)
    where = str(line_id)
    if order.parcels:
        raise errors.AlreadyShipped("a part of the order has left: return or exchange it when it has arrived")
    if line.is_gift:
        raise errors.OptionOfGift("a gift is what it is", line_id=where)
    if not line.kept:
        raise errors.LineCancelled("nothing is left of this line", line_id=where)
    if order.open_option(line_id) is not None:
        raise errors.OptionChangeOpen("another option was asked for already, and the centre has not answered")
    if line.cancelling:
        raise errors.CancelInProgress("a cancel of this line is being decided")
    if order.stock_missing:
        raise errors.StockMissing("the stock of this order went missing: it is being looked after")
    if sku == line.sku:
        raise errors.OptionSame("the line is this option already", line_id=where)
    return line


def change_option(order: Order, command: ChangeOption, now: datetime) -> Decision:
    """Held, and asked of scm. Raises `OptionChangedMeanwhile` where the line is not what was priced and held for."""
    if order.asked_option(command.change_id) is not None:  # repeated
        return Decision(order)
    line = check_option(order, command.line_id, command.sku)
    if (line.sku, line.kept) != (command.from_sku, command.quantity):
        raise errors.OptionChangedMeanwhile("the line was changed meanwhile: ask again", line_id=str(line.line_id))
    change = OptionChange(
        change_id=command.change_id,
        line_id=line.line_id,
        sku=line.sku,
        variant_name=line.variant_name,
        new_sku=command.sku,
        new_variant_name=command.variant_name,
        quantity=line.kept,
        actor=command.actor,
        requested_at=now,
    )
    return Decision(order.with_option(change), (OptionChangeRequested(change, actor=command.actor),))


def settle_option_change(order: Order, command: SettleOptionChange, now: datetime) -> Decision:
    """Whatever the order has become meanwhile: the centre's word says what is packed. Heard again it changes nothing.

    A cancel that was forced meanwhile and is not decided yet is of the new variant from now on, as the line is.
    """
    change = order.asked_option(command.change_id)
    if change is None or not change.is_open:
        return Decision(order)
    if not command.accepted:
        refused = replace(
            change, status=OptionStatus.REFUSED, refused_because=command.reason or "refused", settled_at=now
        )
        return Decision(order.with_option(refused), (OptionChangeRefused(refused, actor="scm"),))
    accepted = replace(change, status=OptionStatus.ACCEPTED, settled_at=now)
    line = order.line(change.line_id)
    told = OptionChanged(accepted, line.worth(change.quantity).amount, command.short, actor="scm")
    order = order.with_option(accepted)
    order = order.with_lines([replace(line, sku=change.new_sku, variant_name=change.new_variant_name)])
    return Decision(_cancels_renamed(order, change), (told,))


def _cancels_renamed(order: Order, change: OptionChange) -> Order:
    for cancel in order.cancels:
        if cancel.status is CancelStatus.REQUESTED:
            units = tuple(
                replace(each, sku=change.new_sku) if each.line_id == change.line_id else each for each in cancel.units
            )
            order = order.with_cancel(replace(cancel, units=units))
    return order
