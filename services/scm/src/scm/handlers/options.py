"""Lines that become another variant before the goods leave."""

from __future__ import annotations

from datetime import timedelta

from common.db import Tx
from scm import events
from scm.commands import ChangeOption
from scm.domain import options as domain
from scm.handlers.goods import tell_wait, wait_for_goods
from scm.repository import options, releases, shipments


async def change_option(command: ChangeOption, tx: Tx, patience: timedelta) -> bool:
    """True: the new variant is packed. Decided once, under the shipment's lock, so that nobody ships the old one.

    The new variant may come out later than the old one, or be there already: how long the request waits is seen anew.
    """
    shipment = await shipments.lock_order(tx.connection, command.order_id)
    released = shipment is not None and await releases.open_of(tx.connection, shipment.id) is not None
    refusal = domain.refusal(shipment, command, released=released)
    if not await options.note(tx.connection, command, refusal.value if refusal else None, tx.now):
        return False
    tx.publish(events.option_decided(command, refusal, tx.now))
    if shipment is None or refusal is not None:
        return False
    after = await wait_for_goods(domain.changed(shipment, command), tx, patience)
    await shipments.save(tx.connection, shipment, after, tx.now)
    tell_wait(shipment, after, tx)
    return True
