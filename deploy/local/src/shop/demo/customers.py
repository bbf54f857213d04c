"""The kinds of customers, and how each gets from a cart to an end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shop.demo.afterwards import (
    chooses_again,
    confirms,
    exchanges,
    moves_house,
    rather_the_money,
    refunded,
    sends_all_back,
    sends_back,
    sends_back_the_other,
    takes_one_off,
)
from shop.demo.bargains import signs_in, uses_coupons
from shop.demo.door import WAYS
from shop.demo.visit import Visit


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
    """Pays, cancels, and gets everything back; unless the centre had begun with it."""
    order = await visit.place()
    payment_id = await visit.door.pay_by_window(order, "card", "portone")
    await visit.door.wait_for(order, lambda found: found["payment"] is not None, "paid")
    if not await visit.door.stop(order, "changed my mind"):
        await visit.until("completed")
        visit.end = "completed, too late to stop"
        return
    await visit.until("cancelled")
    await refunded(visit, payment_id, order.total)
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


_ORDINARY = {f"{provider} {method.replace('_', ' ')}": pays(provider, method) for provider, method in WAYS}
SPECIAL: dict[str, Callable[[Visit], Awaitable[None]]] = {
    "regrets": regrets,
    "lets expire": lets_expire,
    "unpaid cancel": changes_mind_unpaid,
    "impatient": by_storefront,
    "shops around": shops_around,
    "uses coupons": uses_coupons,
    "signs in": signs_in,
    "moves house": moves_house,
    "takes one off": takes_one_off,
    "chooses again": chooses_again,
    "sends back": sends_back,
    "sends all back": sends_all_back,
    "exchanges": exchanges,
    "sends back the other": sends_back_the_other,
    "rather the money": rather_the_money,
    "confirms": confirms,
}
KINDS = _ORDINARY | SPECIAL


def cast(count: int) -> list[str]:
    """Which kinds come: at least one of each special one, the rest pays in every way there is, one after the other."""
    ordinary = list(_ORDINARY)
    rest = [ordinary[index % len(ordinary)] for index in range(max(0, count - len(SPECIAL)))]
    return [*rest[:3], *SPECIAL, *rest[3:]]
