"""One function per command: lock, decide, save, publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from cart import events
from cart.commands import (
    AddLine,
    ChangeLine,
    CloseCart,
    CreateCart,
    FreezeCart,
    Holder,
    RecordMall,
    RecordPrice,
    RecordProduct,
    RecordStock,
    ReleaseCart,
    RemoveLine,
    SetShippingRule,
)
from cart.domain import cart as carts
from cart.domain import pricing
from cart.domain.cart import Cart, Decision, Terms
from cart.domain.pricing import Quote, Rules, ShippingRule
from cart.errors import CartNotFound, ChannelUnknown, MallUnknown, OrderIdReused, ShippingRuleInvalid
from cart.repository import carts as cart_rows
from cart.repository import catalogue, quotes, shipping
from common import ids
from common.db import Tx


@dataclass(frozen=True)
class Priced:
    """A cart with what it costs."""

    cart: Cart
    quote: Quote


async def create_cart(command: CreateCart, terms: Terms, tx: Tx) -> Priced:
    currency = await _currency(tx.connection, command.mall_id)
    if command.channel not in terms.channels:
        raise ChannelUnknown(f"a cart's channel is one of {', '.join(sorted(terms.channels))}")
    cart = Cart(command.cart_id, command.mall_id, command.channel, currency, created_at=tx.now, changed_at=tx.now)
    await cart_rows.create(tx.connection, cart, command)
    return Priced(cart, Quote(currency, (), ()))


async def read_cart(holder: Holder, terms: Terms, connection: AsyncConnection, now: datetime) -> Priced:
    """An ordered cart shows the quote it was ordered with, whatever happened to prices since."""
    cart = _there(await cart_rows.find(connection, holder))
    if cart.ordered_order_id is not None:
        frozen = await quotes.find(connection, cart.ordered_order_id)
        if frozen is not None:
            return Priced(cart, frozen[1])
    return Priced(cart, await _price(connection, cart, terms, now))


async def add_line(holder: Holder, command: AddLine, terms: Terms, tx: Tx) -> Priced:
    cart = _there(await cart_rows.lock(tx.connection, holder))
    item = (await catalogue.items(tx.connection, [command.sku])).get(command.sku)
    return await _keep(cart, carts.add(cart, command, item, terms, tx.now), terms, tx)


async def change_line(holder: Holder, command: ChangeLine, terms: Terms, tx: Tx) -> Priced:
    cart = _there(await cart_rows.lock(tx.connection, holder))
    return await _keep(cart, carts.change(cart, command, terms, tx.now), terms, tx)


async def remove_line(holder: Holder, command: RemoveLine, terms: Terms, tx: Tx) -> Priced:
    cart = _there(await cart_rows.lock(tx.connection, holder))
    return await _keep(cart, carts.remove(cart, command, tx.now), terms, tx)


async def freeze_cart(holder: Holder, command: FreezeCart, terms: Terms, tx: Tx) -> Priced:
    """The same order id gets the same quote, whatever happened to cart and prices since."""
    cart = _there(await cart_rows.lock(tx.connection, holder))
    frozen = carts.freeze(cart, command, terms, tx.now)
    stored = await quotes.find(tx.connection, command.order_id)
    if stored is not None:
        cart_id, quote = stored
        if cart_id != cart.id:
            raise OrderIdReused("this order id froze another cart")
    else:
        quote = await _price(tx.connection, cart, terms, tx.now)
        carts.check_orderable(quote)
        await quotes.store(tx.connection, command.order_id, cart.id, quote, tx.now)
    await cart_rows.save(tx.connection, cart, frozen)
    return Priced(frozen, quote)


async def release_cart(command: ReleaseCart, tx: Tx) -> None:
    """Repeats safely; a cart that is gone or held by another order is left alone."""
    cart = await cart_rows.lock_by_id(tx.connection, command.cart_id)
    if cart is not None:
        await cart_rows.save(tx.connection, cart, carts.release(cart, command.order_id))


async def close_cart(command: CloseCart, tx: Tx) -> None:
    """Orders that came from elsewhere have no cart here."""
    cart = await cart_rows.lock_frozen(tx.connection, command.order_id)
    if cart is not None:
        await cart_rows.save(tx.connection, cart, carts.close(cart, command.order_id, tx.now))


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


async def set_shipping_rule(command: SetShippingRule, tx: Tx) -> None:
    """Rules begin now or later: what was charged yesterday stays explained by the rule of yesterday."""
    currency = await _currency(tx.connection, command.mall_id)
    if command.currency != currency:
        raise ShippingRuleInvalid(f"{command.mall_id} sells in {currency}")
    begins = command.valid_from or tx.now
    if begins < tx.now:
        raise ShippingRuleInvalid("valid_from lies in the past")
    if command.valid_to is not None and command.valid_to <= begins:
        raise ShippingRuleInvalid("valid_to is not after valid_from")
    await shipping.put(tx.connection, ids.new_id(), command, begins, tx.now)


async def shipping_rules(
    mall_id: str, terms: Terms, connection: AsyncConnection, now: datetime
) -> tuple[ShippingRule | None, tuple[ShippingRule, ...]]:
    """The rule in force, if there is one, and those to come."""
    rules = await _rules(connection, mall_id, await _currency(connection, mall_id), terms, now)
    coming = tuple(rule for rule in rules.shipping if rule.valid_from is not None and rule.valid_from > now)
    return pricing.shipping_rule(rules, now), coming


async def record_mall(command: RecordMall, tx: Tx) -> None:
    await catalogue.record_mall(tx.connection, command)


async def record_product(command: RecordProduct, tx: Tx) -> None:
    await catalogue.record_product(tx.connection, command)


async def record_price(command: RecordPrice, tx: Tx) -> None:
    await catalogue.record_price(tx.connection, command)


async def record_stock(command: RecordStock, tx: Tx) -> None:
    await catalogue.record_stock(tx.connection, command)


def _there(cart: Cart | None) -> Cart:
    if cart is None:
        raise CartNotFound("there is no such cart")
    return cart


async def _keep(before: Cart, decision: Decision, terms: Terms, tx: Tx) -> Priced:
    if decision.state is not before:
        await cart_rows.save(tx.connection, before, decision.state)
        tx.publish(*map(events.to_contract, decision.events))
    return Priced(decision.state, await _price(tx.connection, decision.state, terms, tx.now))


async def _price(connection: AsyncConnection, cart: Cart, terms: Terms, now: datetime) -> Quote:
    items = await catalogue.items(connection, (line.sku for line in cart.lines))
    rules = await _rules(connection, cart.mall_id, cart.currency, terms, now)
    return pricing.price(cart.lines, items, rules, now)


async def _rules(connection: AsyncConnection, mall_id: str, currency: str, terms: Terms, now: datetime) -> Rules:
    return Rules(currency, await shipping.rules(connection, mall_id, now), terms.default_shipping)


async def _currency(connection: AsyncConnection, mall_id: str) -> str:
    currency = await catalogue.currency_of(connection, mall_id)
    if currency is None:
        raise MallUnknown(f"there is no mall {mall_id}")
    return currency
