"""The kinds of customers, and how each gets from a cart to an end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from common import ids
from shop.demo.door import WAYS, Door, Order, Unexpected
from shop.demo.people import person

MALLS = ("intake", "livestore")
CHANNELS = ("pc", "mobile")


@dataclass
class Visit:
    """One customer's visit: who, what they want, and what came of it."""

    number: int
    kind: str
    door: Door
    order: Order | None = None
    end: str = ""

    async def place(self) -> Order:
        """Fills a cart and orders it."""
        choice = random.Random(self.number)  # noqa: S311 - the same customer wants the same things every time
        mall = MALLS[self.number % len(MALLS)]
        products = await self.door.products(mall)
        skus = [variant["sku"] for product in products for variant in product["variants"]]
        wishes = [(sku, choice.randint(1, 2)) for sku in choice.sample(skus, k=min(len(skus), choice.randint(1, 3)))]
        cart = await self.door.fill_cart(mall, choice.choice(CHANNELS), wishes)
        key = ids.new_id().hex
        self.order = await self.door.place(cart, person(self.number), key=key)
        if self.kind == "impatient":
            again = await self.door.place(cart, person(self.number), key=key)
            if again.id != self.order.id:
                raise Unexpected("a double click made two orders")
        return self.order

    async def until(self, status: str, *, seconds: float = 90) -> dict[str, Any]:
        assert self.order is not None
        order = await self.door.wait_for(self.order, lambda found: found["status"] == status, status, seconds=seconds)
        self.end = status
        return order


def pays(provider: str, method: str) -> Callable[[Visit], Awaitable[None]]:
    """Pays in the provider's window, or into the account it gives; the parcel arrives."""

    async def by_window(visit: Visit) -> None:
        await visit.door.pay_by_window(await visit.place(), method, provider)
        await visit.until("completed")

    async def by_account(visit: Visit) -> None:
        await visit.door.deposit(await visit.door.ask_for_account(await visit.place(), provider=provider))
        await visit.until("completed")

    return by_account if method == "virtual_account" else by_window


async def by_storefront(visit: Visit) -> None:
    """The storefront's own script confirms, as at malls that are one page."""
    await visit.door.pay_by_storefront(await visit.place(), "card")
    await visit.until("completed")


async def shops_around(visit: Visit) -> None:
    """Leaves one provider's window and pays at another."""
    order = await visit.place()
    await visit.door.pay_by_window(order, "easy_pay", "kakaopay", "quit")
    await visit.door.pay_by_window(order, "card", "inicis")
    await visit.until("completed")


async def regrets(visit: Visit) -> None:
    """Pays, cancels before it is shipped, and gets everything back."""
    order = await visit.place()
    payment_id = await visit.door.pay_by_window(order, "card", "portone")
    await visit.until("paid")
    await visit.door.cancel(order, "changed my mind")
    await visit.until("cancelled")
    await _refunded(visit, payment_id, order.total)
    visit.end = "cancelled, refunded"


async def changes_mind_unpaid(visit: Visit) -> None:
    order = await visit.place()
    await visit.door.cancel(order, "found it at home")
    await visit.until("cancelled")


async def lets_expire(visit: Visit) -> None:
    """Never pays into the account: it expires and the stock is free again."""
    account = await visit.door.ask_for_account(await visit.place())
    await visit.door.let_expire(account)
    await visit.until("cancelled")
    visit.end = "expired"


async def _refunded(visit: Visit, payment_id: str, amount: int) -> None:
    assert visit.order is not None
    for _ in range(200):
        payment = await visit.door.look_at_payment(visit.order, payment_id)
        if payment["refunded"]["amount"] == amount:
            return
        await asyncio.sleep(0.3)
    raise Unexpected(f"order {visit.order.number}: {amount} won did not come back")


_ORDINARY = {f"{provider} {method.replace('_', ' ')}": pays(provider, method) for provider, method in WAYS}
SPECIAL: dict[str, Callable[[Visit], Awaitable[None]]] = {
    "regrets": regrets,
    "lets expire": lets_expire,
    "unpaid cancel": changes_mind_unpaid,
    "impatient": by_storefront,
    "shops around": shops_around,
}
KINDS = _ORDINARY | SPECIAL


def cast(count: int) -> list[str]:
    """Which kinds come: at least one of each special one, the rest pays in every way there is, one after the other."""
    ordinary = list(_ORDINARY)
    rest = [ordinary[index % len(ordinary)] for index in range(max(0, count - len(SPECIAL)))]
    return [*rest[:3], *SPECIAL, *rest[3:]]
