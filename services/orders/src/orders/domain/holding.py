"""Which variant a customer holds of a line: an exchange leaves another one in their hands than was bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from orders import errors
from orders.commands import ClaimedUnits
from orders.domain.claim import Claim, ClaimStatus
from orders.domain.order import Line


def held(line: Line, claims: Iterable[Claim]) -> dict[str, int]:
    """Units of the line that can still be claimed, by SKU; together they are `line.open`."""
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
                    units[each.replacement_sku or each.sku] += each.came
    return {sku: count for sku, count in units.items() if count > 0}


def claimed_sku(line: Line, asked: ClaimedUnits, claims: Iterable[Claim]) -> str:
    """What the claimed units are. Raises `ClaimExceedsOpen`, and `ClaimSkuNeeded` where only the customer knows."""
    units = held(line, claims)
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
    return sku
