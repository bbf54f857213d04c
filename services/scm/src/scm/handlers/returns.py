"""Goods that come back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from common.db import Tx
from scm import events
from scm.commands import CloseReturn, InspectReturn, PickUpReturn, RequestReturn
from scm.domain import carrier as carrying
from scm.domain import returning
from scm.domain.carrier import CarrierTable
from scm.domain.returning import Return, ReturnStatus
from scm.handlers.requests import Desk, centre_for
from scm.repository import centres, returns, shipments


async def request_return(command: RequestReturn, tx: Tx, carriers: CarrierTable, desk: Desk) -> None:
    """One per claim for ever, at the centre that shipped the order."""
    shipped = await shipments.of_order(tx.connection, command.order_id)
    centre = shipped.centre if shipped else await centre_for(command.mall_id, tx, desk)
    goods = returning.request(command, centre, tx.now, by_hand=await centres.is_polled(tx.connection, centre))
    if await returns.add(tx.connection, goods, tx.now):
        tx.publish(events.return_updated(goods, carriers, tx.now))


async def close_return(command: CloseReturn, tx: Tx, carriers: CarrierTable) -> None:
    await _take(command.claim_id, tx, carriers, lambda goods: returning.close(goods, command))


async def pick_up_return(
    command: PickUpReturn, tx: Tx, carriers: CarrierTable, *, centre: str | None = None
) -> tuple[Return, tuple[str, ...]]:
    """The return and what looks odd about the number. Raises `WaybillInvalid` and the table's."""
    carrier = carriers.find(command.carrier)
    checked = carrying.check(carrier, command.waybill)
    clean = PickUpReturn(command.claim_id, carrier.code, checked.number)
    goods = await _take(
        command.claim_id, tx, carriers, lambda goods: returning.pick_up(goods, clean, tx.now), centre=centre
    )
    return goods, checked.warnings


async def inspect_return(
    command: InspectReturn, tx: Tx, carriers: CarrierTable, *, centre: str | None = None
) -> Return:
    return await _take(
        command.claim_id, tx, carriers, lambda goods: returning.inspect(goods, command, tx.now), centre=centre
    )


async def _take(
    claim_id: UUID,
    tx: Tx,
    carriers: CarrierTable,
    decide: Callable[[Return], Return],
    *,
    centre: str | None = None,
) -> Return:
    before = await returns.lock(tx.connection, claim_id, centre=centre)
    after = decide(before)
    await returns.save(tx.connection, before, after, tx.now)
    if after.status is not before.status or after.waybill != before.waybill:
        tx.publish(events.return_updated(after, carriers, tx.now))
        if after.status is ReturnStatus.RECEIVED:
            tx.publish(events.return_received(after, tx.now))
    return after
