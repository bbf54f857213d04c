"""Customers and providers who do things twice, late, in the wrong order, or take back what they did."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import urlsplit

import orjson
from tests.chaos.customers import Visit
from tests.chaos.load import Load
from tests.chaos.scenario import scenario
from tests.chaos.staff import MALL, rare_product
from tests.chaos.world import Broken, World

from common import ids
from contracts.topics import PAYMENTS
from shop.demo.people import person

_COPIES = 6
_CALLBACKS = ("PAYMENT_STATUS_CHANGED", "DEPOSIT_CALLBACK")
_CALLBACKS_ELSEWHERE = (("inicis", "deposit"), ("portone", "*"), ("portone_v1", "*"))
# How the other providers take money, look it up and give it back.
_ELSEWHERE = {
    "kakaopay": ("approve", "order", "cancel"),
    "inicis": ("pay_auth", "net_cancel", "refund"),
    "portone": ("get_payment", "cancel"),
    "portone_v1": ("get_payment", "cancel"),
}


@scenario(22, "duplicate_posts")
async def duplicate_posts(world: World, load: Load, rng: random.Random) -> None:
    """The same POST many times at once, and again after connections broke off: one order, one payment."""
    for broken in (0, 3):
        visit = load.visit("account")
        cart_id, cart_token = await visit.door.fill_cart(visit.mall, "pc", visit.wishes)
        order = _Repeated(world, load, "/v1/orders", _order(cart_id, visit), {"X-Cart-Token": cart_token})
        made = await order.send(_COPIES, broken)
        visit.order = await visit.door.place((cart_id, cart_token), person(visit.number), key=order.key)
        if {each["id"] for each in made} != {visit.order.id}:
            raise Broken(f"{_COPIES} copies of one request made {len({each['id'] for each in made})} orders")
        body = {"order_id": visit.order.id, "provider": "toss", "method": "virtual_account", "bank": "20"}
        opened = await _Repeated(world, load, "/v1/payments", body, {"X-Order-Token": visit.order.token}).send(
            _COPIES, broken
        )
        if len({each["id"] for each in opened}) != 1:
            raise Broken(f"{_COPIES} copies of one request opened {len({each['id'] for each in opened})} payments")
        visit.payment_id = opened[0]["id"]
        await visit.deposit(await visit.door.settled(visit.order, visit.payment_id, {"waiting_for_deposit"}))
        count = await world.database.fetchval("SELECT count(*) FROM orders.orders WHERE cart_id = $1::uuid", cart_id)
        if count != 1:
            raise Broken(f"cart {cart_id} made {count} orders")
    world.note(f"each POST {_COPIES} times at once, then with 3 broken connections before")


def _order(cart_id: str, visit: Visit) -> dict[str, Any]:
    who = person(visit.number)
    return {
        "cart_id": cart_id,
        "orderer": {"name": who["name"], "email": who["email"], "phone": who["phone"]},
        "ship_to": {
            "recipient": who["name"],
            "phone": who["phone"],
            "zonecode": who["zonecode"],
            "road_address": who["road_address"],
            "detail": who["detail"],
            "memo": "부재 시 문 앞에 놓아 주세요",
        },
    }


class _Repeated:
    """One POST, sent again and again under one Idempotency-Key."""

    def __init__(self, world: World, load: Load, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
        self._edge = world.instance.edge_url
        self._door = load.door()
        self._path = path
        self._body = orjson.dumps(body)
        self.key = ids.new_id().hex
        self._headers = headers | {"Idempotency-Key": self.key, "Content-Type": "application/json"}

    async def send(self, copies: int, broken: int) -> list[dict[str, Any]]:
        """First `broken` ones whose connection goes away, then `copies` at once. Their answers."""
        await asyncio.gather(*(self._break_off(number * 0.01) for number in range(broken)))
        calls = (self._door.call("POST", self._path, content=self._body, headers=self._headers) for _ in range(copies))
        return list(await asyncio.gather(*calls))

    async def _break_off(self, seconds: float) -> None:
        """Sends all of the request, and hangs up after `seconds` without reading the answer."""
        address = urlsplit(self._edge)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"POST {self._path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(self._body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        writer.write(head.encode() + b"\r\n" + self._body)
        await writer.drain()
        await asyncio.sleep(seconds)
        writer.transport.abort()


@scenario(34, "last_units")
async def last_units(world: World, load: Load, rng: random.Random) -> None:
    """Many customers want the last units at the same moment, and exactly so many get one."""
    units, buyers = rng.randint(3, 6), 18
    visits = await rush(world, load, units, buyers)
    got = sum(visit.order is not None for visit in visits)
    if got != units:
        raise Broken(f"{units} units made {got} orders; refused: {sorted({visit.refused for visit in visits})}")
    world.note(f"{buyers} customers wanted {units} units, {got} got one")


async def rush(world: World, load: Load, units: int, buyers: int) -> list[Visit]:
    """All want one unit of a new product that has `units`. Returns when each has ordered or was refused."""
    sku = await rare_product(world, units)
    visits = [load.visit("window", mall=MALL) for _ in range(buyers)]
    for visit in visits:
        visit.wishes = [(sku, 1)]
    await asyncio.gather(*(visit.come() for visit in visits))
    return visits


@scenario(29, "callbacks_misbehave")
async def callbacks_misbehave(world: World, load: Load, rng: random.Random) -> None:
    """Callbacks come twice, late, the last one first, not at all, and before our own transaction has committed."""
    kinds = [("duplicate_callbacks", 1.0), ("late_callbacks", 4.0), ("reorder_callbacks", 3.0), ("no_callbacks", None)]
    rng.shuffle(kinds)
    for kind, seconds in kinds:
        # Without any callback a deposit is only found when the account is due: that is not for this scenario.
        for operation in _CALLBACKS[: 1 if kind == "no_callbacks" else 2]:
            await world.misbehave("toss", operation, kind, count=3, seconds=seconds)
    for party, operation in _CALLBACKS_ELSEWHERE:
        for kind, seconds in rng.sample([one for one in kinds if one[1] is not None], k=2):
            await world.misbehave(party, operation, kind, count=2, seconds=seconds)
    world.box.arm("payments", "before_commit", count=10, do="sleep", seconds=1.5, topic=PAYMENTS)
    await load.orders(20, seconds=120)
    world.note(f"{', '.join(kind for kind, _ in kinds)}; ten commits of payments held back for 1.5 s")


@scenario(30, "deposit_after_cancel")
async def deposit_after_cancel(world: World, load: Load, rng: random.Random) -> None:
    """Money arrives in the account of an order that was cancelled: it goes back, the order stays cancelled."""
    for _ in range(2):
        visit = load.visit("account")
        order = await visit.place()
        account = await visit.ask_for_account(order)
        await asyncio.gather(visit.door.cancel(order, "too slow"), _pay_in(world, account, after=rng.uniform(0, 0.5)))
        visit.end = "cancelled"

        async def promised(payment_id: str = visit.payment_id) -> bool:
            query = "SELECT coalesce(sum(amount), 0) FROM payments.refunds WHERE payment_id = $1::uuid"
            return bool(await world.database.fetchval(query, payment_id) == order.total)  # noqa: B023 - awaited here

        await world.until(promised, "the deposit is promised back", seconds=60)
        await _name_account(visit, order.token)
    world.note("two orders cancelled while their deposits came in")


async def _pay_in(world: World, account: dict[str, Any], *, after: float) -> None:
    await asyncio.sleep(after)
    body = {"accountNumber": account["next_action"]["account_number"], "force": True}

    async def taken() -> bool:
        return (await world.http.post(f"{world.sandbox}/toss/_sandbox/deposit", json=body)).status_code == 200

    await world.until(taken, "the bank takes the deposit")


async def _name_account(visit: Visit, token: str) -> None:
    """The customer says where a deposit goes back to."""
    where = {"bank": "20", "account_number": "1002123456789", "holder_name": "데모"}
    path = f"/v1/payments/{visit.payment_id}/refund-account"
    await visit.door.call("POST", path, expect=(200, 204, 409), json=where, headers={"X-Order-Token": token})


@scenario(31, "deposit_reversed")
async def deposit_reversed(world: World, load: Load, rng: random.Random) -> None:
    """The bank takes a deposit back before the parcel is packed: nothing is sent and nothing is refunded."""
    (await world.http.post(f"{world.sandbox}/logistics/_sandbox/job/pause")).raise_for_status()
    try:
        visit = load.visit("account", mall="intake")
        order = await visit.place()
        account = await visit.ask_for_account(order)
        await visit.deposit(account)
        await visit.door.wait_for(order, lambda found: found["status"] == "paid", "paid")
        number = {"accountNumber": account["next_action"]["account_number"]}
        for _ in range(rng.randint(1, 2)):  # a bank may say it twice; the second is refused by the sandbox
            answer = await world.http.post(f"{world.sandbox}/toss/_sandbox/reverse", json=number)
        if answer.status_code not in {200, 409}:
            raise Broken(f"the bank answered {answer.status_code}")
        await visit.door.wait_for(order, lambda found: found["status"] == "cancelled", "cancelled")
        visit.end = "cancelled"
    finally:
        (await world.http.post(f"{world.sandbox}/logistics/_sandbox/job/resume")).raise_for_status()
    back = await world.database.fetchval(
        "SELECT coalesce(sum(amount), 0) FROM payments.refunds WHERE order_id = $1::uuid AND status <> 'void'", order.id
    )
    if back:
        raise Broken(f"{back} won of a deposit that the bank took back were refunded")
    world.note("a deposit taken back before packing")


@scenario(32, "provider_unknown")
async def provider_unknown(world: World, load: Load, rng: random.Random) -> None:
    """The payment providers time out, lose answers and fail: unknown outcomes are asked again, never guessed."""
    await world.misbehave("toss", "confirm", "timeout", count=1, seconds=6)
    for mode in rng.sample(("close", "http_500", "withhold"), k=3):
        await world.misbehave("toss", "confirm", "drop_after_effect", count=1, mode=mode)
    await world.misbehave("toss", "virtual_accounts", "drop_after_effect", count=2)
    await world.misbehave("toss", "get_payment", "http_500", count=2)
    await world.misbehave("toss", "get_order", "http_500", count=1)
    await world.misbehave("toss", "cancel", "drop_after_effect", count=2, mode=rng.choice(("close", "withhold")))
    for party, operations in _ELSEWHERE.items():
        for operation in operations:
            await world.misbehave(party, operation, "drop_after_effect", mode=rng.choice(("close", "http_500")))
    await load.orders(24, seconds=150)
    left = [each for each in (await world.http.get(f"{world.sandbox}/_sandbox/faults")).json() if each["remaining"]]
    world.note(f"every provider timed out or lost answers; {len(left)} of the faults wanted were left over")


@scenario(33, "messenger_fails")
async def messenger_fails(world: World, load: Load, rng: random.Random) -> None:
    """The messenger and the centre's API lose answers too: each text leaves once, each release is made once."""
    await world.misbehave("solapi", "send", "drop_after_effect", count=2, mode=rng.choice(("close", "withhold")))
    await world.misbehave("solapi", "send", "http_500", count=1)
    await world.misbehave("solapi", "report", "duplicate_callbacks", count=3, seconds=1)
    await world.misbehave("logistics", "fassto_release", "drop_after_effect", count=2)
    await world.misbehave("logistics", "job_waybill", "duplicate_callbacks", count=2, seconds=1)
    await load.orders(12, seconds=90)
    world.note("lost answers of the messenger and the centre, reports and waybills doubled")
