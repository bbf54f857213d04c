"""Cancels of orders and stops of replacements: answered at once, or after the polled centre was asked."""

from __future__ import annotations

from dataclasses import replace

from common import log
from common.db import Tx
from scm import events
from scm.commands import StopOrder
from scm.domain import cancel as cancelling
from scm.domain import shortage
from scm.domain.cancel import Cancel, CancelState, Holder
from scm.domain.carrier import CarrierTable
from scm.domain.shipment import Shipment
from scm.handlers.taking import settle
from scm.repository import cancels, goods, releases, shipments

_log = log.get(__name__)


async def stop_order(
    command: StopOrder, tx: Tx, carriers: CarrierTable, *, cancel_after_accept: bool
) -> CancelState | None:
    """How it was decided. None: this cancel was settled before, and nothing changes."""
    shipment = await shipments.lock_order(tx.connection, command.order_id, command.claim_id)
    known = await cancels.find(tx.connection, command.cancel_id)
    if known is not None:
        if not command.final or known.stop.final or known.state is CancelState.ACCEPTED:
            return None
        if known.state is CancelState.PENDING:
            await cancels.make_final(tx.connection, command.cancel_id)
            return None
    cancel = cancelling.decide(shipment, command, await _holder(command, shipment, tx, cancel_after_accept))
    await _record(cancel, shipment, tx, carriers)
    return cancel.state


async def _holder(command: StopOrder, shipment: Shipment | None, tx: Tx, cancel_after_accept: bool) -> Holder:
    released = shipment is not None and await releases.open_of(tx.connection, shipment.id) is not None
    stopped = command.claim_id is not None and await cancels.accepted(tx.connection, command.order_id, command.claim_id)
    return Holder(released, cancel_after_accept, stopped=bool(stopped))


async def settle_cancels(shipment: Shipment, tx: Tx, carriers: CarrierTable, *, stopped: bool) -> Shipment:
    """The polled centre has given its word about a locked shipment: every cancel that waited gets its answer."""
    for stop in await cancels.pending(tx.connection, shipment.order_id, shipment.claim_id):
        cancel = cancelling.settle(shipment, stop, stopped=stopped)
        shipment = await _record(cancel, shipment, tx, carriers) or shipment
    return shipment


async def refuse_overtaken(shipment: Shipment, tx: Tx, carriers: CarrierTable) -> None:
    """Goods left while a cancel waited for the centre's word."""
    for stop in await cancels.pending(tx.connection, shipment.order_id, shipment.claim_id):
        cancel = cancelling.overtaken(shipment, stop)
        if cancel is not None:
            await _record(cancel, shipment, tx, carriers)


async def _record(cancel: Cancel, shipment: Shipment | None, tx: Tx, carriers: CarrierTable) -> Shipment | None:
    if cancel.takes and not cancel.stop.final and shipment is not None and shipment.short:
        known = await goods.known(tx.connection, (unit.sku for unit in cancel.gone))
        cancel = replace(cancel, short=shortage.among(shipment, cancel.gone, known))
    # The answer goes out before what follows from it: orders cancels the lines, then hears that the rest has left.
    await _answer(cancel, tx)
    if shipment is None:
        return None
    if cancel.takes:
        shipment = await settle(tx, shipment, cancelling.apply(shipment, cancel.stop, cancel.short), carriers)
    if cancel.stop.final and cancel.state is CancelState.REFUSED:
        _log.warning("goods of a cancelled order are on the road", shipment_id=str(shipment.id), why=cancel.answer)
        await shipments.note(tx.connection, shipment.id, f"the order is cancelled, but goods left ({cancel.answer})")
    return shipment


async def _answer(cancel: Cancel, tx: Tx) -> None:
    await cancels.put(tx.connection, cancel, tx.now)
    if cancel.state is not CancelState.PENDING and not cancel.stop.final:
        tx.publish(events.cancel_decided(cancel, tx.now))
