"""Customers whose order is not over with paying: it goes elsewhere, gets smaller, comes back, is exchanged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from shop.demo.desk import OFFERS
from shop.demo.door import Order, Unexpected
from shop.demo.people import person
from shop.demo.visit import Visit

_PATIENCE_SECONDS = 60.0
# A place that costs nothing more to send to.
_MAINLAND = 1


async def moves_house(visit: Visit) -> None:
    """Has it sent elsewhere before it leaves."""
    order = await visit.place()
    there = person(_MAINLAND)
    await visit.door.move(order, there)
    moved = await visit.door.wait_for(order, lambda found: not found["address_changes_pending"], "moved")
    if moved["ship_to"]["road_address"] != there["road_address"]:
        raise Unexpected(f"order {order.number} goes to the old address though nobody had begun with it")
    await visit.door.pay_by_window(order, "card")
    await visit.until("completed")
    visit.end = "completed, at the new address"


async def chooses_again(visit: Visit) -> None:
    """Would rather have the other taste, and says so before the parcel is packed."""
    bought, other = OFFERS[visit.mall].swaps
    order = await visit.place([(bought, 2)])
    await visit.door.pay_by_window(order, "card")
    await visit.door.wait_for(order, lambda found: found["payment"] is not None, "paid")
    changed = await visit.door.choose(order, order.lines[0]["line_id"], other)
    found = await visit.until("completed")
    packed = {line["sku"] for parcel in await visit.door.parcels(order) for line in parcel["lines"]}
    if {found["lines"][0]["sku"]} != packed or packed != {other if changed else bought}:
        raise Unexpected(f"order {order.number}: {packed} was packed though the customer was told {changed}")
    visit.end = "completed, the other option" if changed else "completed, too late for another option"


async def takes_one_off(visit: Visit) -> None:
    """Pays for two, keeps one, and gets the other's money back."""
    sku = OFFERS[visit.mall].parts[0]
    order = await visit.place([(sku, 2)])
    payment_id = await visit.door.pay_by_window(order, "card")
    await visit.door.wait_for(order, lambda found: found["payment"] is not None, "paid")
    one = [{"line_id": order.lines[0]["line_id"], "quantity": 1}]
    stopped = await visit.door.stop(order, "one is enough", one)
    if stopped:
        (cancel,) = (await visit.door.look(order))["cancels"]
        await refunded(visit, payment_id, cancel["refund_amount"]["amount"])
    await visit.until("completed")
    visit.end = "completed, one unit less" if stopped else "completed, too late to stop one"


async def sends_back(visit: Visit) -> None:
    """Changes their mind about one unit; its price comes back, less what the way back costs."""
    order = await visit.place([(OFFERS[visit.mall].parts[0], 2)])
    payment_id = await visit.door.pay_by_window(order, "card", "inicis")
    await visit.until("completed")
    lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1}]
    settled = await _settled(visit, await visit.door.claim(order, "return", "change_of_mind", lines))
    back = settled["refund_amount"]["amount"]
    if back + settled["fee_amount"]["amount"] != settled["lines"][0]["amount"]["amount"]:
        raise Unexpected(f"order {order.number}: {back} won and the fee are not the price of what came back")
    await refunded(visit, payment_id, back)
    visit.end = "one unit sent back, refunded"


async def sends_all_back(visit: Visit) -> None:
    """Nothing of it was any good: the whole money comes back, and the order is over."""
    order = await visit.place([(OFFERS[visit.mall].parts[0], 1)])
    payment_id = await visit.door.pay_by_window(order, "easy_pay", "kakaopay")
    await visit.until("completed")
    lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1}]
    await _settled(visit, await visit.door.claim(order, "return", "not_as_described", lines))
    await refunded(visit, payment_id, order.total)
    await visit.until("returned")
    visit.end = "returned, all refunded"


async def exchanges(visit: Visit) -> None:
    """Got a broken one: another comes, and nobody pays for it."""
    await _exchanged(visit)
    visit.end = "exchanged, the replacement arrived"


