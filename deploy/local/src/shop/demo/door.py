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
from shop.demo.browser import Browser
from shop.demo.complaint import Unexpected

__all__ = ["PAYS", "WAYS", "Door", "Order", "Unexpected"]

# Every provider and method that the mall offers.
WAYS: tuple[tuple[str, str], ...] = (
    ("toss", "card"),
    ("kakaopay", "easy_pay"),
    ("inicis", "card"),
    ("portone", "card"),
    ("portone_v1", "card"),
    ("toss", "virtual_account"),
    ("inicis", "virtual_account"),
    ("portone", "virtual_account"),
    ("portone_v1", "virtual_account"),
    ("toss", "easy_pay"),
    ("inicis", "easy_pay"),
    ("portone", "easy_pay"),
    ("portone_v1", "easy_pay"),
    ("toss", "transfer"),
    ("inicis", "transfer"),
    ("portone", "transfer"),
    ("portone_v1", "transfer"),
)
# The button of a provider's window that pays, where it is not called so.
PAYS = {"kakaopay": "money"}
# Longer than an Idempotency-Key is held by a request whose process died.
_PATIENCE_SECONDS = 60.0
_MOST_PAUSE_SECONDS = 3.0


@dataclass
class Order:
    """A guest's order, as the guest knows it."""

    id: str
    number: str
    token: str
    total: int
    lines: list[dict[str, Any]] = field(default_factory=list)


