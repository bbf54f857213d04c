"""What order events make: shipment requests and their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.db import Tx
from scm import events
from scm.commands import RecordContact, RequestShipment
from scm.domain import cancel as cancelling
from scm.domain import shipment as shipping
from scm.domain.carrier import CarrierTable
from scm.handlers.goods import tell_wait, wait_for_goods
from scm.repository import cancels, centres, contacts, shipments


@dataclass(frozen=True)
class Desk:
    """Where requests go without a route, and how long one waits for news of a SKU nobody told of yet."""

    default_centre: str
    poll_centre: str
    goods_wait: timedelta


async def request_shipment(command: RequestShipment, tx: Tx, carriers: CarrierTable, desk: Desk) -> bool:
    """One request per order, and per exchange, for ever; False, and nothing said, when it was there.

    What was stopped before it came is cancelled in it from the start; cancels of an order never touch its exchanges.
    """
    centre = await centre_for(command.mall_id, tx, desk)
    decision = shipping.request(command, centre, tx.now)
    for stop in await cancels.accepted(tx.connection, command.order_id, command.claim_id):
        step = cancelling.apply(decision.state, stop)
        decision = shipping.Decision(step.state, decision.events + step.events)
    made = await wait_for_goods(decision.state, tx, desk.goods_wait)
    if not await shipments.add(tx.connection, made, tx.now):
        return False
    tx.publish(*(events.shipment_updated(event, carriers, tx.now) for event in decision.events))
    tell_wait(None, made, tx)
    return True


async def centre_for(mall_id: str, tx: Tx, desk: Desk) -> str:
    """The centre of the mall's route, or the default, which is made known if it was not."""
    centre = await centres.of_mall(tx.connection, mall_id)
    if centre is None:
        centre = desk.default_centre
        await centres.ensure(tx.connection, centre, "poll" if centre == desk.poll_centre else "pull", tx.now)
    return centre


async def record_contact(command: RecordContact, tx: Tx) -> None:
    """May come before or after the request; only with it is the request offered to a centre."""
    await contacts.add(tx.connection, command)


async def forget_contacts(before: datetime, tx: Tx, *, limit: int = 500) -> int:
    return await contacts.erase(tx.connection, before, tx.now, limit)
