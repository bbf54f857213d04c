"""A customer as cheap as possible for the generator: raw JSON over kept-alive connections, no waiting in between."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import orjson

from common import ids

PRODUCTS_PER_CART = 2
_BUSY = frozenset({429, 503})
_TRIES, _PAUSE_SECONDS = 40, 0.25
_numbers = itertools.count(1)


class Refused(Exception):
    """The shop answered something else than a customer expects."""


@dataclass(frozen=True)
class Placed:
    """An order as its customer knows it."""

    id: str
    token: str


@dataclass
class Shopper:
    """One customer after another over one connection pool. `sandbox` is asked directly: it is not part of the shop."""

    http: aiohttp.ClientSession
    edge: str
    sandbox: str
    skus: list[str]
    choice: random.Random
    # How often the shop was too busy and asked to come again.
    refused: int = 0

    async def fill_cart(self) -> tuple[str, str]:
        """A new cart with two lines: its id and token."""
        cart = await self._post("/v1/carts", {"mall_id": "intake", "channel": "pc"})
        headers = {"X-Cart-Token": cart["token"]}
        for sku in self.choice.sample(self.skus, PRODUCTS_PER_CART):
            await self._post(f"/v1/carts/{cart['id']}/lines", {"sku": sku, "quantity": 1}, headers)
        return cart["id"], cart["token"]

    async def place(self, cart: tuple[str, str]) -> Placed:
        """Orders the cart."""
        headers = {"X-Cart-Token": cart[1], "Idempotency-Key": ids.new_id().hex}
        made = await self._post("/v1/orders", {"cart_id": cart[0], **_person(next(_numbers))}, headers)
        return Placed(made["id"], made["token"])

    async def pay(self, order: Placed) -> None:
        """By card: opens the payment, pays in the provider's window, comes back and confirms."""
        headers = {"X-Order-Token": order.token, "Idempotency-Key": ids.new_id().hex}
        wish = {"order_id": order.id, "provider": "toss", "method": "card", "return_url": f"{self.edge}/"}
        payment = await self._post("/v1/payments", wish, headers)
        window = dict(parse_qsl(urlsplit(payment["next_action"]["url"]).query))
        paid = await self._post("/toss/_sandbox/pay", window, base=self.sandbox)
        back = dict(parse_qsl(urlsplit(paid["redirect_url"]).query))
        proof = {"paymentKey": back["paymentKey"], "orderId": back["orderId"], "amount": int(back["amount"])}
        done = await self._post(f"/v1/payments/{payment['id']}/confirm", proof, {"X-Order-Token": order.token})
        if done["status"] != "confirmed":
            raise Refused(f"the payment is {done['status']}")

    async def check_out(self) -> Placed:
        """The whole way: cart, two lines, order, card payment confirmed."""
        order = await self.place(await self.fill_cart())
        await self.pay(order)
        return order

    async def _post(self, path: str, body: Any, headers: dict[str, str] | None = None, *, base: str = "") -> Any:
        """Comes again when the shop is too busy, as a storefront does: that time belongs to the checkout."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        for _ in range(_TRIES):
            async with self.http.post(f"{base or self.edge}{path}", data=orjson.dumps(body), headers=sent) as answer:
                content = await answer.read()
                status = answer.status
            if status in {200, 201}:
                return orjson.loads(content)
            if status not in _BUSY:
                break
            self.refused += 1
            await asyncio.sleep(_PAUSE_SECONDS)
        raise Refused(f"POST {path} answered {status}: {content[:300].decode(errors='replace')}")


def _person(number: int) -> dict[str, Any]:
    phone = f"010{number % 100_000_000:08d}"
    return {
        "orderer": {"name": "김벤치", "email": f"bench{number}@example.com", "phone": phone},
        "ship_to": {
            "recipient": "김벤치",
            "phone": phone,
            "zonecode": "06236",
            "road_address": "서울특별시 강남구 테헤란로 152",
            "detail": "3층",
        },
    }
