"""What each payment provider's own books say of the money, in one shape.

An entry of theirs is one try to pay. The tries of one payment of ours count together, each provider's by themselves:
a payment opened at one of them gets no money from another.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from shop.audit.outside.party import document
from shop.audit.places import Places

# Provider → what its books call the name that we gave the payment.
PROVIDERS: Mapping[str, str] = {
    "toss": "orderId",
    "kakaopay": "orderId",
    "inicis": "orderId",
    "portone": "paymentId",
    "portone_v1": "paymentId",
}
_REFUND, _REVERSAL, _NET_CANCEL = "refund", "reversal", "net_cancel"


@dataclass
class Money:
    """Of one payment, in won. `refunds`: the single amounts that went back."""

    taken: int = 0
    reversed: int = 0
    refunds: Counter[int] = field(default_factory=Counter)

    @property
    def balance(self) -> int:
        return self.taken - self.reversed - self.refunds_total

    @property
    def refunds_total(self) -> int:
        return sum(amount * times for amount, times in self.refunds.items())

    def moved(self, kind: str, amount: int) -> None:
        """Raises ValueError for money that goes back in a way nobody told of."""
        if amount >= 0 and kind not in (_REFUND, _REVERSAL, _NET_CANCEL):
            self.taken += amount
        elif amount < 0 and kind == _REFUND:
            self.refunds[-amount] += 1
        elif amount < 0 and kind == _REVERSAL:
            self.reversed -= amount
        elif amount < 0 and kind == _NET_CANCEL:
            # The shop never got to hear that it was taken.
            self.taken += amount
        else:
            raise ValueError(f"a movement of {amount} won called {kind}")


Till = dict[str, Money]


def name_of(provider: str, order_ref: str) -> str:
    """Of a payment among those of all providers. Ids may have lost their hyphens on the way."""
    try:
        return f"{provider} {UUID(order_ref)}"
    except ValueError:
        return f"{provider} {order_ref}"


def read(provider: str, entries: Iterable[Mapping[str, Any]]) -> Till:
    """Raises KeyError, TypeError and ValueError for books that are not as known."""
    found: Till = defaultdict(Money)
    for entry in entries:
        money = found[name_of(provider, entry[PROVIDERS[provider]])]
        for moved in entry["movements"]:
            money.moved(moved["kind"], moved["amount"])
    return dict(found)


async def books(http: httpx.AsyncClient, places: Places) -> Till:
    """Of all providers together, by `name_of`."""
    urls = (f"{places.sandbox}/{provider}/_sandbox/books" for provider in PROVIDERS)
    documents = await asyncio.gather(*(document(http, url) for url in urls))
    every: Till = {}
    for provider, found in zip(PROVIDERS, documents, strict=True):
        every |= read(provider, found["payments"])
    return every
