"""Customers who look for more for their money: coupons, gifts, sets, and a member's own cart."""

from __future__ import annotations

from typing import Any

from common import ids
from shop.demo.desk import GIFT_CODE, MEMBER_CODE, OFFERS, PERCENT_CODE, member_headers
from shop.demo.door import Unexpected
from shop.demo.people import person
from shop.demo.visit import Visit


async def uses_coupons(visit: Visit) -> None:
    """A set with ten percent off and a gift; what the cart promised is what is ordered."""
    offers = OFFERS[visit.mall]
    cart = await visit.door.fill_cart(visit.mall, visit.channel, [(offers.set_sku, 2)])
    await visit.door.use_coupon(cart, PERCENT_CODE)
    await visit.door.use_coupon(cart, GIFT_CODE)
    priced = await visit.door.look_into(cart, person(visit.number)["zonecode"])
    _check_bargain(priced, off=2 * offers.set_price // 10, gift=offers.gift)
    order = await visit.order_cart(cart)
    if order.total != priced["total_amount"]["amount"]:
        raise Unexpected(f"order {order.number} costs {order.total} won and not what the cart said")
    await visit.door.pay_by_window(order, "card")
    await visit.until("completed")
    visit.end = "completed, with set, coupon and gift"


async def signs_in(visit: Visit) -> None:
    """Fills a cart as a guest, another as a member elsewhere, and orders both as one with the member's coupon."""
    offers = OFFERS[visit.mall]
    member = member_headers(visit.desk.key, ids.new_id())
    await visit.door.member_cart(visit.mall, "mobile", member, offers.parts[1])
    guest = await visit.door.fill_cart(visit.mall, "pc", [(offers.parts[0], 2)])
    merged = await visit.door.sign_in(guest, member)
    if {line["sku"] for line in merged["lines"]} != set(offers.parts):
        raise Unexpected(f"a merged cart holds {[line['sku'] for line in merged['lines']]}")
    cart = (merged["id"], merged["token"])
    await visit.door.use_coupon(cart, MEMBER_CODE)
    await visit.door.pay_by_window(await visit.order_cart(cart), "transfer", "portone")
    await visit.until("completed")
    visit.end = "completed, both carts in one"


def _check_bargain(priced: dict[str, Any], *, off: int, gift: str) -> None:
    gifts = [line["sku"] for line in priced["lines"] if line["kind"] == "gift"]
    if gifts != [gift] or priced["discount_amount"]["amount"] != off:
        raise Unexpected(f"coupons took {priced['discount_amount']['amount']} won off and gave {gifts}")
