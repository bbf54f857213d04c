"""Carts of members: one open cart per mall, the same on every device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from cart import events
from cart.commands import Holder, OpenMemberCart
from cart.domain import merging
from cart.domain.cart import Cart, Terms
from cart.domain.tokens import replayable_token
from cart.errors import CartMerged, CartNotFound
from cart.handlers.carts import check_channel, there
from cart.handlers.pricing import Occasion, Priced, currency, price
from cart.repository import carts as cart_rows
from common import ids
from common.db import Tx


@dataclass(frozen=True)
class MemberCart:
    """`token` is the cart's own, the same on every device; `left_out` are SKUs that did not fit at a merge."""

    priced: Priced
    token: str
    made: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Visitor:
    """A member on one device. `secret` is the service's part of the tokens of members' carts."""

    member_id: UUID
    tier: str | None
    secret: str


def member_token(salt: bytes, visitor: Visitor) -> str:
    return replayable_token(salt, f"{visitor.secret}:{visitor.member_id}")


async def open_member_cart(mall_id: str, channel: str, visitor: Visitor, terms: Terms, tx: Tx) -> MemberCart:
    """The member's open cart, made if there is none; it is of the channel where the member is now."""
    check_channel(channel, terms)
    made = await _ensure(mall_id, channel, visitor, tx)
    cart = there(await cart_rows.lock_of_member(tx.connection, mall_id, visitor.member_id))
    seen = replace(cart, channel=channel, member_tier=visitor.tier)
    if seen != cart:
        await cart_rows.save(tx.connection, cart, seen)
    return replace(await _told(seen, visitor, terms, tx), made=made)


async def my_cart(mall_id: str, visitor: Visitor, terms: Terms, tx: Tx) -> MemberCart:
    cart = there(await cart_rows.lock_of_member(tx.connection, mall_id, visitor.member_id))
    seen = replace(cart, member_tier=visitor.tier)
    if seen != cart:
        await cart_rows.save(tx.connection, cart, seen)
    return await _told(seen, visitor, terms, tx)


async def merge_cart(holder: Holder, visitor: Visitor, terms: Terms, tx: Tx) -> MemberCart:
    """The guest's cart goes into the member's. Asked again it answers the cart it went into and changes nothing."""
    guest = there(await cart_rows.find(tx.connection, holder))
    if guest.merged_into is not None or guest.member_id == visitor.member_id:
        return await _merged_before(guest, visitor, terms, tx)
    await _ensure(guest.mall_id, guest.channel, visitor, tx)
    own = there(await cart_rows.of_member(tx.connection, guest.mall_id, visitor.member_id))
    locked = await cart_rows.lock_all(tx.connection, {guest.id, own.id})
    guest, own = locked[guest.id], locked[own.id]
    if guest.merged_into is not None:
        return await _merged_before(guest, visitor, terms, tx)
    merged = merging.merge(guest, replace(own, member_tier=visitor.tier), terms, tx.now)
    for before, decision in ((guest, merged.guest), (own, merged.member)):
        await cart_rows.save(tx.connection, before, decision.state)
        tx.publish(*map(events.to_contract, decision.events))
    return replace(await _told(merged.member.state, visitor, terms, tx), left_out=merged.left_out)


async def _merged_before(guest: Cart, visitor: Visitor, terms: Terms, tx: Tx) -> MemberCart:
    into = await cart_rows.find_by_id(tx.connection, guest.merged_into or guest.id)
    if into is None:
        raise CartNotFound("the cart it went into is not kept any more")
    if into.member_id != visitor.member_id:
        raise CartMerged("the cart went into another member's cart")
    return await _told(into, visitor, terms, tx)


async def _ensure(mall_id: str, channel: str, visitor: Visitor, tx: Tx) -> bool:
    sells_in = await currency(tx.connection, mall_id)
    salt = ids.new_token().encode()
    token_hash = ids.token_hash(member_token(salt, visitor))
    command = OpenMemberCart(ids.new_id(), mall_id, channel, visitor.member_id, visitor.tier, token_hash, salt)
    return await cart_rows.open_of_member(tx.connection, command, sells_in, tx.now)


async def _told(cart: Cart, visitor: Visitor, terms: Terms, tx: Tx) -> MemberCart:
    """With the token made again; after a change of the service's secret the cart gets a new one."""
    token_hash, salt = await cart_rows.secret_of(tx.connection, cart.id)
    salt = salt or ids.new_token().encode()
    token = member_token(salt, visitor)
    if not ids.same_token(token, token_hash):
        await cart_rows.set_token(tx.connection, cart.id, ids.token_hash(token), salt)
    return MemberCart(Priced(cart, await price(tx.connection, cart, terms, Occasion(tx.now))), token)
