"""Units that came back from customers and can be sold again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from catalog.commands import CancelUnits
from catalog.handlers.reservations import cancel_units
from catalog.repository import reservations
from common.db import Tx


async def restock(mall_id: str, claim_id: UUID, sold_under: Sequence[UUID], units: Mapping[str, int], tx: Tx) -> None:
    """Puts the units back on hand, once per claim, as units of the reservations they were sold under.

    Earlier reservations first: only what was sold comes back, and never more than is still out.
    """
    left = dict(units)
    for order_id in sold_under:
        current = (await reservations.lock(tx.connection, order_id)).reservation
        if current is None or not left:
            continue
        if claim_id in current.cancels:  # redelivered
            return
        taken = {sku: min(wanted, current.open_units.get(sku, 0)) for sku, wanted in left.items()}
        taken = {sku: given for sku, given in taken.items() if given}
        if taken:
            await cancel_units(CancelUnits(order_id, mall_id, claim_id, False, taken), tx)
        left = {sku: more for sku, wanted in left.items() if (more := wanted - taken.get(sku, 0))}
