"""Carts while they are open: lock, decide, save, publish."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from cart import events
from cart.commands import AddCoupon, AddLine, ChangeLine, CreateCart, Holder, RemoveCoupon, RemoveLine
from cart.domain import cart as carts
from cart.domain import limits
from cart.domain.cart import Cart, Decision, Terms
from cart.domain.catalogue import Catalogue
from cart.domain.quote import Quote
from cart.errors import CartNotFound, ChannelUnknown
from cart.handlers.pricing import Occasion, Priced, known, price
from cart.repository import carts as cart_rows
from cart.repository import catalogue, coupons, quotes
from common.db import Tx


async def create_cart(command: CreateCart, terms: Terms, connection: AsyncConnection, now: datetime) -> Priced:
    """One statement, so it needs no transaction."""
    check_channel(command.channel, terms)
    sells_in = known(await cart_rows.create(connection, command, now), command.mall_id)
    cart = Cart(command.cart_id, command.mall_id, command.channel, sells_in, created_at=now, changed_at=now)
    return Priced(cart, Quote(sells_in, (), ()))


async def read_cart(holder: Holder, terms: Terms, connection: AsyncConnection, at: Occasion) -> Priced:
    """An ordered cart shows the quote it was ordered with, whatever happened to prices since."""
    cart = there(await cart_rows.find(connection, holder))
    if cart.ordered_order_id is not None:
        frozen = await quotes.find(connection, cart.ordered_order_id)
        if frozen is not None:
            return Priced(cart, frozen[1])
    return Priced(cart, await price(connection, cart, terms, at))


async def add_line(holder: Holder, command: AddLine, terms: Terms, tx: Tx) -> Priced:
    cart = await _locked(holder, tx)
    items = await catalogue.items(tx.connection, (*(line.sku for line in cart.lines), command.sku))
    decision = carts.add(cart, command, items.get(command.sku), terms, tx.now)
    return await _keep(cart, decision, terms, tx, items)


async def change_line(holder: Holder, command: ChangeLine, terms: Terms, tx: Tx) -> Priced:
    cart = await _locked(holder, tx)
    return await _keep(cart, carts.change(cart, command, terms, tx.now), terms, tx)


async def remove_line(holder: Holder, command: RemoveLine, terms: Terms, tx: Tx) -> Priced:
    cart = await _locked(holder, tx)
    return await _keep(cart, carts.remove(cart, command, tx.now), terms, tx)


async def add_coupon(holder: Holder, command: AddCoupon, terms: Terms, tx: Tx) -> Priced:
    cart = await _locked(holder, tx)
    offers = await coupons.offers(tx.connection, cart.mall_id, [command.code], (cart.id, cart.member_id), tx.now)
    offer = offers[0] if offers else None
    return await _keep(cart, carts.add_coupon(cart, command, offer, tx.now), terms, tx)


async def remove_coupon(holder: Holder, command: RemoveCoupon, terms: Terms, tx: Tx) -> Priced:
    cart = await _locked(holder, tx)
    return await _keep(cart, carts.remove_coupon(cart, command, tx.now), terms, tx)


async def abandon_carts(idle: timedelta, limit: int, tx: Tx) -> int:
    """Says of at most `limit` idle carts that they were abandoned. Returns how many."""
    left = await cart_rows.lock_idle(tx.connection, tx.now - idle, limit)
    for cart in left:
        decision = carts.abandon(cart, tx.now)
        await cart_rows.save(tx.connection, cart, decision.state)
        tx.publish(*map(events.to_contract, decision.events))
    return len(left)


async def delete_old_carts(kept: timedelta, limit: int, tx: Tx) -> int:
    return await cart_rows.delete_old(tx.connection, tx.now - kept, limit)


def there(cart: Cart | None) -> Cart:
    if cart is None:
        raise CartNotFound("there is no such cart")
    return cart


def _seen(cart: Cart, holder: Holder) -> Cart:
    """A change writes down the tier that the member's token says: reads and freezes go by what is written."""
    if holder.member_id is None or holder.member_id != cart.member_id:
        return cart
    return replace(cart, member_tier=holder.tier)


def check_channel(channel: str, terms: Terms) -> None:
    if channel not in terms.channels:
        raise ChannelUnknown(f"a cart's channel is one of {', '.join(sorted(terms.channels))}")


async def _locked(holder: Holder, tx: Tx) -> Cart:
    return _seen(there(await cart_rows.lock(tx.connection, holder)), holder)


async def _keep(before: Cart, decision: Decision, terms: Terms, tx: Tx, read: Catalogue | None = None) -> Priced:
    """`read`: what was read of the catalogue already."""
    if decision.state is not before:
        await cart_rows.save(tx.connection, before, decision.state)
        tx.publish(*map(events.to_contract, decision.events))
    quote = await price(tx.connection, decision.state, terms, Occasion(tx.now), read)
    items = {line.sku: line.item for line in quote.lines if line.item is not None}
    limits.check(quote, limits.units_of({line.sku: line.quantity for line in before.lines}, items))
    return Priced(decision.state, quote)
