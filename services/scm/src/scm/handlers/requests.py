"""What order events make: shipment requests and their addresses."""

from __future__ import annotations

from datetime import datetime

from common.db import Tx
from scm import events
from scm.commands import RecordContact, RequestShipment
from scm.domain import cancel as cancelling
from scm.domain import shipment as shipping
from scm.domain.carrier import CarrierTable
from scm.repository import cancels, centres, contacts, shipments


async def request_shipment(
    command: RequestShipment, tx: Tx, carriers: CarrierTable, *, default_centre: str, poll_centre: str
) -> bool:
    """One request per order for ever; False when it was there. Cancels that came before it are in it from the start."""
    centre = await centre_for(command.mall_id, tx, default_centre, poll_centre)
    decision = shipping.request(command, centre, tx.now)
    for stop in await cancels.accepted(tx.connection, command.order_id):
        step = cancelling.apply(decision.state, stop)
        decision = shipping.Decision(step.state, decision.events + step.events)
    if not await shipments.add(tx.connection, decision.state, tx.now):
        return False
    tx.publish(*(events.shipment_updated(event, carriers, tx.now) for event in decision.events))
    return True


async def centre_for(mall_id: str, tx: Tx, default_centre: str, poll_centre: str) -> str:
    """The centre of the mall's route, or the default, which is made known if it was not."""
    centre = await centres.of_mall(tx.connection, mall_id)
    if centre is None:
        centre = default_centre
        await centres.ensure(tx.connection, centre, "poll" if centre == poll_centre else "pull", tx.now)
    return centre


async def record_contact(command: RecordContact, tx: Tx) -> None:
    """May come before or after the request; only with it is the request offered to a centre."""
    await contacts.add(tx.connection, command)


async def forget_contacts(before: datetime, tx: Tx, *, limit: int = 500) -> int:
    return await contacts.erase(tx.connection, before, tx.now, limit)