async def sends_back_the_other(visit: Visit) -> None:
    """What came in exchange is no better: it goes back, and the whole money is paid back."""
    order, payment_id = await _exchanged(visit)
    lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1, "sku": OFFERS[visit.mall].swaps[1]}]
    settled = await _settled(visit, await visit.door.claim(order, "return", "defective", lines))
    if settled["refund_amount"]["amount"] != order.total:
        raise Unexpected(f"order {order.number}: {settled['refund_amount']} is not all that was paid")
    await refunded(visit, payment_id, order.total)
    await visit.until("returned")
    visit.end = "exchanged, then returned, all refunded"


async def rather_the_money(visit: Visit) -> None:
    """The other one is not to be had after all: if it has not left yet, the money goes back instead."""
    bought, other = OFFERS[visit.mall].swaps
    order = await visit.place([(bought, 1)])
    payment_id = await visit.door.pay_by_window(order, "card")
    await visit.until("completed")
    lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1, "replacement_sku": other}]
    settled = await _settled(visit, await visit.door.claim(order, "exchange", "defective", lines))
    await visit.desk.refund_instead(order, settled)
    claim_id = settled["claim_id"]
    answered = await visit.door.wait_for(order, lambda found: not _stopping(found, claim_id), "stopped or sent")
    stop = _claim(answered, claim_id)["replacement_stop"]
    if stop is None or stop["status"] != "accepted":
        await _arrived(visit, order, claim_id)
        visit.end = "exchanged, too late for the money"
        return
    await refunded(visit, payment_id, order.total)
    await visit.until("returned")
    visit.end = "exchanged for nothing, all refunded"


async def _exchanged(visit: Visit) -> tuple[Order, str]:
    """One unit for one of the other option, which arrives. Returns the order and its payment's id."""
    bought, other = OFFERS[visit.mall].swaps
    order = await visit.place([(bought, 1)])
    payment_id = await visit.door.pay_by_window(order, "card", "portone")
    await visit.until("completed")
    lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1, "replacement_sku": other}]
    claim = await visit.door.claim(order, "exchange", "defective", lines)
    await _settled(visit, claim)
    await _arrived(visit, order, claim["claim_id"])
    return order, payment_id


async def confirms(visit: Visit) -> None:
    """Is content and says so; the clock may have said it before."""
    order = await visit.place()
    await visit.door.pay_by_window(order, "card", "portone_v1")
    await visit.door.wait_for(order, lambda found: found["delivered_at"], "delivered", seconds=90)
    confirmed = await visit.door.confirm(order)
    if confirmed["status"] != "completed":
        raise Unexpected(f"order {order.number} was confirmed and is {confirmed['status']}")
    visit.end = "completed, confirmed"


async def refunded(visit: Visit, payment_id: str, amount: int) -> None:
    assert visit.order is not None
    order = visit.order

    async def back() -> bool:
        payment = await visit.door.look_at_payment(order, payment_id)
        return bool(payment["refunded"]["amount"] == amount)

    await _until(back, f"order {order.number}: {amount} won did not come back")


async def _settled(visit: Visit, claim: dict[str, Any]) -> dict[str, Any]:
    """The claim, once staff has approved it and its goods were looked at."""
    assert visit.order is not None
    await visit.desk.approve(visit.order, claim)
    await visit.desk.take_back(visit.mall, claim)

    claim_id = claim["claim_id"]
    done = await visit.door.wait_for(
        visit.order, lambda found: _claim(found, claim_id)["status"] == "completed", "settled", seconds=90
    )
    return _claim(done, claim_id)


def _claim(order: dict[str, Any], claim_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in order["claims"] if each["claim_id"] == claim_id)
    return found


def _stopping(order: dict[str, Any], claim_id: str) -> bool:
    stop = _claim(order, claim_id)["replacement_stop"]
    return stop is not None and bool(stop["status"] == "requested")


async def _arrived(visit: Visit, order: Order, claim_id: str) -> None:
    async def there() -> bool:
        parcels = [each for each in await visit.door.parcels(order) if each.get("claim_id") == claim_id]
        return bool(parcels) and all(each["status"] == "delivered" for each in parcels)

    await _until(there, f"order {order.number}: the replacement did not arrive")


async def _until(question: Callable[[], Awaitable[bool]], complaint: str) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not await question():
        if time.monotonic() > end:
            raise Unexpected(complaint)
        await asyncio.sleep(0.3)
