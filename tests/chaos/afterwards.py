"""Customers who want more than a parcel: bargains, another address, less of it, their money back, another one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from tests.chaos.door import PATIENCE_SECONDS, Refused

from common import ids
from shop.demo.desk import GIFT_CODE, MEMBER_CODE, OFFERS, PERCENT_CODE, member_headers
from shop.demo.door import Order, Unexpected
from shop.demo.people import person

if TYPE_CHECKING:
    from tests.chaos.customers import Visit

# A place that costs nothing more to send to.
_MAINLAND = 1


async def uses_coupons(visit: Visit) -> None:
    """What the cart promised is what is ordered, gift and all."""
    offers = OFFERS[visit.mall]
    cart = await visit.door.fill_cart(visit.mall, "pc", [(offers.set_sku, 1)])
    for code in (PERCENT_CODE, GIFT_CODE):
        await visit.door.use_coupon(cart, code)
    priced = await visit.door.look_into(cart, person(visit.number)["zonecode"])
    order = await visit.order_cart(cart)
    if order.total != priced["total_amount"]["amount"]:
        raise Unexpected(f"order {order.number} costs {order.total} won and not what the cart said")
    await visit.pay(order)


async def signs_in(visit: Visit) -> None:
    """A guest's cart and a member's are ordered as one."""
    offers = OFFERS[visit.mall]
    member = member_headers(visit.desk.key, ids.new_id())
    await visit.door.member_cart(visit.mall, "mobile", member, offers.parts[1])
    merged = await visit.door.sign_in(await visit.door.fill_cart(visit.mall, "pc", [(offers.parts[0], 1)]), member)
    if {line["sku"] for line in merged["lines"]} != set(offers.parts):
        raise Unexpected(f"a merged cart holds {[line['sku'] for line in merged['lines']]}")
    cart = (merged["id"], merged["token"])
    await visit.door.use_coupon(cart, MEMBER_CODE)
    await visit.pay(await visit.order_cart(cart))


async def moves_house(visit: Visit) -> None:
    order = await visit.place()
    there = person(_MAINLAND)
    await visit.door.move(order, there)
    await visit.pay(order)
    moved = await _once(visit, order, lambda found: not found["address_changes_pending"], "moved")
    if "order-address-change-decided" not in await visit.door.story(order):
        raise Unexpected(f"order {order.number} was asked to move and nobody decided")
    if moved["ship_to"]["road_address"] not in {there["road_address"], person(visit.number)["road_address"]}:
        raise Unexpected(f"order {order.number} goes to neither address")


async def takes_one_off(visit: Visit) -> None:
    """Cancels one of two right after paying: its money comes back, or the parcel was on its way."""
    order = await visit.place([(OFFERS[visit.mall].parts[0], 2)])
    await visit.pay(order)
    await _once(visit, order, lambda found: found["status"] != "pending_payment", "paid")
    try:
        await visit.door.cancel(order, "one is enough", [{"line_id": order.lines[0]["line_id"], "quantity": 1}])
    except Refused as refusal:
        if "order" not in refusal.code:
            raise


async def chooses_again(visit: Visit) -> None:
    """Asks for the other option right after paying: that is packed, or the parcel was on its way."""
    bought, other = OFFERS[visit.mall].swaps
    order = await visit.place([(bought, 2)])
    await visit.pay(order)
    await _once(visit, order, lambda found: found["status"] != "pending_payment", "paid")
    changed = await visit.door.choose(order, order.lines[0]["line_id"], other, seconds=PATIENCE_SECONDS)
    (line,) = (await visit.door.look(order))["lines"]
    if line["sku"] != (other if changed else bought):
        raise Unexpected(f"order {order.number} is {line['sku']} though the customer was told {changed}")
    visit.later = _gets_what_it_says


async def confirms(visit: Visit) -> None:
    await visit.pay(await visit.place())
    visit.later = _confirms


async def sends_back(visit: Visit) -> None:
    await visit.pay(await visit.place())
    visit.later = _sends_back
    visit.end = "completed or returned"


async def exchanges(visit: Visit) -> None:
    await visit.pay(await visit.place())
    visit.later = _exchanges


async def changes_twice(visit: Visit) -> None:
    await visit.pay(await visit.place([(OFFERS[visit.mall].swaps[0], 1)]))
    visit.later = _changes_twice
    visit.end = "completed or returned"


async def rather_the_money(visit: Visit) -> None:
    await visit.pay(await visit.place([(OFFERS[visit.mall].swaps[0], 1)]))
    visit.later = _rather_the_money
    visit.end = "completed or returned"


async def _gets_what_it_says(visit: Visit) -> None:
    order = _order(visit)
    found = await _once(visit, order, lambda found: found["delivered_at"], "delivered")
    packed = {line["sku"] for parcel in await visit.door.parcels(order) for line in parcel["lines"]}
    if packed != {line["sku"] for line in found["lines"]}:
        raise Unexpected(f"order {order.number} says {found['lines'][0]['sku']} and {packed} was packed")


async def _confirms(visit: Visit) -> None:
    order = _order(visit)
    await _once(visit, order, lambda found: found["delivered_at"], "delivered")
    if (await visit.door.confirm(order))["status"] != "completed":
        raise Unexpected(f"order {order.number} was confirmed and is not completed")


async def _sends_back(visit: Visit) -> None:
    """One unit, because of a fault: its whole price comes back."""
    await _paid_back(visit, *await _claimed(visit, "return"))


async def _paid_back(visit: Visit, order: Order, settled: dict[str, Any]) -> None:
    back = settled["refund_amount"]["amount"]
    end = time.monotonic() + PATIENCE_SECONDS
    while (await visit.door.look_at_payment(order, visit.payment_id))["refunded"]["amount"] < back:
        if time.monotonic() > end:
            raise Unexpected(f"order {order.number}: {back} won did not come back")
        await asyncio.sleep(0.5)


async def _exchanges(visit: Visit) -> None:
    """One unit, for its like."""
    await _replaced(visit, *await _claimed(visit, "exchange"))


async def _changes_twice(visit: Visit) -> None:
    """One unit, for the other option; and that goes back for its money."""
    other = {"replacement_sku": OFFERS[visit.mall].swaps[1]}
    await _replaced(visit, *await _claimed(visit, "exchange", other))
    await _paid_back(visit, *await _claimed(visit, "return", {"sku": other["replacement_sku"]}))


async def _rather_the_money(visit: Visit) -> None:
    """One unit, for the other option; and what has not left of that for its money."""
    order, settled = await _claimed(visit, "exchange", {"replacement_sku": OFFERS[visit.mall].swaps[1]})
    await visit.desk.refund_instead(order, settled)

    def of(found: dict[str, Any]) -> dict[str, Any]:
        claims: list[dict[str, Any]] = found["claims"]
        return next(each for each in claims if each["claim_id"] == settled["claim_id"])

    def decided(found: dict[str, Any]) -> bool:
        stop = of(found)["replacement_stop"]
        return stop is None or stop["status"] != "requested"

    claim = of(await _once(visit, order, decided, "decided"))
    stop = claim["replacement_stop"]
    if stop is not None and stop["status"] == "accepted":
        await _paid_back(visit, order, claim)
    else:
        await _replaced(visit, order, claim)


async def _replaced(visit: Visit, order: Order, settled: dict[str, Any]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not any(
        parcel.get("claim_id") == settled["claim_id"] and parcel["status"] == "delivered"
        for parcel in await visit.door.parcels(order)
    ):
        if time.monotonic() > end:
            raise Unexpected(f"order {order.number}: the replacement did not arrive")
        await asyncio.sleep(0.5)


async def _claimed(visit: Visit, kind: str, which: dict[str, str] | None = None) -> tuple[Order, dict[str, Any]]:
    """The order and its claim of one unit, once that is settled. `which` names variants."""
    order = _order(visit)
    await _once(visit, order, lambda found: found["delivered_at"], "delivered")
    lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1} | (which or {})]
    claim = await visit.door.claim(order, kind, "defective", lines)
    await visit.desk.approve(order, claim)
    await visit.desk.take_back(visit.mall, claim)

    def of(found: dict[str, Any]) -> dict[str, Any]:
        claims: list[dict[str, Any]] = found["claims"]
        return next(each for each in claims if each["claim_id"] == claim["claim_id"])

    return order, of(await _once(visit, order, lambda found: of(found)["status"] == "completed", "settled"))


def _order(visit: Visit) -> Order:
    assert visit.order is not None
    return visit.order


async def _once(visit: Visit, order: Order, wanted: Any, what: str) -> dict[str, Any]:
    return await visit.door.wait_for(order, wanted, what, seconds=PATIENCE_SECONDS)
