"""Another option for a line before it leaves."""

from __future__ import annotations

from common.db import Tx
from orders import commands, domain
from orders.domain import Order
from orders.handlers.changing import change


async def change_option(command: commands.ChangeOption, tx: Tx) -> Order:
    return await change(command.order_id, tx, lambda order: domain.change_option(order, command, tx.now))


async def settle_option_change(command: commands.SettleOptionChange, tx: Tx) -> Order:
    """An answer that was heard before changes nothing."""
    return await change(command.order_id, tx, lambda order: domain.settle_option_change(order, command, tx.now))
