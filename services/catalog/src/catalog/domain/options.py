"""A line of a paid order becomes another option: its old units can be sold again, the new ones are the order's.

The new units were held under the change's name. Nobody else can have taken them, unless the hold ran out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from catalog.commands import ChangeOption
from catalog.domain.reservation import HOLDING, Decision, FellShort, Line, Reservation, Status
from catalog.domain.stock import Move, Reason
from catalog.errors import Shortage


@dataclass(frozen=True, slots=True)
class Swap:
    """What becomes of the order's reservation and of the hold. `hold` None: there was none."""

    order: Decision
    hold: Decision | None


def change_option(order: Reservation, hold: Reservation | None, command: ChangeOption) -> Swap:
    """Once per change. An order that holds nothing, as its stock was gone before, gets nothing for the new option.

    A hold that ran out is taken anew, as a hold for an order is; `fall_short` says what happens where that fails.
    """
    if command.change_id in order.cancels:
        return Swap(Decision(order), None)
    units = min(command.quantity, order.open_units.get(command.sku, 0))
    changed = _changed(order, command, units, had=units)
    if order.status is not Status.SOLD or not units:
        return Swap(Decision(changed), _used_up(hold, 0, command.new_sku))
    ready = hold is not None and hold.status in HOLDING and hold.open_units.get(command.new_sku, 0) >= units
    decision = Decision(
        changed,
        take={} if ready else {command.new_sku: units},
        moves=(*_given_back(command, units), Move(command.new_sku, -units, -units, Reason.SOLD)),
    )
    return Swap(decision, _used_up(hold, units if ready else 0, command.new_sku))


def fall_short(order: Reservation, command: ChangeOption, shortages: tuple[Shortage, ...]) -> Decision:
    """The hold ran out and the units are gone: the order has none of them, and orders must hear of it."""
    units = min(command.quantity, order.open_units.get(command.sku, 0))
    short = _changed(order, command, units, had=0)
    return Decision(short, moves=_given_back(command, units), events=(FellShort(short, shortages),))


def _given_back(command: ChangeOption, units: int) -> tuple[Move, ...]:
    return (Move(command.sku, units, 0, Reason.RESTOCKED),)


def _changed(order: Reservation, command: ChangeOption, units: int, *, had: int) -> Reservation:
    """`units` are of the new SKU; those of them that the order did not get count as returned."""
    lines = _without(order.lines, command.sku, units)
    if units:
        known = lines.get(command.new_sku, Line(0))
        lines[command.new_sku] = Line(known.quantity + units, known.returned + units - had)
    return replace(order, lines=lines, cancels=order.cancels | {command.change_id})


def _without(lines: Mapping[str, Line], sku: str, units: int) -> dict[str, Line]:
    left = {name: replace(line, quantity=line.quantity - units * (name == sku)) for name, line in lines.items()}
    return {name: line for name, line in left.items() if line.quantity}


def _used_up(hold: Reservation | None, units: int, sku: str) -> Decision | None:
    """`units` of it were sold to the order, the rest is free. Nothing is held under this name again."""
    if hold is None:
        return None
    over = replace(hold, over=True)
    if hold.status not in HOLDING:
        return Decision(over)
    rest = {name: left - units * (name == sku) for name, left in hold.open_units.items()}
    freed = tuple(Move(name, 0, -left, Reason.RELEASED) for name, left in rest.items() if left)
    return Decision(over.to(Status.RELEASED), moves=freed)
