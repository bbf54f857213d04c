"""From the logistics centre to the door, and the end of the story."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from orders import errors
from orders.commands import CompleteOrder, ConfirmPurchase, NoteShipment
from orders.domain import facts
from orders.domain.decision import Decision
from orders.domain.order import Order
from orders.domain.parcels import with_news
from orders.domain.status import TRANSITIONS, Status

_WORKED_ON = frozenset({"accepted", "shipped", "in_transit", "delivered"})


def note_shipment(order: Order, command: NoteShipment) -> Decision:
    """Moves the order forward as far as the news says. Steps may be missing; late news changes nothing.

    Raises `NotPaid`: goods of an unpaid order must not move, so such news is a defect to look at.
    """
    if order.status is Status.PENDING_PAYMENT:
        raise errors.NotPaid("a shipment moves although the order is not paid")
    target = _target(command)
    moves = target is not None and target in TRANSITIONS[order.status]
    noted = facts.ShipmentNoted(
        shipment_id=command.shipment_id,
        status=command.status,
        flags=f"{command.order_shipped:d}{command.order_delivered:d}",
        moved_to=str(target) if moves else None,
        carrier=command.carrier,
        waybill=command.waybill,
        unexpected=order.status is Status.CANCELLED and target is not None,
        actor="scm",
    )
    order = replace(order, parcels=with_news(order.parcels, command))
    if target is None or not moves:
        return Decision(order, (noted,))
    if target is not Status.DELIVERED:
        return Decision(order.to(target), (noted,))
    order = order.to(target, delivered_at=command.occurred_at)
    if order.keeps_nothing:  # what had arrived was sent back before, and the rest was cancelled
        order = order.to(Status.RETURNED, returned_at=command.occurred_at)
        noted = replace(noted, moved_to=str(order.status))
    return Decision(order, (noted,))


def complete(order: Order, command: CompleteOrder, now: datetime) -> Decision:
    """The time for objecting runs from the delivery."""
    _check_settled(order)
    if order.delivered_at is not None and now < order.delivered_at + command.after:
        raise errors.CompletionTooEarly("the time to object is not over")
    return Decision(order.to(Status.COMPLETED, completed_at=now), (facts.OrderCompleted(),))


def confirm_purchase(order: Order, command: ConfirmPurchase, now: datetime) -> Decision:
    """The customer is content and need not wait. The days the law gives for sending back run on all the same."""
    if order.status is Status.COMPLETED:
        return Decision(order)
    _check_settled(order)
    confirmed = facts.OrderCompleted(by_customer=True, actor=command.actor)
    return Decision(order.to(Status.COMPLETED, completed_at=now), (confirmed,))


def _check_settled(order: Order) -> None:
    if order.status is Status.RETURNED:
        raise errors.AlreadyReturned("everything of this order was sent back")
    if order.status is not Status.DELIVERED or order.delivered_at is None:
        raise errors.NotDelivered(f"the order is {order.status}, not delivered")
    if order.cancel_open:
        raise errors.CancelInProgress("the centre has not answered a cancel of this order")
    if order.claim_open:
        raise errors.ClaimInProgress("a return or an exchange of this order is not over")


def _target(command: NoteShipment) -> Status | None:
    if command.order_delivered:
        return Status.DELIVERED
    if command.order_shipped:
        return Status.SHIPPED
    return Status.PREPARING if command.status in _WORKED_ON else None