def address_of(person: dict[str, str]) -> dict[str, str]:
    names = ("phone", "zonecode", "road_address", "detail")
    where = {name: person[name] for name in names}
    return {"recipient": person["name"], **where, "memo": "부재 시 문 앞에 놓아 주세요"}


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

    async def use_coupon(self, cart: tuple[str, str], code: str) -> None:
        url, holder = f"/v1/carts/{cart[0]}/coupons", {"X-Cart-Token": cart[1]}
        await self.call("POST", url, json={"code": code}, headers=holder)

    async def look_into(self, cart: tuple[str, str], zonecode: str) -> dict[str, Any]:
        """The cart, and what it costs when it goes there."""
        url, holder = f"/v1/carts/{cart[0]}?zonecode={zonecode}", {"X-Cart-Token": cart[1]}
        priced: dict[str, Any] = await self.call("GET", url, headers=holder)
        return priced

    async def member_cart(self, mall: str, channel: str, member: dict[str, str], sku: str = "") -> tuple[str, str]:
        """The member's one cart of the mall, on whatever device; `sku` is put in. `member` are the headers of one."""
        cart = await self.call("POST", "/v1/carts", json={"mall_id": mall, "channel": channel}, headers=member)
        if sku:
            await self.call("POST", f"/v1/carts/{cart['id']}/lines", json={"sku": sku, "quantity": 1}, headers=member)
        return cart["id"], cart["token"]

    async def sign_in(self, guest: tuple[str, str], member: dict[str, str]) -> dict[str, Any]:
        """The guest's cart goes into the member's, which is returned."""
        headers = member | {"X-Cart-Token": guest[1]}
        merged: dict[str, Any] = await self.call("POST", f"/v1/carts/{guest[0]}/merge", headers=headers)
        return merged

    async def place(self, cart: tuple[str, str], person: dict[str, str], *, key: str | None = None) -> Order:
        """Orders the cart. The same `key` again is the same order."""
        cart_id, cart_token = cart
        body = {
            "cart_id": cart_id,
            "orderer": {"name": person["name"], "email": person["email"], "phone": person["phone"]},
            "ship_to": address_of(person),
        }
        headers = {"X-Cart-Token": cart_token, "Idempotency-Key": key or ids.new_id().hex}
        made = await self.call("POST", "/v1/orders", json=body, headers=headers)
        return Order(made["id"], made["order_number"], made["token"], made["total_amount"]["amount"], made["lines"])

    @property
    def browser(self) -> Browser:
        """Comes home to the storefront's page after payment."""
        return Browser(self.http, f"{self.edge}/paid")

    async def open_window(self, order: Order, method: str, provider: str = "toss") -> Any:
        """A payment whose window waits to be opened: `next_action` has its address."""
        wish = {"provider": provider, "method": method, "return_url": self.browser.home}
        return await self._open(order, wish)

    async def pay_by_window(self, order: Order, method: str, provider: str = "toss", choice: str = "") -> str:
        """Through the provider's window and back, pressing `choice` in it, or what pays. Returns the payment id."""
        payment = await self.open_window(order, method, provider)
        await self.browser.pay(payment["next_action"]["url"], choice or PAYS.get(provider, "pay"))
        return str(payment["id"])

    async def pay_by_storefront(self, order: Order, method: str) -> str:
        """At Toss, where the storefront's own script comes back from the window and confirms. The payment id."""
        payment = await self.open_window(order, method)
        window = dict(parse_qsl(urlsplit(payment["next_action"]["url"]).query))
        paid = await self._at("toss", "pay", window)
        back = dict(parse_qsl(urlsplit(paid["redirect_url"]).query))
        confirmation = {"paymentKey": back["paymentKey"], "orderId": back["orderId"], "amount": int(back["amount"])}
        await self.call(
            "POST",
            f"/v1/payments/{payment['id']}/confirm",
            json=confirmation,
            headers={"X-Order-Token": order.token},
            expect=(200, 202),
        )
        return str(payment["id"])

    async def ask_for_account(self, order: Order, bank: str = "20", provider: str = "toss") -> dict[str, Any]:
        """A virtual account to pay into: from Toss at once, from the others through their windows."""
        if provider != "toss":
            payment_id = await self.pay_by_window(order, "virtual_account", provider)
            return await self.account_of(order, payment_id)
        payment: dict[str, Any] = await self._open(
            order, {"method": "virtual_account", "bank": bank, "depositor_name": "데모"}
        )
        return payment

    async def account_of(self, order: Order, payment_id: str) -> dict[str, Any]:
        """Once it is issued."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            payment = await self.look_at_payment(order, payment_id)
            action = payment["next_action"]
            if action is not None and action["type"] == "deposit":
                return payment
            if time.monotonic() > end:
                raise Unexpected(f"payment {payment_id} is {payment['status']} and has no account")
            await asyncio.sleep(0.3)

    async def deposit(self, account: dict[str, Any]) -> None:
        """Pays the exact amount into the virtual account, at the bank."""
        await self._at(account["provider"], "deposit", {"accountNumber": account["next_action"]["account_number"]})

    async def let_expire(self, account: dict[str, Any]) -> None:
        """Lets the account's time run out at the bank."""
        await self._at(account["provider"], "expire", {"accountNumber": account["next_action"]["account_number"]})

    async def _at(self, provider: str, verb: str, body: dict[str, Any]) -> Any:
        """What the customer does at a provider, or at the bank behind it, without a window."""
        done = await self.http.post(f"{self.sandbox}/{provider}/_sandbox/{verb}", json=body)
        if done.status_code != 200:
            raise Unexpected(f"{verb} at {provider} answered {done.status_code}: {done.text[:300]}")
        return done.json()

    async def cancel(self, order: Order, reason: str, lines: list[dict[str, Any]] | None = None) -> None:
        body: dict[str, Any] = {"reason": reason} | ({"lines": lines} if lines else {})
        await self._about(order, "POST", "/cancel", body, expect=(200, 202))

    async def stop(self, order: Order, reason: str, lines: list[dict[str, Any]] | None = None) -> bool:
        """Asks for a cancel of a paid order. False: the centre had begun with it, or it was on its way."""
        body: dict[str, Any] = {"reason": reason} | ({"lines": lines} if lines else {})
        told = await self._about(order, "POST", "/cancel", body, expect=(202, 409))
        if "cancels" not in told:
            return False
        answered = await self.wait_for(order, lambda found: found["cancels"][0]["status"] != "requested", "answered")
        return bool(answered["cancels"][0]["status"] == "accepted")

    async def look(self, order: Order) -> dict[str, Any]:
        found: dict[str, Any] = await self._about(order, "GET", "")
        return found

    async def story(self, order: Order) -> list[str]:
        """The names of what happened to it."""
        return [entry["name"] for entry in (await self._about(order, "GET", "/history"))["items"]]

    async def parcels(self, order: Order) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._about(order, "GET", "/shipments"))["items"]
        return found

    async def move(self, order: Order, person: dict[str, str]) -> None:
        """Has it sent where this person lives."""
        await self._about(order, "POST", "/ship-to", address_of(person), expect=(202,))

    async def choose(self, order: Order, line_id: str, sku: str, *, seconds: float = 60) -> bool:
        """Asks for another option of a line of a paid order. False: the centre had begun with it."""
        told = await self._about(order, "POST", f"/lines/{line_id}/option", {"sku": sku}, expect=(202, 409))
        if "lines" not in told:
            return False

        def answer(found: dict[str, Any]) -> str:
            line = next(each for each in found["lines"] if each["line_id"] == line_id)
            return str(line["option_change"]["status"])

        told = await self.wait_for(order, lambda found: answer(found) != "requested", "answered", seconds=seconds)
        return answer(told) == "accepted"

    async def confirm(self, order: Order) -> dict[str, Any]:
        confirmed: dict[str, Any] = await self._about(order, "POST", "/confirm")
        return confirmed

    async def claim(self, order: Order, kind: str, reason: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """Asks for a return or an exchange."""
        asked = {"kind": kind, "reason": reason, "lines": lines}
        made: dict[str, Any] = await self._about(order, "POST", "/claims", asked)
        return made

    async def _about(self, order: Order, method: str, path: str, body: Any = None, **options: Any) -> Any:
        headers = {"X-Order-Token": order.token}
        if method == "POST":
            headers["Idempotency-Key"] = ids.new_id().hex
        told = options | ({} if body is None else {"json": body})
        return await self.call(method, f"/v1/orders/{order.id}{path}", headers=headers, **told)

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
