"""What happens to a guest's cart when its guest signs in.

The rule: the guest's lines go into the member's one open cart. Of a SKU that both have, the larger quantity stays: who
puts the same thing in on two devices means it once. The member's lines keep their order, the guest's follow; what does
not fit any more is left out and named. Coupon codes are put together. The member's cart takes the guest's channel: that
is where the customer is now. The guest's cart is closed for good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from cart.domain.cart import MAX_COUPONS, Cart, CartChanged, Decision, Status, Terms, held
from cart.domain.quote import Line
from cart.errors import CartBusy, CartMerged, CartOrdered


@dataclass(frozen=True)
class Merged:
    """Both carts, what is said of each, and the SKUs that did not fit."""

    guest: Decision
    member: Decision
    left_out: tuple[str, ...] = ()


def merge(guest: Cart, member: Cart, terms: Terms, now: datetime) -> Merged:
    """The same two again change nothing. Raises while an order of either is being placed."""
    if guest.merged_into == member.id:
        return Merged(Decision(guest), Decision(member))
    if guest.status is Status.MERGED or guest.member_id is not None:
        raise CartMerged("the cart belongs to a member")
    if guest.status is Status.ORDERED:
        raise CartOrdered("the cart was ordered")
    if held(guest, terms, now) or held(member, terms, now):
        # The order would close the cart, and with it lines that it does not order.
        raise CartBusy("an order of this cart is being placed; ask again in a moment")
    lines, left_out = _together(guest, member, terms)
    codes = tuple(dict.fromkeys((*member.coupon_codes, *guest.coupon_codes)))[:MAX_COUPONS]
    kept = replace(member, lines=lines, coupon_codes=codes, channel=guest.channel)
    closed = replace(guest, lines=(), coupon_codes=(), status=Status.MERGED, merged_into=member.id, changed_at=now)
    if kept != member:
        kept = replace(kept, changed_at=now, abandoned_at=None, frozen_order_id=None, frozen_at=None)
    said = (CartChanged(kept, now),) if lines != member.lines else ()
    emptied = (CartChanged(closed, now),) if guest.lines else ()
    return Merged(Decision(closed, emptied), Decision(kept, said), left_out)


def _together(guest: Cart, member: Cart, terms: Terms) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    coming = {line.sku: line for line in guest.lines}
    lines = [
        replace(line, quantity=max(line.quantity, coming[line.sku].quantity)) if line.sku in coming else line
        for line in member.lines
    ]
    there = {line.sku for line in member.lines}
    new = [line for line in guest.lines if line.sku not in there]
    room = max(0, terms.max_lines - len(lines))
    return (*lines, *new[:room]), tuple(line.sku for line in new[room:])
