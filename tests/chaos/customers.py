"""The kinds of customers: what each wants, and what must be true of it in the end.

They are patient like a good storefront: whatever breaks, they repeat the same request with the same Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.chaos import afterwards
from tests.chaos.door import PATIENCE_SECONDS, PatientDoor, Refused

from common import ids
from shop.demo.desk import Desk
from shop.demo.door import WAYS, Order, Unexpected
from shop.demo.people import person
from shop.demo.visit import CHANNELS, MALLS

__all__ = ["KINDS", "MALLS", "PATIENCE_SECONDS", "WEIGHTS", "PatientDoor", "Refused", "Visit"]

# What the scenarios trouble is Toss, so every second customer pays there.
_AT_TOSS = [method for provider, method in WAYS if provider == "toss" and method != "virtual_account"]
_ELSEWHERE = [way for way in WAYS if way[0] != "toss" and way[1] != "virtual_account"]
_TRIES = 3
_BANKS = [provider for provider, method in WAYS if method == "virtual_account"]


@dataclass
class Visit:
    """One customer. `end` is the order status it must come to; `refused` the code of a clear no instead.

    `later` is what they do once the parcel is there: it needs no place in the shop.
    """

    number: int
    kind: str
    door: PatientDoor
    desk: Desk
    wishes: list[tuple[str, int]]
    mall: str
    order: Order | None = None
    payment_id: str = ""
    end: str = ""
    refused: str = ""
    wrong: list[str] = field(default_factory=list)
    later: Callable[[Visit], Awaitable[None]] | None = None

    async def come(self) -> None:
        """Shops until only waiting is left."""
        await self._noting(KINDS[self.kind])

    async def come_again(self) -> None:
        if self.later is not None:
            await self._noting(self.later)

    async def _noting(self, act: Callable[[Visit], Awaitable[None]]) -> None:
        """Whatever is not a clear refusal is noted in `wrong`."""
        try:
            await act(self)
        except Refused as refusal:
            self.refused = refusal.code
            if refusal.code not in _FAIR:
                self.wrong.append(f"refused with {refusal.code}")
        except (Unexpected, httpx.HTTPError) as error:
            self.wrong.append(str(error) or repr(error))

    async def place(self, wishes: list[tuple[str, int]] | None = None) -> Order:
        choice = random.Random(self.number)
        return await self.order_cart(
            await self.door.fill_cart(self.mall, choice.choice(CHANNELS), wishes or self.wishes)
        )

    async def order_cart(self, cart: tuple[str, str]) -> Order:
        key = ids.new_id().hex
        if self.kind != "impatient":
            self.order = await self.door.place(cart, person(self.number), key=key)
            return self.order
        both = await asyncio.gather(*(self.door.place(cart, person(self.number), key=key) for _ in range(2)))
        self.order = both[0]
        if both[0].id != both[1].id:
            raise Unexpected("a double click made two orders")
        return both[0]

    async def pay(self, order: Order) -> None:
        """In a provider's window; again when the provider said no."""
        for attempt in range(_TRIES):
            try:
                self.payment_id = await self._at_a_window(order)
                await self.door.settled(order, self.payment_id, PAID)
                break
            except Refused as refusal:
                if attempt == _TRIES - 1 or not refusal.code.startswith("payment."):
                    raise
                await asyncio.sleep(1)
        self.end = "completed"

    async def _at_a_window(self, order: Order) -> str:
        """Whose, the customer's number tells. At Toss some storefronts confirm by themselves."""
        turn, elsewhere = divmod(self.number, 2)
        if elsewhere:
            provider, method = _ELSEWHERE[turn % len(_ELSEWHERE)]
            return await self.door.pay_by_window(order, method, provider)
        method = _AT_TOSS[turn % len(_AT_TOSS)]
        if turn % 2:
            return await self.door.pay_by_storefront(order, method)
        return await self.door.pay_by_window(order, method)

    async def ask_for_account(self, order: Order, provider: str = "toss") -> dict[str, Any]:
        """A virtual account; another one when the provider said no."""
        for attempt in range(_TRIES):
            try:
                account = await self.door.ask_for_account(order, provider=provider)
            except Refused as refusal:
                if attempt == _TRIES - 1 or not refusal.code.startswith("payment."):
                    raise
                await asyncio.sleep(1)
            else:
                self.payment_id = account["id"]
                return account
        raise AssertionError("the last try returns or raises")

    async def deposit(self, account: dict[str, Any]) -> None:
        await self.door.deposit(account)
        self.end = "completed"


# What a customer can be told without anything being wrong.
_FAIR = frozenset({"stock.insufficient", "cart.line_unavailable"})
PAID = {"confirmed", "refunded", "partially_refunded"}


async def by_window(visit: Visit) -> None:
    await visit.pay(await visit.place())


async def by_account(visit: Visit) -> None:
    order = await visit.place()
    await visit.deposit(await visit.ask_for_account(order, _BANKS[visit.number % len(_BANKS)]))


async def regrets(visit: Visit) -> None:
    """Cancels right after paying: refunded, or told that the parcel is on its way."""
    order = await visit.place()
    await visit.pay(order)
    visit.end = "cancelled or completed"
    await visit.door.wait_for(
        order, lambda found: found["status"] != "pending_payment", "paid", seconds=PATIENCE_SECONDS
    )
    try:
        await visit.door.cancel(order, "changed my mind")
    except Refused as refusal:
        if "cancel" not in refusal.code and "order" not in refusal.code:
            raise


async def unpaid(visit: Visit) -> None:
    order = await visit.place()
    await visit.door.cancel(order, "found it at home")
    visit.end = "cancelled"


async def lets_expire(visit: Visit) -> None:
    account = await visit.ask_for_account(await visit.place())
    await visit.door.let_expire(account)
    visit.end = "cancelled"


KINDS: dict[str, Callable[[Visit], Awaitable[None]]] = {
    "window": by_window,
    "account": by_account,
    "impatient": by_window,
    "regrets": regrets,
    "unpaid cancel": unpaid,
    "lets expire": lets_expire,
    "uses coupons": afterwards.uses_coupons,
    "signs in": afterwards.signs_in,
    "moves house": afterwards.moves_house,
    "takes one off": afterwards.takes_one_off,
    "chooses again": afterwards.chooses_again,
    "confirms": afterwards.confirms,
    "sends back": afterwards.sends_back,
    "exchanges": afterwards.exchanges,
    "changes twice": afterwards.changes_twice,
    "rather the money": afterwards.rather_the_money,
}
WEIGHTS = {
    "window": 8,
    "account": 5,
    "impatient": 2,
    "regrets": 2,
    "unpaid cancel": 1,
    "lets expire": 1,
    "uses coupons": 2,
    "signs in": 1,
    "moves house": 1,
    "takes one off": 1,
    "chooses again": 2,
    "confirms": 1,
    "sends back": 2,
    "exchanges": 1,
    "changes twice": 1,
    "rather the money": 1,
}
