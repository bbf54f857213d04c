"""One customer's visit."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from common import ids
from shop.demo.desk import Desk
from shop.demo.door import Door, Order, Unexpected
from shop.demo.people import person

MALLS = ("intake", "livestore")
CHANNELS = ("pc", "mobile")


@dataclass
class Visit:
    """Who comes, what they want, and what came of it. `desk` is the staff they meet."""

    number: int
    kind: str
    door: Door
    desk: Desk
    order: Order | None = None
    end: str = ""

    @property
    def mall(self) -> str:
        return MALLS[self.number % len(MALLS)]

    @property
    def channel(self) -> str:
        return CHANNELS[self.number // len(MALLS) % len(CHANNELS)]

    async def wishes(self) -> list[tuple[str, int]]:
        """The same customer wants the same things every time."""
        choice = random.Random(self.number)  # noqa: S311
        products = await self.door.products(self.mall)
        skus = [variant["sku"] for product in products for variant in product["variants"]]
        return [(sku, choice.randint(1, 2)) for sku in choice.sample(skus, k=min(len(skus), choice.randint(1, 3)))]

    async def place(self, wishes: list[tuple[str, int]] | None = None) -> Order:
        """Fills a cart and orders it."""
        return await self.order_cart(await self.door.fill_cart(self.mall, self.channel, wishes or await self.wishes()))

    async def order_cart(self, cart: tuple[str, str]) -> Order:
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
