"""Units that came back from customers and can be sold again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from catalog.commands import CancelUnits
from catalog.domain import reservation
from catalog.domain.reservation import Reservation
from catalog.handlers.reservations import cancel_units
from catalog.repository import reservations
from common.db import Tx


async def give_up(command: CancelUnits, sold_under: Sequence[UUID], tx: Tx) -> None:
    """Gives back what an exchange does not send, under the claim that holds it, once.

    Units that came back may be counted as the claim's own though nothing of it has left, one being as good as another.
    Then they are counted elsewhere first.
    """
    current = (await reservations.lock(tx.connection, command.order_id)).reservation
    if current is not None and command.cancel_id not in current.cancels:
        for other_id in sold_under:
            if other_id != command.order_id and (missing := _missing(current, command.lines)):
                current = await _rebook(current, other_id, missing, tx)
    await cancel_units(command, tx)


def _missing(current: Reservation, wanted: Mapping[str, int]) -> dict[str, int]:
    there = current.open_units
    return {sku: short for sku, count in wanted.items() if (short := count - there.get(sku, 0)) > 0}


async def _rebook(current: Reservation, other_id: UUID, units: Mapping[str, int], tx: Tx) -> Reservation:
    other = (await reservations.lock(tx.connection, other_id)).reservation
    if other is None:
        return current
    after, changed = reservation.rebook(current, other, units)
    await reservations.save(tx.connection, other, changed, tx.now)
    await reservations.save(tx.connection, current, after, tx.now)
    return after


async def restock(mall_id: str, claim_id: UUID, sold_under: Sequence[UUID], units: Mapping[str, int], tx: Tx) -> None:
    """Puts the units back on hand, once per claim, as units of the reservations they were sold under.

    The latest first, and only what is still out: of the order itself units may be left that are cancelled yet.
    """
    held = [(await reservations.lock(tx.connection, order_id)).reservation for order_id in sold_under]
    if any(claim_id in each.cancels for each in held if each is not None):  # redelivered
        return
    left = dict(units)
    for current in reversed(held):
        if current is None:
            continue
        taken = {sku: given for sku, wanted in left.items() if (given := min(wanted, current.open_units.get(sku, 0)))}
        if taken:
            await cancel_units(CancelUnits(current.order_id, mall_id, claim_id, False, taken), tx)
        left = {sku: more for sku, wanted in left.items() if (more := wanted - taken.get(sku, 0))}
