"""From a cart to an order: the quote is frozen, what it uses of gifts and coupons is held, then used or given back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from cart.commands import CloseCart, FreezeCart, GiveBack, GiveBackPart, Holder, ReleaseCart
from cart.domain import cart as carts
from cart.domain import limits, returning
from cart.domain.cart import Cart, Terms
from cart.domain.promotions import allowances as rules
from cart.domain.promotions import gifts
from cart.domain.promotions.allowances import Allowance, State, Step
from cart.domain.promotions.coupons import check_usable, not_usable
from cart.domain.quote import Quote, Use
from cart.errors import CartBusy, OrderIdReused
from cart.handlers.carts import there
from cart.handlers.pricing import Occasion, Priced, price
from cart.repository import allowances, quotes
from cart.repository import carts as cart_rows
from common.db import Tx


async def freeze_cart(holder: Holder, command: FreezeCart, terms: Terms, tx: Tx) -> Priced:
    """The same order id gets the same quote, whatever happened to cart and prices since; less gifts it cannot have."""
    cart = there(await cart_rows.lock(tx.connection, holder))
    frozen = carts.freeze(cart, command, terms, tx.now)
    stored = await quotes.find(tx.connection, command.order_id)
    if stored is None:
        quote = await price(tx.connection, cart, terms, Occasion(tx.now, command.zonecode))
        carts.check_orderable(quote)
        limits.check(quote)
        check_usable(quote)
        quote = await _hold(cart, command.order_id, gifts.without(quote, command.without_gifts), tx)
        await quotes.store(tx.connection, command.order_id, cart.id, quote, tx.now)
    else:
        if stored[0] != cart.id:
            raise OrderIdReused("this order id froze another cart")
        quote = await _again(cart, command, stored[1], tx)
    await cart_rows.save(tx.connection, cart, frozen)
    return Priced(frozen, quote)


async def release_cart(command: ReleaseCart, tx: Tx) -> None:
    """Repeats safely; a cart that is gone or held by another order is left alone."""
    cart = await cart_rows.lock_by_id(tx.connection, command.cart_id)
    if cart is not None:
        await cart_rows.save(tx.connection, cart, carts.release(cart, command.order_id))
    await _settle(command.order_id, Step.RELEASE, tx)


async def close_cart(command: CloseCart, tx: Tx) -> None:
    """Orders that came from elsewhere have no cart here."""
    cart = await cart_rows.lock_frozen(tx.connection, command.order_id)
    if cart is not None:
        await cart_rows.save(tx.connection, cart, carts.close(cart, command.order_id, tx.now))
    await _settle(command.order_id, Step.PLACE, tx)


async def give_back(command: GiveBack, tx: Tx) -> None:
    await _settle(command.order_id, Step.CANCEL, tx)


async def give_back_part(command: GiveBackPart, tx: Tx) -> None:
    """The same fact again changes nothing. Quotes that are not kept any more give nothing back."""
    taken = await allowances.lock_of_order(tx.connection, command.order_id)
    stored = await quotes.find(tx.connection, command.order_id) if taken else None
    if stored is None:
        return
    parts = returning.parts(stored[1], command.gone)
    backs = [(each, rules.part(each, parts.get(each.allowance_id, 0))) for each in taken]
    await allowances.give_back(tx.connection, command.fact_id, [back for back in backs if back[1]], tx.now)
    if command.last:
        coupons = returning.of_coupons(stored[1])
        over = [(each, rules.after(each.state, Step.CANCEL)) for each in taken if each.allowance_id in coupons]
        await allowances.move(tx.connection, over, tx.now)


async def give_back_lapsed(held: timedelta, limit: int, tx: Tx) -> int:
    """Frees at most `limit` units held for orders that nobody placed in this time. Returns how many."""
    lapsed = await allowances.lock_lapsed(tx.connection, tx.now - held, limit)
    await allowances.move(tx.connection, [(taken, rules.after(taken.state, Step.RELEASE)) for taken in lapsed], tx.now)
    return len(lapsed)


async def _settle(order_id: UUID, step: Step, tx: Tx) -> None:
    taken = await allowances.lock_of_order(tx.connection, order_id)
    if taken:
        await allowances.move(tx.connection, [(each, rules.after(each.state, step)) for each in taken], tx.now)


async def _hold(cart: Cart, order_id: UUID, quote: Quote, tx: Tx) -> Quote:
    """Takes what the quote uses. Of a gift that ran short since it was priced there is less, or none."""
    if not quote.uses:
        return quote
    locked = await allowances.lock(tx.connection, {use.allowance_id for use in quote.uses})
    counted = await _of_member(cart, locked, tx)
    for use in quote.uses:
        allowance = locked[use.allowance_id]
        why = rules.why_not(allowance, use.units, cart.member_id, counted.get(use.allowance_id, 0))
        if why is not None and use.promotion_id is not None and use.allowance_id == use.promotion_id:
            quote = gifts.only(quote, use.promotion_id, max(0, (allowance.most or 0) - allowance.taken))
        elif why is not None:
            await _refuse(cart, use, why, allowance.per_member, tx)
    await allowances.hold(tx.connection, order_id, (cart.id, cart.member_id), quote.uses, tx.now)
    return quote


async def _refuse(cart: Cart, use: Use, why: str, most: int | None, tx: Tx) -> None:
    """Another order of the same cart may hold the units: it may yet be placed, so they are not taken from it."""
    if use.allowance_id in await allowances.held_by_cart(tx.connection, cart.id):
        raise CartBusy("another order of this cart is not decided yet; ask again in a moment", coupon=use.code)
    if use.promotion_id is None:
        raise limits.too_many(use.allowance_id, most, why)
    raise not_usable(use.code, why)


async def _again(cart: Cart, command: FreezeCart, stored: Quote, tx: Tx) -> Quote:
    """The stored quote less gifts that cannot be had; what was given back meanwhile is taken again."""
    quote = gifts.without(stored, command.without_gifts)
    taken = await allowances.lock_of_order(tx.connection, command.order_id) if stored.uses else []
    kept = {use.allowance_id for use in quote.uses}
    dropped = [(each, State.CANCELLED) for each in taken if each.allowance_id not in kept]
    wanted = [each for each in taken if each.allowance_id in kept and each.state is State.RETURNED]
    if wanted:
        locked = await allowances.lock(tx.connection, {each.allowance_id for each in taken})
        counted = await _of_member(cart, locked, tx)
        for each in wanted:
            allowance = locked[each.allowance_id]
            why = rules.why_not(allowance, each.units, cart.member_id, counted.get(each.allowance_id, 0))
            if why is not None:
                use = next(use for use in quote.uses if use.allowance_id == each.allowance_id)
                raise not_usable(use.code, why)
    moves = [*dropped, *((each, rules.after(each.state, Step.FREEZE)) for each in taken if each.allowance_id in kept)]
    await allowances.move(tx.connection, moves, tx.now)
    if taken:
        await allowances.refresh(tx.connection, command.order_id, tx.now)
    if quote is not stored:
        await quotes.replace_gifts(tx.connection, command.order_id, quote)
    return quote


async def _of_member(cart: Cart, locked: dict[UUID, Allowance], tx: Tx) -> dict[UUID, int]:
    limited = [allowance.id for allowance in locked.values() if allowance.per_member is not None]
    if cart.member_id is None or not limited:
        return {}
    return await allowances.of_member(tx.connection, limited, cart.member_id)
