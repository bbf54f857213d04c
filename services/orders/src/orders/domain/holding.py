"""What a customer holds of a line: which variant, as an exchange leaves another than was bought, and since when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from common.clock import business_day
from orders import errors
from orders.commands import ClaimedUnits
from orders.domain.claim import Claim, ClaimStatus
from orders.domain.claim_days import last_day
from orders.domain.order import Line, Order


@dataclass(frozen=True, slots=True)
class Lot:
    """Units of one variant that came with one parcel, None: that are not there yet."""

    sku: str
    count: int
    arrived_at: datetime | None


def held(line: Line, claims: Iterable[Claim]) -> dict[str, int]:
    """Units of the line that can be claimed once they are there, by SKU; together they are `line.open`."""
    units = Counter({line.sku: line.quantity - line.cancelled - line.cancelling})
    for claim in claims:
        for each in claim.units:
            if each.line_id != line.line_id:
                continue
            if claim.is_open:
                units[each.sku] -= each.quantity
            elif claim.status is ClaimStatus.COMPLETED:
                units[each.sku] -= each.came
                if claim.kind == "exchange":
                    units[each.instead] += each.sent
    return {sku: count for sku, count in units.items() if count > 0}


def name_of(order: Order, line: Line, sku: str) -> str | None:
    """What a variant of the line is called, of those that were bought or sent in exchange."""
    if sku == line.sku:
        return line.variant_name
    sent = [each for claim in order.claims for each in claim.units if each.line_id == line.line_id]
    return next((each.instead_name for each in reversed(sent) if each.instead == sku), None)


def sold_under(order: Order) -> tuple[UUID, ...]:
    """The reservations at catalog that hold units of the order: its own first, then those of its exchanges."""
    exchanged = [
        claim.claim_id for claim in order.claims if claim.status is ClaimStatus.COMPLETED and claim.kind == "exchange"
    ]
    return (order.order_id, *exchanged)


def lots(order: Order, line: Line) -> list[Lot]:
    """What `held` counts, parcel by parcel. A claim is of the units that arrived first and could be claimed still."""
    wanted = line.quantity - line.cancelled - line.cancelling
    found = _parcels(order, line, (line.sku, wanted), of=None, rest_at=order.delivered_at)
    for claim in order.claims:
        for each in claim.units:
            if each.line_id != line.line_id:
                continue
            if claim.is_open:
                found = _without(found, claim, each.sku, each.quantity)
            elif claim.status is ClaimStatus.COMPLETED:
                found = _without(found, claim, each.sku, each.came)
                if claim.kind == "exchange":
                    found += _parcels(order, line, (each.instead, each.sent), of=claim.claim_id, rest_at=None)
    return found


def claimed_sku(order: Order, line: Line, asked: ClaimedUnits) -> str:
    """What the claimed units are. Raises `ClaimExceedsOpen`, `ClaimNotDelivered` of what is still on its way, and
    `ClaimSkuNeeded` where only the customer knows.
    """
    units = held(line, order.claims)
    where = str(line.line_id)
    if not 1 <= asked.quantity <= line.open:
        raise errors.ClaimExceedsOpen(
            f"{line.open} units of this line can still be claimed", line_id=where, open=line.open
        )
    if asked.sku is None and len(units) > 1:
        told = ", ".join(f"{count} × {sku}" for sku, count in sorted(units.items()))
        raise errors.ClaimSkuNeeded(f"the customer has {told}: say which comes back", line_id=where, skus=sorted(units))
    sku = asked.sku or next(iter(units))
    if asked.quantity > units.get(sku, 0):
        count = units.get(sku, 0)
        raise errors.ClaimExceedsOpen(f"{count} units of {sku} can still be claimed", line_id=where, open=count)
    if asked.quantity > (there := arrived(order, line, sku)):
        raise errors.ClaimNotDelivered(
            f"{there} units of {sku} have arrived: only what has arrived can be sent back", line_id=where, open=there
        )
    return sku


def arrived(order: Order, line: Line, sku: str) -> int:
    """Units of a variant that can be claimed now."""
    return sum(lot.count for lot in lots(order, line) if lot.sku == sku and lot.arrived_at is not None)


def since(order: Order, line: Line, sku: str, quantity: int) -> datetime | None:
    """When so many units that can be claimed were all there, of those that arrived last. None: they are not."""
    for lot in sorted((lot for lot in lots(order, line) if lot.sku == sku), key=_moment, reverse=True):
        if lot.arrived_at is not None:
            quantity -= lot.count
            if quantity <= 0:
                return lot.arrived_at
    return None


def _parcels(
    order: Order, line: Line, units: tuple[str, int], *, of: UUID | None, rest_at: datetime | None
) -> list[Lot]:
    """The units by the parcels that brought them, `of` a claim or of the order itself; the rest came at `rest_at`."""
    sku, left = units
    found = []
    for parcel in order.parcels:
        if parcel.claim_id != of or parcel.status != "delivered":
            continue
        count = min(left, sum(each.quantity for each in parcel.lines if each.line_id == line.line_id))
        if count:
            found.append(Lot(sku, count, parcel.delivered_at or order.delivered_at))
            left -= count
    return [*found, Lot(sku, left, rest_at)] if left > 0 else found


def _without(known: list[Lot], claim: Claim, sku: str, count: int) -> list[Lot]:
    """Takes what came too early for the claim, and what is not there, only after the rest."""
    left = []
    for lot in sorted(known, key=lambda lot: (not _in_time(lot, claim), *_moment(lot))):
        taken = min(count, lot.count) if lot.sku == sku else 0
        count -= taken
        if lot.count > taken:
            left.append(replace(lot, count=lot.count - taken))
    return left


def _in_time(lot: Lot, claim: Claim) -> bool:
    return lot.arrived_at is not None and business_day(claim.requested_at) <= last_day(
        claim.reason, claim.terms, business_day(lot.arrived_at)
    )


def _moment(lot: Lot) -> tuple[bool, float]:
    return lot.arrived_at is None, lot.arrived_at.timestamp() if lot.arrived_at else 0.0
