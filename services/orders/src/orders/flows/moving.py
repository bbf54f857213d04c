"""Sending an order elsewhere. What the new place costs more than the old one only cart knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.db import Database
from orders import errors
from orders.clients import Cart
from orders.commands import ChangeAddress
from orders.repository import contacts, orders


@dataclass(frozen=True)
class MoveOrders:
    database: Database
    cart: Cart

    async def priced(self, command: ChangeAddress) -> ChangeAddress:
        """With what both places cost by today's table. Raises `OrderNotFound`."""
        async with self.database.read() as connection:
            order = await orders.find(connection, command.order_id)
            stored = await contacts.find(connection, command.order_id)
        if order is None or stored is None:
            raise errors.OrderNotFound("there is no such order, or its addresses were erased")
        now, then = stored.contact.zonecode, command.ship_to.zonecode
        if now == then:
            return command
        here, there = [await self.cart.surcharge(order.mall_id, zone, order.order_id) for zone in (now, then)]
        return replace(command, from_zonecode=now, surcharge=there, surcharge_now=here)
