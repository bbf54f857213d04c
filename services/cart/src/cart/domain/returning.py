"""What an order gives back of gifts, coupons and purchase limits when units of it are cancelled or come back.

A unit that is gone was not bought, so its member may buy another. A gift that can be given again is. A coupon was for
the order: it comes back with the last of it, as when it is cancelled whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

from cart.commands import GoneUnits
from cart.domain.quote import Quote


def parts(quote: Quote, gone: Iterable[GoneUnits]) -> Mapping[UUID, int]:
    """Units by allowance. A product's limit is named like the product, a gift's stock like its promotion."""
    lines = {line.line_id: line for line in quote.lines}
    found: Counter[UUID] = Counter()
    for units in gone:
        line = lines.get(units.line_id)
        if line is None:
            continue
        if line.kind == "gift":
            found[line.promotions[0].promotion_id] += units.again
        elif line.item is not None:
            for each in line.item.counted:
                found[each.product_id] += units.units * each.quantity
    return {allowance_id: units for allowance_id, units in found.items() if units}


def of_coupons(quote: Quote) -> frozenset[UUID]:
    return frozenset(use.allowance_id for use in quote.uses if use.code is not None)
