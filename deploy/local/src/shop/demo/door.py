"""What a browser would do: plain HTTP through the edge, with the guest's own tokens. Waits are bounded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from common import ids

# Longer than an Idempotency-Key is held by a request whose process died.
_PATIENCE_SECONDS = 60.0
_MOST_PAUSE_SECONDS = 3.0


class Unexpected(Exception):
    """The shop answered something a customer would complain about."""


@dataclass
class Order:
    """A guest's order, as the guest knows it."""

    id: str
    number: str
    token: str
    total: int
    lines: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Door:
    """One guest at the shop's door."""

    http: httpx.AsyncClient
    edge: str
    sandbox: str

    async def call(self, method: str, path: str, *, expect: tuple[int, ...] = (200, 201), **options: Any) -> Any:
        """Asks again while the shop is busy or away; raises `Unexpected` on any other answer than expected."""
        end, pause = time.monotonic() + _PATIENCE_SECONDS, 0.2
        while True:
            try:
                answer = await self.http.request(method, f"{self.edge}{path}", **options)
            except httpx.TransportError as error:
                busy, said = True, repr(error)
            else:
                if answer.status_code in expect:
                    return answer.json() if answer.content else None
                busy = answer.status_code >= 500 or answer.status_code == 429 or "in_progress" in answer.text
                said = f"answered {answer.status_code}: {answer.text[:300]}"
            if not busy or time.monotonic() > end:
                raise Unexpected(f"{method} {path}: {said}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MOST_PAUSE_SECONDS)

    async def products(self, mall: str) -> list[dict[str, Any]]:
        page = await self.call("GET", f"/v1/products?mall={mall}&limit=50")
        items: list[dict[str, Any]] = page["items"]
        return items

    async def fill_cart(self, mall: str, channel: str, wishes: list[tuple[str, int]]) -> tuple[str, str]:
        """A new cart with these SKUs and quantities. Returns its id and token."""
        cart = await self.call("POST", "/v1/carts", json={"mall_id": mall, "channel": channel})
        headers = {"X-Cart-Token": cart["token"]}
        for sku, quantity in wishes:
            line = {"sku": sku, "quantity": quantity}
            await self.call("POST", f"/v1/carts/{cart['id']}/lines", json=line, headers=headers)
        return cart["id"], cart["token"]

    async def place(self, cart: tuple[str, str], person: dict[str, str], *, key: str | None = None) -> Order:
        """Orders the cart. The same `key` again is the same order."""
        cart_id, cart_token = cart
        body = {
            "cart_id": cart_id,
            "orderer": {"name": person["name"], "email": person["email"], "phone": person["phone"]},
            "ship_to": {
                "recipient": person["name"],
                "phone": person["phone"],
                "zonecode": person["zonecode"],
                "road_address": person["road_address"],
                "detail": person["detail"],
                "memo": "부재 시 문 앞에 놓아 주세요",
            },
        }
        headers = {"X-Cart-Token": cart_token, "Idempotency-Key": key or ids.new_id().hex}
        made = await self.call("POST", "/v1/orders", json=body, headers=headers)
        return Order(made["id"], made["order_number"], made["token"], made["total_amount"]["amount"], made["lines"])

    async def pay_by_window(self, order: Order, method: str) -> str:
        """Opens the provider's window, pays there, and confirms as a browser's return does. Returns the payment id."""
        payment = await self._open(order, {"method": method, "return_url": f"{self.edge}/"})
        window = dict(parse_qsl(urlsplit(payment["next_action"]["url"]).query))
        paid = await self.http.post(f"{self.sandbox}/toss/_sandbox/pay", json=window)
        if paid.status_code != 200:
            raise Unexpected(f"the payment window answered {paid.status_code}: {paid.text[:300]}")
        back = dict(parse_qsl(urlsplit(paid.json()["redirect_url"]).query))
        confirmation = {"paymentKey": back["paymentKey"], "orderId": back["orderId"], "amount": int(back["amount"])}
        await self.call(
            "POST",
            f"/v1/payments/{payment['id']}/confirm",
            json=confirmation,
            headers={"X-Order-Token": order.token},
            expect=(200, 202),
        )
        return str(payment["id"])

    async def ask_for_account(self, order: Order, bank: str = "20") -> dict[str, Any]:
        """A virtual account to pay into."""
        payment: dict[str, Any] = await self._open(
            order, {"method": "virtual_account", "bank": bank, "depositor_name": "데모"}
        )
        return payment

    async def deposit(self, account: dict[str, Any]) -> None:
        """Pays the exact amount into the virtual account, at the bank."""
        number = account["next_action"]["account_number"]
        paid = await self.http.post(f"{self.sandbox}/toss/_sandbox/deposit", json={"accountNumber": number})
        if paid.status_code != 200:
            raise Unexpected(f"the bank answered {paid.status_code}: {paid.text[:300]}")

    async def let_expire(self, account: dict[str, Any]) -> None:
        """Lets the account's time run out at the bank."""
        number = account["next_action"]["account_number"]
        done = await self.http.post(f"{self.sandbox}/toss/_sandbox/expire", json={"accountNumber": number})
        if done.status_code != 200:
            raise Unexpected(f"the bank answered {done.status_code}: {done.text[:300]}")

    async def cancel(self, order: Order, reason: str, lines: list[dict[str, Any]] | None = None) -> None:
        body: dict[str, Any] = {"reason": reason} | ({"lines": lines} if lines else {})
        headers = {"X-Order-Token": order.token, "Idempotency-Key": ids.new_id().hex}
        await self.call("POST", f"/v1/orders/{order.id}/cancel", json=body, headers=headers, expect=(200, 202))

    async def look(self, order: Order) -> dict[str, Any]:
        found: dict[str, Any] = await self.call("GET", f"/v1/orders/{order.id}", headers={"X-Order-Token": order.token})
        return found

    async def look_at_payment(self, order: Order, payment_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.call(
            "GET", f"/v1/payments/{payment_id}", headers={"X-Order-Token": order.token}
        )
        return found

    async def wait_for(
        self, order: Order, wanted: Callable[[dict[str, Any]], bool], what: str, *, seconds: float = 60
    ) -> dict[str, Any]:
        """Looks at the order until it is as wanted."""
        end = time.monotonic() + seconds
        while True:
            found = await self.look(order)
            if wanted(found):
                return found
            if time.monotonic() > end:
                raise Unexpected(f"order {order.number} is {found['status']}, not {what}, after {seconds:.0f} s")
            await asyncio.sleep(0.3)

    async def _open(self, order: Order, wish: dict[str, Any]) -> Any:
        return await self.call(
            "POST",
            "/v1/payments",
            json={"order_id": order.id, "provider": "toss", **wish},
            headers={"X-Order-Token": order.token, "Idempotency-Key": ids.new_id().hex},
        )
