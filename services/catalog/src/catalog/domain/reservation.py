"""Who holds which units, from the moment an order asks for them until they are sold or given back.

Facts about one order may come late, twice, or after its hold ran out. Each function below says what such a fact means
in every state; what it must not mean is that a unit is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from catalog.commands import CancelUnits, ConfirmReservation, HoldStock, Quantities, SellReservation
from catalog.domain.stock import Move, Reason
from catalog.errors import ReservationClosed, ReservationDiffers, Shortage


class Status(StrEnum):
    HELD = "held"  # for a limited time, until the order is placed
    CONFIRMED = "confirmed"  # the order is placed and waits for its payment
    SOLD = "sold"
    RELEASED = "released"  # given back: the order was not placed, or was cancelled before it was paid
    EXPIRED = "expired"  # given back: the time of the hold ran out
    SHORT = "short"  # the order was placed too late and the units are gone; it is being cancelled


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.HELD: frozenset({Status.CONFIRMED, Status.SOLD, Status.RELEASED, Status.EXPIRED}),
    Status.CONFIRMED: frozenset({Status.SOLD, Status.RELEASED}),
    Status.SOLD: frozenset(),
    # A reservation given back may be asked for anew, as if it had never been.
    Status.RELEASED: frozenset({Status.HELD, Status.CONFIRMED, Status.SOLD, Status.SHORT}),
    Status.EXPIRED: frozenset({Status.HELD, Status.CONFIRMED, Status.SOLD, Status.SHORT}),
    Status.SHORT: frozenset(),
}

HOLDING = frozenset({Status.HELD, Status.CONFIRMED})
GIVEN_BACK = frozenset({Status.RELEASED, Status.EXPIRED})


@dataclass(frozen=True, slots=True)
class Line:
    """`returned` of the `quantity` units were cancelled."""

    quantity: int
    returned: int = 0

    @property
    def open(self) -> int:
        return self.quantity - self.returned


@dataclass(frozen=True, slots=True)
class Reservation:
    """`over`: the whole order was cancelled; a late fact takes nothing for it any more.

    `cancels` names the cancels, and the changes of an option, that were carried out.
    """

    order_id: UUID
    mall_id: str
    status: Status
    lines: Mapping[str, Line]
    expires_at: datetime | None = None
    over: bool = False
    cancels: frozenset[UUID] = frozenset()

    def to(self, status: Status) -> Reservation:
        if status not in TRANSITIONS[self.status]:
            raise AssertionError(f"a reservation does not go from {self.status} to {status}")
        return replace(self, status=status, expires_at=None)

    @property
    def quantities(self) -> dict[str, int]:
        return {sku: line.quantity for sku, line in self.lines.items()}

    @property
    def open_units(self) -> dict[str, int]:
        return {sku: line.open for sku, line in self.lines.items() if line.open}


@dataclass(frozen=True, slots=True)
class FellShort:
    reservation: Reservation
    shortages: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """`take`: units to reserve now, all or none. `moves`: what happens to units that are reserved or sold already."""

    state: Reservation
    take: Quantities = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    events: tuple[FellShort, ...] = ()


def _sold(units: Quantities) -> tuple[Move, ...]:
    return tuple(Move(sku, -open_, -open_, Reason.SOLD) for sku, open_ in units.items())


def _freed(units: Quantities, reason: Reason) -> tuple[Move, ...]:
    return tuple(Move(sku, 0, -open_, reason) for sku, open_ in units.items())


def _restocked(units: Quantities) -> tuple[Move, ...]:
    return tuple(Move(sku, open_, 0, Reason.RESTOCKED) for sku, open_ in units.items())


_Request = HoldStock | ConfirmReservation | SellReservation


def _anew(current: Reservation | None, command: _Request, status: Status) -> Reservation:
    """The reservation as the command lays it out. Units that were cancelled already stay cancelled."""
    returned = {sku: line.returned for sku, line in current.lines.items()} if current else {}
    lines = {sku: Line(units, min(units, returned.get(sku, 0))) for sku, units in command.lines.items()}
    cancels = current.cancels if current else frozenset()
    return Reservation(command.order_id, command.mall_id, status, lines, cancels=cancels)


def hold(current: Reservation | None, command: HoldStock, now: datetime) -> Decision:
    """Asks for units. The same order with the same lines is the same reservation, however often it asks.

    A hold that was released or ran out is taken anew. Raises `ReservationDiffers`, `ReservationClosed`.
    """
    if current is not None and (current.over or current.status is Status.SHORT):
        raise ReservationClosed("the order of this reservation is cancelled")
    if current is None or current.status in GIVEN_BACK:
        held = replace(_anew(current, command, Status.HELD), expires_at=command.expires_at)
        return Decision(held, take=held.open_units)
    if current.quantities != dict(command.lines) or current.mall_id != command.mall_id:
        raise ReservationDiffers("the order holds other lines already", held=current.quantities)
    if current.expires_at is not None and current.expires_at <= now:
        return Decision(replace(current, expires_at=command.expires_at))
    return Decision(current)


def release(current: Reservation) -> Decision:
    """The order will not be placed. Once it was placed only its cancel gives the units back, so this does nothing."""
    if current.status is not Status.HELD:
        return Decision(current)
    return Decision(current.to(Status.RELEASED), moves=_freed(current.open_units, Reason.RELEASED))


def expire(current: Reservation, now: datetime) -> Decision:
    """The time of the hold is over. A hold that was renewed or confirmed meanwhile stays."""
    if current.status is not Status.HELD or current.expires_at is None or current.expires_at > now:
        return Decision(current)
    return Decision(current.to(Status.EXPIRED), moves=_freed(current.open_units, Reason.EXPIRED))


def confirm(current: Reservation | None, command: ConfirmReservation) -> Decision:
    """The order was placed. Its units wait without limit; if the hold was lost they are taken again."""
    if current is not None and (current.over or current.status in (Status.CONFIRMED, Status.SOLD, Status.SHORT)):
        return Decision(current)
    if current is None or current.status in GIVEN_BACK:
        again = _anew(current, command, Status.CONFIRMED)
        return Decision(again, take=again.open_units)
    return Decision(current.to(Status.CONFIRMED))


def sell(current: Reservation | None, command: SellReservation) -> Decision:
    """The order was paid. A hold that was lost before anybody confirmed it is taken again, or the order falls short."""
    if current is not None and (current.over or current.status in (Status.SOLD, Status.SHORT)):
        return Decision(current)
    if current is None or current.status in GIVEN_BACK:
        again = _anew(current, command, Status.SOLD)
        return Decision(again, take=again.open_units, moves=_sold(again.open_units))
    return Decision(current.to(Status.SOLD), moves=_sold(current.open_units))


def fall_short(wanted: Decision, shortages: tuple[Shortage, ...]) -> Decision:
    """The units an order needed again are gone: it holds nothing, and orders must hear of it."""
    short = replace(wanted.state, status=Status.SHORT, expires_at=None)
    return Decision(short, events=(FellShort(short, shortages),))


def cancel(current: Reservation | None, command: CancelUnits) -> Decision:
    """Units of the order will not be delivered. Each cancel counts once, and never gives back more than is open.

    An unpaid order gives back what it reserved, a paid one puts sold units back. A cancel of an order never heard of
    is remembered, so that an `order-placed` coming after it takes nothing.
    """
    if current is None:
        lines = {sku: Line(units, units) for sku, units in command.lines.items()}
        known = Reservation(command.order_id, command.mall_id, Status.RELEASED, lines)
        return Decision(replace(known, over=command.whole, cancels=frozenset({command.cancel_id})))
    if command.cancel_id in current.cancels:
        return Decision(current)
    holding = current.status in HOLDING
    wanted = current.open_units if holding and command.whole else command.lines
    back = _clamped(current, wanted)
    after = replace(
        current,
        lines={sku: replace(line, returned=line.returned + back.get(sku, 0)) for sku, line in current.lines.items()},
        over=current.over or command.whole,
        cancels=current.cancels | {command.cancel_id},
    )
    if current.status is Status.SOLD:
        return Decision(after, moves=_restocked(back))
    if holding:
        state = after.to(Status.RELEASED) if command.whole else after
        return Decision(state, moves=_freed(back, Reason.RELEASED))
    return Decision(after)


def rebook(current: Reservation, other: Reservation, units: Quantities) -> tuple[Reservation, Reservation]:
    """Units that came back count as `other`'s, as far as it has any out. Nothing moves on the shelves."""
    if current.status != Status.SOLD or other.status != Status.SOLD:
        return current, other
    moved = {
        sku: min(count, current.lines[sku].returned, other.open_units.get(sku, 0))
        for sku, count in units.items()
        if sku in current.lines
    }
    return _returned(current, {sku: -count for sku, count in moved.items()}), _returned(other, moved)


def _returned(current: Reservation, more: Quantities) -> Reservation:
    lines = {sku: replace(line, returned=line.returned + more.get(sku, 0)) for sku, line in current.lines.items()}
    return replace(current, lines=lines)


def _clamped(current: Reservation, wanted: Quantities) -> dict[str, int]:
    units = current.open_units
    return {sku: given for sku, quantity in wanted.items() if (given := min(quantity, units.get(sku, 0)))}
