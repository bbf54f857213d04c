"""Sending an order elsewhere before it leaves."""

from __future__ import annotations

from dataclasses import replace

from common.db import Tx
from orders import commands, domain, errors, events
from orders.domain import Order
from orders.handlers.changing import settle
from orders.repository import contacts, orders


async def change_address(command: commands.ChangeAddress, tx: Tx) -> Order:
    """Raises `OrderNotFound` too where the contact was erased: nobody is left to send it to."""
    before = await orders.lock(tx.connection, command.order_id)
    stored = await contacts.find(tx.connection, command.order_id)
    if stored is not None:
        command = replace(command, pending=stored.address_changes)
    order = await settle(before, domain.change_address(before, command, tx.now), tx)
    if command.from_zonecode is not None and stored is not None and stored.contact.zonecode != command.from_zonecode:
        raise errors.AddressChanged("the address was changed meanwhile: ask again")
    if not await contacts.keep_change(tx.connection, command.order_id, command.change_id, command.ship_to):
        raise errors.OrderNotFound("the order's addresses were erased")
    tx.publish(events.address_change_requested(order, command, tx.now))
    return order


async def settle_address_change(command: commands.SettleAddressChange, tx: Tx) -> None:
    """An answer that was heard before changes nothing."""
    order = await orders.lock(tx.connection, command.order_id)
    if await contacts.settle_change(tx.connection, command.order_id, command.change_id, accepted=command.accepted):
        await settle(order, domain.settle_address_change(order, command, tx.now), tx)
