"""A shipment request: what an order wants shipped, by which centre, and the parcels that left.

What is left to do has a stage (what the centre said about it); the status of the whole is derived from stage, lines and
parcels, and may only move along `TRANSITIONS`. One request per order, and one per exchange of its goods, for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from scm.commands import RequestShipment
from scm.domain.parcel import Packed, Parcel, ParcelStatus

Units = tuple[tuple[str, int], ...]
"""By SKU."""


class Stage(StrEnum):
    """What the centre said about the units that are left."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Status(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


_GONE = frozenset({Status.SHIPPED, Status.IN_TRANSIT, Status.DELIVERED})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.REQUESTED: frozenset({Status.ACCEPTED, Status.REJECTED, Status.PARTLY_SHIPPED, Status.CANCELLED}) | _GONE,
    Status.ACCEPTED: frozenset(
        {Status.REQUESTED, Status.REJECTED, Status.PARTLY_SHIPPED, Status.SHIPPED, Status.CANCELLED}
    ),
    Status.REJECTED: frozenset({Status.REQUESTED, Status.PARTLY_SHIPPED, Status.CANCELLED}) | _GONE,
    Status.PARTLY_SHIPPED: frozenset({Status.REQUESTED, Status.REJECTED}) | _GONE,
    Status.SHIPPED: frozenset({Status.IN_TRANSIT, Status.DELIVERED}),
    Status.IN_TRANSIT: frozenset({Status.DELIVERED}),
    Status.DELIVERED: frozenset(),
    Status.CANCELLED: frozenset(),
}


class IllegalMove(RuntimeError):
    """A defect of this service: the status jumped where no rule lets it."""


@dataclass(frozen=True)
class Line:
    """`left` units are still to be shipped. `changed_at`: since when it is another variant than was bought."""

    line_id: UUID
    sku: str
    product_name: str
    variant_name: str | None
    quantity: int
    cancelled: int = 0
    shipped: int = 0
    changed_at: datetime | None = None

    @property
    def left(self) -> int:
        return self.quantity - self.cancelled - self.shipped


@dataclass(frozen=True)
class Shipment:
    """`revision` counts how often the units to ship changed after the request was made.

    Before `held_until` no centre sees it: units in it were sold before their release (`release_at`), or it is not known
    yet whether they were. `short`: what of it its centre does not have, see `domain/shortage.py`. `said_short`: the
    same as the centre that rejected said it.
    """

    id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    centre: str
    lines: tuple[Line, ...]
    requested_at: datetime
    stage: Stage = Stage.REQUESTED
    parcels: tuple[Parcel, ...] = ()
    reason: str | None = None
    revision: int = 1
    claim_id: UUID | None = None
    placed_at: datetime | None = None
    held_until: datetime | None = None
    release_at: datetime | None = None
    short: Units = ()
    said_short: Units = ()

    @property
    def left(self) -> int:
        return sum(line.left for line in self.lines)

    @property
    def status(self) -> Status:
        if self.left:
            if self.stage is Stage.REJECTED:
                return Status.REJECTED
            # A centre that took over the rest has not said yet that it will.
            if self.parcels and self.stage is Stage.ACCEPTED:
                return Status.PARTLY_SHIPPED
            return Status(self.stage.value)
        if not self.parcels:
            return Status.CANCELLED
        states = {parcel.status for parcel in self.parcels}
        if states == {ParcelStatus.DELIVERED}:
            return Status.DELIVERED
        return Status.SHIPPED if states == {ParcelStatus.SHIPPED} else Status.IN_TRANSIT

    @property
    def refusal(self) -> str | None:
        """For staff, as long as the centre's no stands: nobody ships what is left."""
        if self.status is not Status.REJECTED:
            return None
        short = ", ".join(f"{units} × {sku}" for sku, units in self.short)
        return f"{self.centre} rejected it: {self.reason}" + (f" (short of {short})" if short else "")

    @property
    def order_shipped(self) -> bool:
        """Every unit of the order that is still wanted has left."""
        return self.status in _GONE

    @property
    def order_delivered(self) -> bool:
        return self.status is Status.DELIVERED

    @property
    def open_units(self) -> tuple[Packed, ...]:
        return tuple(Packed(line.line_id, line.sku, line.left) for line in self.lines if line.left)

    def line(self, line_id: UUID) -> Line | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def to(self, **changes: Any) -> Shipment:
        """The next state. Raises `IllegalMove` if its status cannot follow this one's."""
        after = replace(self, **changes)
        if after.status is not self.status and after.status not in TRANSITIONS[self.status]:
            raise IllegalMove(f"{self.status} cannot become {after.status}")
        return after


@dataclass(frozen=True)
class ShipmentMoved:
    """A part of a shipment took a step. `part_id` is the request's id, or that of a parcel split off it."""

    shipment: Shipment
    part_id: UUID
    status: Status
    lines: tuple[Packed, ...]
    parcel: Parcel | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Decision:
    state: Shipment
    events: tuple[ShipmentMoved, ...] = ()


def moved(shipment: Shipment, lines: Iterable[Packed], *, reason: str | None = None) -> ShipmentMoved:
    """The request itself took the step to its present stage."""
    return ShipmentMoved(shipment, shipment.id, Status(shipment.stage.value), tuple(lines), reason=reason)


def parcel_moved(shipment: Shipment, parcel: Parcel) -> ShipmentMoved:
    return ShipmentMoved(shipment, parcel.id, Status(parcel.status.value), parcel.lines, parcel)


def request(command: RequestShipment, centre: str, now: datetime) -> Decision:
    """A paid order's request, at the centre of its mall's route."""
    lines = tuple(
        Line(line.line_id, line.sku, line.product_name, line.variant_name, line.quantity) for line in command.lines
    )
    made = Shipment(
        command.shipment_id, command.order_id, command.order_number, command.mall_id, centre, lines, requested_at=now,
        claim_id=command.claim_id, placed_at=command.placed_at,
    )  # fmt: skip
    return Decision(made, (moved(made, made.open_units),))
