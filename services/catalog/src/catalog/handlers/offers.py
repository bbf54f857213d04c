"""Commands about what is true of a variant for a time: sales and pre-orders, and their beginning and end."""

from __future__ import annotations

from catalog import events
from catalog.commands import ClosePreorder, EndSale, OpenPreorder, SetSale, TurnOffers
from catalog.domain import product
from catalog.domain.product import Product
from catalog.domain.stock import LevelChanged
from catalog.errors import PreorderInvalid
from catalog.handlers.products import carry_out, lock_of_sku
from catalog.repository import products, stock
from common.db import Tx


async def set_sale(command: SetSale, tx: Tx, media_url: str) -> Product:
    current = await lock_of_sku(command.sku, tx)
    decision = product.set_sale(current, command, tx.now)
    return await carry_out(current, decision, tx, media_url, command.staff)


async def end_sale(command: EndSale, tx: Tx, media_url: str) -> Product:
    current = await lock_of_sku(command.sku, tx)
    decision = product.end_sale(current, command.sku)
    return await carry_out(current, decision, tx, media_url, command.staff)


async def open_preorder(command: OpenPreorder, tx: Tx, media_url: str) -> Product:
    """Also changes the limit or the release of one that is open."""
    current = await lock_of_sku(command.sku, tx)
    decision = product.open_preorder(current, command, tx.now)
    await _allow(command.sku, command.limit, tx)
    return await carry_out(current, decision, tx, media_url)


async def close_preorder(command: ClosePreorder, tx: Tx, media_url: str) -> Product:
    current = await lock_of_sku(command.sku, tx)
    decision = product.close_preorder(current, command.sku)
    if decision.state != current:
        await _allow(command.sku, None, tx)
    return await carry_out(current, decision, tx, media_url)


async def turn_offers(command: TurnOffers, tx: Tx, media_url: str) -> bool:
    """Starts and ends what has its moment, once: the change and what is told of it are one transaction."""
    current = await products.lock(tx.connection, command.product_id)
    if current is None:
        return False
    decision = product.turn_offers(current, tx.now)
    for old, new in zip(current.variants, decision.state.variants, strict=True):
        if old.preorder is not None and new.preorder is None:
            await _allow(old.sku, None, tx)
    await carry_out(current, decision, tx, media_url)
    return decision.state != current


async def _allow(sku: str, limit: int | None, tx: Tx) -> None:
    before = await stock.lock(tx.connection, sku)
    if before is None:
        return
    if limit is not None and before.on_hand + limit < before.reserved:
        owed = before.reserved - before.on_hand
        raise PreorderInvalid(f"{owed} units have been promised already", promised=owed)
    after = await stock.allow_preorder(tx.connection, sku, limit)
    if (before.available > 0) != (after.available > 0):
        reason = "available" if after.available > 0 else "sold_out"
        tx.publish(*events.stock_changed([LevelChanged(after, reason, None)], tx.now))
