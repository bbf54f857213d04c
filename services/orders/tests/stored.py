"""Orders in the database, put there the way the service does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from services.orders.tests.builders import WINDOW, a_contact, a_quote
from services.orders.tests.fakes import TOKEN_KEY

from common import ids
from common.db import Database, Tx
from orders import handlers
from orders.commands import PlaceOrder
from orders.domain import Order, Quote
from orders.domain.access import order_token
from orders.repository import orders


async def place(database: Database, quote: Quote | None = None, *, window: timedelta = WINDOW) -> Order:
    quote = quote or a_quote()
    order_id = ids.new_id()
    command = PlaceOrder(order_id, quote.cart_id, "cart-token", a_contact())
    placing = handlers.Placing(quote, ids.token_hash(order_token(TOKEN_KEY, order_id)), window)
    async with database.transaction() as tx:
        return await handlers.place_order(command, placing, tx)


async def change(database: Database, handler: Callable[[Any, Tx], Awaitable[Any]], command: Any) -> None:
    async with database.transaction() as tx:
        await handler(command, tx)


async def read(database: Database, order: Order) -> Order:
    async with database.read() as connection:
        found = await orders.find(connection, order.order_id)
    assert found is not None
    return found
