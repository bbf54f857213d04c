"""The kinds of customers: what each wants, and what must be true of it in the end.

They are patient like a good storefront: whatever breaks, they repeat the same request with the same Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from common import ids
from shop.demo.browser import Browser
from shop.demo.door import WAYS, Door, Order, Unexpected
from shop.demo.people import person

PATIENCE_SECONDS = 120.0
MALLS = ("intake", "livestore")
CHANNELS = ("pc", "mobile")
# What the scenarios trouble is Toss, so every second customer pays there.
_AT_TOSS = [method for provider, method in WAYS if provider == "toss" and method != "virtual_account"]
_ELSEWHERE = [way for way in WAYS if way[0] != "toss" and way[1] != "virtual_account"]
_BANKS = [provider for provider, method in WAYS if method == "virtual_account"]


class Refused(Exception):
    """The shop said no, clearly: a 4xx with a code. That is an end."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PatientDoor(Door):
    """Repeats what failed without an answer or with a 5xx, for `PATIENCE_SECONDS`; each POST always with its key."""

    async def call(self, method: str, path: str, *, expect: tuple[int, ...] = (200, 201), **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if method == "POST":
            headers.setdefault("Idempotency-Key", ids.new_id().hex)
        end = time.monotonic() + PATIENCE_SECONDS
        pause, last = 0.2, ""
        while time.monotonic() < end:
            try:
                answer = await self.http.request(method, f"{self.edge}{path}", headers=headers, **options)
            except httpx.HTTPError as error:
                last = repr(error)
            else:
                if answer.status_code in expect:
                    return answer.json() if answer.content else None
                last = f"{answer.status_code}: {answer.text[:300]}"
                if not _worth_repeating(answer):
                    raise Refused(_code(answer, f"{method} {path} answered {last}"))
            await asyncio.sleep(pause)
            pause = min(pause * 1.6, 3)
        raise Unexpected(f"{method} {path} got no answer in {PATIENCE_SECONDS:g} s, at last {last}")

    async def _open(self, order: Order, wish: dict[str, Any]) -> Any:
        """Waits for what to do next: the provider may not have said it yet. Raises Refused when it never will."""
        payment = await super()._open(order, wish)
        payment_id = str(payment["id"])
        action = payment["next_action"]
        if action and action["type"] != "wait":
            return payment
        return await self.settled(order, payment_id, _BEGUN)

    @property
    def browser(self) -> Browser:
        return replace(super().browser, patience=PATIENCE_SECONDS)

    async def account_of(self, order: Order, payment_id: str) -> dict[str, Any]:
        return await self.settled(order, payment_id, {"waiting_for_deposit"})

    async def settled(self, order: Order, payment_id: str, wanted: set[str]) -> dict[str, Any]:
        """The payment, once its status is one of `wanted`. Raises Refused when it has come to another end."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            payment = await self.look_at_payment(order, payment_id)
            if payment["status"] in wanted:
                return payment
            if payment["status"] not in _UNDECIDED:
                raise Refused(f"payment.{payment['status']}")
            await asyncio.sleep(0.5)
        raise Unexpected(f"payment {payment_id} is {payment['status']} after {PATIENCE_SECONDS:g} s")


_UNDECIDED = frozenset({"created", "open", "confirming", "unknown", "waiting_for_deposit"})
_BEGUN = {"open", "waiting_for_deposit"}
_TRIES = 3


def _worth_repeating(answer: httpx.Response) -> bool:
    return answer.status_code >= 500 or answer.status_code == 429 or "in_progress" in answer.text or (
        # An order being made by a request that was cut off holds the cart for a minute.
        "cart.busy" in answer.text
    )  # fmt: skip


def _code(answer: httpx.Response, otherwise: str) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError) as error:
        raise Unexpected(otherwise) from error


@dataclass
class Visit:
    """One customer. `end` is the order status it must come to; `refused` the code of a clear no instead."""

    number: int
    kind: str
    door: PatientDoor
    wishes: list[tuple[str, int]]
    mall: str
    order: Order | None = None
    payment_id: str = ""
    end: str = ""
    refused: str = ""
    wrong: list[str] = field(default_factory=list)

    async def come(self) -> None:
        """Shops until only waiting is left. Whatever is not a clear refusal is noted in `wrong`."""
        try:
            await KINDS[self.kind](self)
        except Refused as refusal:
            self.refused = refusal.code
            if refusal.code not in _FAIR:
                self.wrong.append(f"refused with {refusal.code}")
        except (Unexpected, httpx.HTTPError) as error:
            self.wrong.append(str(error) or repr(error))

    async def place(self) -> Order:
        choice = random.Random(self.number)
        cart = await self.door.fill_cart(self.mall, choice.choice(CHANNELS), self.wishes)
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
}
WEIGHTS = {"window": 8, "account": 5, "impatient": 2, "regrets": 2, "unpaid cancel": 1, "lets expire": 1}
