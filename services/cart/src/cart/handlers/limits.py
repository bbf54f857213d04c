"""Limits on how much of a product may be bought, as staff set them."""

from __future__ import annotations

from uuid import UUID

from cart.commands import SetPurchaseLimit
from cart.domain.promotions.allowances import Allowance
from cart.errors import LimitNotFound, ProductUnknown
from cart.repository import allowances, limits
from common.db import Tx


async def set_purchase_limit(command: SetPurchaseLimit, tx: Tx) -> None:
    """Counts for every order from the commit on. Members' purchases are counted from the first limit on."""
    mall_id = await limits.mall_of(tx.connection, command.product_id)
    if mall_id is None:
        raise ProductUnknown("there is no such product")
    await allowances.put(tx.connection, "purchase", Allowance(command.product_id, None, command.per_member, 0))
    await limits.put(tx.connection, command, mall_id, tx.now)


async def drop_purchase_limit(product_id: UUID, tx: Tx) -> None:
    if not await limits.drop(tx.connection, product_id):
        raise LimitNotFound("the product has no limit")
