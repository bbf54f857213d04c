"""The states of an order and of a cancel, and the one table of the steps between them."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    PREPARING = "preparing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


# News of a shipment may skip steps (a centre that only ever reports the waybill), never go back.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING_PAYMENT: frozenset({Status.PAID, Status.CANCELLED}),
    Status.PAID: frozenset({Status.PREPARING, Status.SHIPPED, Status.DELIVERED, Status.CANCELLED}),
    Status.PREPARING: frozenset({Status.SHIPPED, Status.DELIVERED, Status.CANCELLED}),
    Status.SHIPPED: frozenset({Status.DELIVERED}),
    # Sent back whole: of an order that arrived, nothing that was bought is kept.
    Status.DELIVERED: frozenset({Status.COMPLETED, Status.RETURNED}),
    Status.COMPLETED: frozenset({Status.RETURNED}),
    Status.RETURNED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class CancelStatus(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
