"""Addresses that change before the goods leave."""

from __future__ import annotations

from common.db import Tx
from scm import events
from scm.commands import ChangeAddress
from scm.domain import addressing
from scm.domain.addressing import Unmoved
from scm.repository import contacts, releases, shipments


async def change_address(command: ChangeAddress, tx: Tx) -> None:
    """Decided under the shipment's lock, so that nobody ships to the old address what went out to the new one.

    A request that was decided before is not decided again.
    """
    shipment = await shipments.lock_order(tx.connection, command.order_id)
    released = shipment is not None and await releases.open_of(tx.connection, shipment.id) is not None
    refusal = addressing.refusal(shipment, released=released)
    if not await contacts.is_news(tx.connection, command):
        return
    if not await contacts.change(tx.connection, command, taken=refusal is None):
        refusal = refusal or Unmoved.UNKNOWN
    if refusal is None and shipment is not None:
        await shipments.save(tx.connection, shipment, addressing.readdressed(shipment), tx.now)
    tx.publish(events.address_decided(command, refusal, tx.now))
