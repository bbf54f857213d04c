"""Stopping goods: what `orders` asks to cancel or to give up of an exchange, and what can still be held back.

`decide` answers from what scm knows. Only a polled centre that holds a release must be asked itself (`ASK`); its word
comes back through `settle`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from scm.commands import StopOrder
from scm.domain.parcel import Packed
from scm.domain.shipment import Decision, Shipment, ShipmentMoved, Stage, Status, Units
from scm.domain.shortage import without

# The money is gone, or the units were sold to others before this order was counted: sent all the same, they would be
# missing from an order that is owed them. Stopped even where a customer's change of mind would come too late.
FORCED_REASONS = frozenset({"deposit_reversed", "stock_unavailable"})


class CancelState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why goods could not be stopped; goes out as the reason of `shipment-cancel-decided`, or of
    `replacement-stop-decided`."""

    SHIPPED = "already_shipped"
    CENTRE_ACCEPTED = "centre_accepted"
    CENTRE_REFUSED = "centre_refused"
    UNKNOWN_LINE = "unknown_line"


@dataclass(frozen=True)
class Cancel:
    """`answer` is the refusal's reason. `takes`: units come off what is left, see `apply`; `gone`: which.
    `short`: those of them that the centre does not have."""

    stop: StopOrder
    state: CancelState
    answer: Refusal | None = None
    takes: bool = False
    gone: tuple[Packed, ...] = ()
    short: Units = ()


@dataclass(frozen=True)
class Holder:
    """Who has the goods in hand. `released`: a polled centre holds a release, or may hold one. `stopped`: replacements
    of this claim were stopped before."""

    released: bool
    cancel_after_accept: bool
    stopped: bool = False


def decide(shipment: Shipment | None, stop: StopOrder, holder: Holder) -> Cancel:
    """`shipment` None: the order never came here, so nothing of it can leave."""
    if stop.claim_id is not None and holder.stopped:
        return Cancel(stop, CancelState.REFUSED, Refusal.SHIPPED)
    if shipment is None:
        return _unseen(stop)
    refusal = None if stop.final else _unstoppable(shipment, stop)
    if refusal is not None:
        return Cancel(stop, CancelState.REFUSED, refusal)
    if shipment.left and holder.released:
        return Cancel(stop, CancelState.PENDING)
    forced = stop.final or stop.reason in FORCED_REASONS or holder.cancel_after_accept
    if shipment.left and shipment.stage is Stage.ACCEPTED and not forced:
        return Cancel(stop, CancelState.REFUSED, Refusal.CENTRE_ACCEPTED)
    return _accepted(shipment, stop)


def settle(shipment: Shipment, stop: StopOrder, *, stopped: bool) -> Cancel:
    """The polled centre's word: `stopped`, or it ships."""
    refusal = None if stop.final else _unstoppable(shipment, stop)
    if refusal is None and stopped:
        return _accepted(shipment, stop)
    return Cancel(stop, CancelState.REFUSED, refusal or Refusal.CENTRE_REFUSED)


def overtaken(shipment: Shipment, stop: StopOrder) -> Cancel | None:
    """The refusal of a waiting cancel whose goods have left meanwhile. None: they have not, it goes on waiting."""
    if shipment.left and (stop.final or _unstoppable(shipment, stop) is None):
        return None
    return Cancel(stop, CancelState.REFUSED, Refusal.SHIPPED)


def taken_off(shipment: Shipment, stop: StopOrder) -> tuple[Packed, ...]:
    """The units that `apply` takes."""
    wanted = {line.line_id: line.quantity for line in stop.lines}
    return tuple(
        Packed(line.line_id, line.sku, units)
        for line in shipment.lines
        if (units := line.left if stop.whole else min(line.left, wanted.get(line.line_id, 0)))
    )


def apply(shipment: Shipment, stop: StopOrder, short: Units = ()) -> Decision:
    """Takes the units off what is left, those in `short` off what is missing. Says something only when nothing is left
    to do."""
    taken = taken_off(shipment, stop)
    if not taken:
        return Decision(shipment)
    off = {unit.line_id: unit.quantity for unit in taken}
    lines = tuple(replace(line, cancelled=line.cancelled + off.get(line.line_id, 0)) for line in shipment.lines)
    after = shipment.to(lines=lines, revision=shipment.revision + 1, short=without(shipment.short, short))
    if after.left:
        return Decision(after)
    over = ShipmentMoved(after, after.id, Status.CANCELLED, taken, reason=stop.reason)
    return Decision(after, (over,))


def _unseen(stop: StopOrder) -> Cancel:
    """Of an exchange the lines that were named are promised, and so many and no more are kept back when it comes."""
    if stop.claim_id is None:
        return Cancel(stop, CancelState.ACCEPTED)
    promised = tuple(Packed(units.line_id, units.sku, units.quantity) for units in stop.lines if units.sku is not None)
    return Cancel(replace(stop, whole=False), CancelState.ACCEPTED, gone=promised)


def _accepted(shipment: Shipment, stop: StopOrder) -> Cancel:
    """A final cancel takes what it can; units on the road stay refused, for somebody to look after."""
    gone = taken_off(shipment, stop)
    if stop.final and _unstoppable(shipment, stop) is not None:
        return Cancel(stop, CancelState.REFUSED, Refusal.SHIPPED, takes=True, gone=gone)
    return Cancel(stop, CancelState.ACCEPTED, takes=True, gone=gone)


def _unstoppable(shipment: Shipment, stop: StopOrder) -> Refusal | None:
    if stop.claim_id is not None:
        return None if shipment.left else Refusal.SHIPPED
    if shipment.status is Status.CANCELLED:
        return None
    if stop.whole:
        return Refusal.SHIPPED if shipment.parcels else None
    for units in stop.lines:
        line = shipment.line(units.line_id)
        if line is None:
            return Refusal.UNKNOWN_LINE
        if units.quantity > line.left:
            return Refusal.SHIPPED
    return None
