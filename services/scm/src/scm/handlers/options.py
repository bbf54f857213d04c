"""Lines that become another variant before the goods leave."""

from __future__ import annotations

from datetime import timedelta

from common.db import Tx
from scm import events
from scm.commands import ChangeOption
from scm.domain import options as domain
from scm.domain import shortage
from scm.domain.parcel import Packed
from scm.domain.shipment import Shipment, Units
from scm.handlers.goods import tell_wait, wait_for_goods
from scm.repository import goods, options, releases, shipments


async def change_option(command: ChangeOption, tx: Tx, patience: timedelta) -> bool:
    """True: the new variant is packed. Decided once, under the shipment's lock, so that nobody ships the old one.

    The new variant may come out later than the old one, or be there already: how long the request waits is seen anew.
    """
    shipment = await shipments.lock_order(tx.connection, command.order_id)
    released = shipment is not None and await releases.open_of(tx.connection, shipment.id) is not None
    refusal = domain.refusal(shipment, command, released=released)
    short = await _short(shipment, command, tx) if shipment is not None and refusal is None else ()
    if not await options.note(tx.connection, command, refusal.value if refusal else None, short, tx.now):
        return False
    tx.publish(events.option_decided(command, refusal, short, tx.now))
    if shipment is None or refusal is not None:
        return False
    after = await wait_for_goods(domain.changed(shipment, command, short), tx, patience)
    await shipments.save(tx.connection, shipment, after, tx.now)
    tell_wait(shipment, after, tx)
    return True


async def _short(shipment: Shipment, command: ChangeOption, tx: Tx) -> Units:
    """Of the old units, those that the centre does not have."""
    if not shipment.short:
        return ()
    known = await goods.known(tx.connection, [command.sku])
    return shortage.among(shipment, [Packed(command.line_id, command.sku, command.quantity)], known)
