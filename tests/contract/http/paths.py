"""Customers, staff and a centre on any path through the shop, and books kept beside it that must agree with it.

What the customer sees of an order says what stands of it. From that alone, and from what was done here, follows what
the bank holds, what every shelf holds and how many gifts are out; and each of them is asked itself.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
from tests.contract.http.bought import (
    PRICES,
    Bought,
    check_price,
    due_back,
    first,
    misjudged,
    stopped,
    units,
    wanted,
)
from tests.contract.http.journey import MALL, Journey, fit_out
from tests.contract.http.shop import Shop

from common import ids
from shop.audit.promises import MESSAGES, PROMISES
from shop.demo.people import person

WISHES = ("OATS", "COCOA", "BAR", "PAIR")
SHELVES = ("OATS", "COCOA", "BAR", "CUP")
COUPONS = ("TENOFF", "FREECUP")
_PLENTY = 10_000_000
_SEOUL, _JEJU = 0, 4  # of `person`


@dataclass(frozen=True)
class Counted:
    """What others hold: units by shelf, won at the bank, gifts given."""

    on_hand: Counter[str]
    reserved: Counter[str]
    bank: int
    gifts: int


class Walk:
    """One walk from a shop at rest. Every step ends at rest again."""

    def __init__(self, shop: Shop, http: httpx.AsyncClient, gift_promotion: str) -> None:
        self.journey = Journey(shop, http)
        self.shop = shop
        self.gift_promotion = gift_promotion
        self.bought: list[Bought] = []
        self.before: Counted | None = None
        self.missed: Counter[str] = Counter()

    async def begin(self) -> None:
        await self.rest()
        self.before = await self._count()

    async def buy(self, wishes: list[tuple[str, int]], coupon: str | None, *, far: bool) -> Bought:
        """An order that waits for its money."""
        door = self.journey.door
        cart = await door.fill_cart(MALL, "pc", wishes)
        if coupon:
            await door.use_coupon(cart, coupon)
        order = await door.place(cart, person(_JEJU if far else _SEOUL))
        await self.rest()
        made = Bought(order, await door.look(order))
        self.bought.append(made)
        check_price(made, wishes, coupon, far=far)
        return made

    async def pay(self, one: Bought) -> None:
        one.payment_id = await self.journey.door.pay_by_storefront(one.order, "card")
        await self.rest()

    async def cancel(self, one: Bought, lines: list[tuple[str, int]] | None) -> None:
        """A refusal is an answer too: then nothing may have changed."""
        body: dict[str, Any] = {"reason": "마음이 바뀌었어요"}
        if lines:
            body["lines"] = [{"line_id": line_id, "quantity": count} for line_id, count in lines]
        before = wanted(one)
        await self._customer(one, "/cancel", body)
        one.short = self._miss(one.short, before - wanted(one))

    async def choose(self, one: Bought, line_id: str, sku: str) -> None:
        before = wanted(one)
        await self._customer(one, f"/lines/{line_id}/option", {"sku": sku})
        one.short = self._miss(one.short, before - wanted(one))

    async def centre(self, one: Bought, verb: str, *, part: bool = False) -> None:
        """`accept`, `waybill` or `delivered`; of a `part` only one unit leaves."""
        key = {"X-API-Key": self.shop.instance.secrets["logistics_api_key"]}
        query = f"/v1/logistics/shipment-requests?order_number={one.order.number}"
        for request in (await self.journey.call("GET", query, headers=key))["items"]:
            body: dict[str, Any] = {}
            if verb == "waybill":
                body = {"carrier": "lotte", "waybill": _waybill()}
                left = [line for line in request["lines"] if line["quantity"]]
                if part and left:
                    body["lines"] = [{"line_id": left[0]["line_id"], "quantity": 1}]
            await self._may_refuse("POST", f"/v1/logistics/shipment-requests/{request['id']}/{verb}", body, key)
        await self.rest()

    async def short(self, one: Bought, units: int, *, last: bool) -> None:
        """The centre has so many fewer than it is to pick, of the first SKU or from the `last` on; of the order and of
        what its exchanges send.
        """
        key = {"X-API-Key": self.shop.instance.secrets["logistics_api_key"]}
        query = f"/v1/logistics/shipment-requests?order_number={one.order.number}"
        for request in (await self.journey.call("GET", query, headers=key))["items"]:
            said = first(reversed(request["pick"]) if last else request["pick"], units)
            body = {"reason": "없음", "short": [{"sku": sku, "quantity": count} for sku, count in said.items()]}
            if not await self._may_refuse("POST", f"/v1/logistics/shipment-requests/{request['id']}/reject", body, key):
                continue
            if request["claim_id"] is None:
                one.rejected, one.short = True, said
            else:
                one.unsent[request["claim_id"]] = said
        await self.rest()

    async def reassign(self, one: Bought) -> None:
        """Staff asks the centre once more, which has found what it missed."""
        query = f"/v1/logistics/shipment-requests?order_number={one.order.number}"
        for request in (await self.journey.call("GET", query, headers=self._staff()))["items"]:
            path = f"/v1/logistics/shipment-requests/{request['id']}/reassign"
            done = await self._may_refuse("POST", path, {"centre": request["centre"]}, self._staff())
            if done and request["claim_id"] is None:
                one.rejected, one.short = False, Counter()
            elif done:
                one.unsent.pop(request["claim_id"], None)
        await self.rest()

    async def confirm(self, one: Bought) -> None:
        await self._customer(one, "/confirm", {})

    async def claim(self, one: Bought, kind: str, reason: str, lines: list[dict[str, Any]]) -> None:
        await self._customer(one, "/claims", {"kind": kind, "reason": reason, "lines": lines})

    async def decide(self, one: Bought, claim: dict[str, Any], verb: str) -> None:
        """`approve` or `reject` by staff, `withdraw` by the customer."""
        if verb == "withdraw":
            await self._customer(one, f"/claims/{claim['claim_id']}/withdraw", {})
            return
        bodies: dict[str, dict[str, Any]] = {"approve": {"fee_paid_by": "bank_transfer"}, "reject": {"reason": "used"}}
        path = f"/v1/orders/{one.order.id}/claims/{claim['claim_id']}/{verb}"
        await self._may_refuse("POST", path, bodies[verb], self._staff())
        await self.rest()

    async def refund_instead(self, one: Bought, claim: dict[str, Any]) -> None:
        """Staff gives up what an exchange has not sent."""
        name = claim["claim_id"]
        before = stopped(claim)
        path = f"/v1/orders/{one.order.id}/claims/{name}/refund-instead"
        await self._may_refuse("POST", path, {}, self._staff())
        await self.rest()
        gone = stopped(one.claim(name)) - before
        one.unsent[name] = self._miss(one.unsent.get(name, Counter()), gone)

    async def receive(self, one: Bought, claim: dict[str, Any], found: dict[str, tuple[int, int, int]]) -> None:
        """The centre found so many units resellable, damaged, missing, by line."""
        lines = [
            {"line_id": line_id, "resellable": good, "damaged": bad, "missing": gone}
            for line_id, (good, bad, gone) in found.items()
        ]
        path = f"/v1/logistics/return-requests/{claim['claim_id']}/received"
        await self._may_refuse("POST", path, {"lines": lines}, self._staff())
        await self.rest()

    async def rest(self) -> None:
        """Everything is heard, twice, and every job has done what was to be done."""
        for _ in range(3):
            await self.shop.hear(times=2)
            await self.shop.work("payments", "settle-payments", "refunds", "callbacks")
            await self.shop.work("catalog", "post-movements", "tell-sets", "follow-availability")
        await self.shop.hear(times=2)
        for one in self.bought:
            one.view = await self.journey.door.look(one.order)

    async def wrong(self) -> list[str]:
        """What does not balance."""
        assert self.before is not None
        now, before = await self._count(), self.before
        found = [
            f"{sku}: {what} {held} instead of {wanted}"
            for sku in SHELVES
            for what, held, wanted in (
                ("on hand", now.on_hand[sku] - before.on_hand[sku], -self._out()[sku] - self.missed[sku]),
                ("reserved", now.reserved[sku] - before.reserved[sku], self._held()[sku]),
            )
            if held != wanted
        ]
        if now.gifts - before.gifts != self._gifts():
            found.append(f"{now.gifts - before.gifts} gifts are out instead of {self._gifts()}")
        kept = sum(one.view["total_amount"]["amount"] - due_back(one) for one in self.bought if one.is_paid)
        if now.bank - before.bank != kept:
            found.append(f"the bank holds {now.bank - before.bank} won instead of {kept}")
        found += [what for one in self.bought for what in misjudged(one)]
        found += await self._audited()
        return found + await self.shop.unheard()

    def _miss(self, short: Counter[str], gone: Counter[str]) -> Counter[str]:
        """Of units that are not sent after all, those that the centre does not have come back to nobody. Returns what
        it misses of the others.
        """
        missed = short & gone
        self.missed += missed
        return short - missed

    def _out(self) -> Counter[str]:
        """Units that left the shelves for good, as the customers' views tell."""
        out: Counter[str] = Counter()
        for one in self.bought:
            if not one.is_paid:
                continue
            for line in one.view["lines"]:
                out.update(units(line["sku"], line["quantity"] - line["cancelled_quantity"]))
            for claim in one.view["claims"]:
                for line in claim["lines"]:
                    instead = line["replacement_sku"] or line["sku"]
                    if claim["kind"] == "exchange" and claim["status"] == "approved":
                        out.update(units(instead, line["quantity"]))
                    if claim["status"] == "completed":
                        out.subtract(units(line["sku"], line["resellable"]))
                        if claim["kind"] == "exchange":
                            out.update(units(instead, line["resellable"] + line["damaged"] - line["stopped"]))
        return out

    def _held(self) -> Counter[str]:
        """Units promised to orders that are not paid."""
        held: Counter[str] = Counter()
        for one in self.bought:
            if one.status == "pending_payment":
                for line in one.view["lines"]:
                    held.update(units(line["sku"], line["quantity"]))
        return held

    def _gifts(self) -> int:
        """A gift that came back damaged is no gift that can be given again."""
        out = 0
        for one in self.bought:
            for line in one.view["lines"]:
                if line["kind"] == "gift":
                    out += line["quantity"] - line["cancelled_quantity"]
            for claim in one.view["claims"]:
                gifts = {line["line_id"] for line in one.view["lines"] if line["kind"] == "gift"}
                came = [line for line in claim["lines"] if line["line_id"] in gifts]
                if claim["status"] == "completed" and claim["kind"] == "return":
                    out -= sum(line["resellable"] for line in came)
                out -= sum(min(line["resellable"], line["stopped"]) for line in came)
        return out

    async def _count(self) -> Counted:
        levels = {sku: await self.journey.staff("GET", f"/v1/stock/{sku}") for sku in SHELVES}
        books = (await self.journey.http.get(f"{self.shop.url('sandbox')}/sandbox/toss/_sandbox/books")).json()
        promotion = await self.journey.staff("GET", f"/v1/promotions/{self.gift_promotion}")
        return Counted(
            on_hand=Counter({sku: level["on_hand"] for sku, level in levels.items()}),
            reserved=Counter({sku: level["reserved"] for sku, level in levels.items()}),
            bank=books["totals"]["balance"],
            gifts=promotion["gifts_taken"],
        )

    async def _audited(self) -> list[str]:
        """What the auditor would find in the tables; nobody sends messages here."""
        found = []
        async with self.shop.databases["orders"].read() as connection:
            for check in set(PROMISES) - set(MESSAGES):
                rows = await connection.exec_driver_sql(check.query)
                if offenders := [str(row[0]) for row in rows]:
                    found.append(f"{check.kind}: {check.promise}: {', '.join(offenders[:3])}")
        return found

    async def _customer(self, one: Bought, path: str, body: dict[str, Any]) -> None:
        headers = {"X-Order-Token": one.order.token}
        await self._may_refuse("POST", f"/v1/orders/{one.order.id}{path}", body, headers)
        await self.rest()

    async def _may_refuse(self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> bool:
        """Whether it was done. Any answer that a caller may get; not one that says that the shop is broken."""
        url, key = f"{self.shop.url('edge')}{path}", {"Idempotency-Key": ids.new_id().hex}
        answer = await self.journey.http.request(method, url, json=body, headers=headers | key)
        assert answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.is_success

    def _staff(self) -> dict[str, str]:
        return self.shop.staff()


async def open_mall(shop: Shop, http: httpx.AsyncClient) -> str:
    """Goods, a set, two coupons. Returns the id of the promotion that gives the gift."""
    journey = Journey(shop, http)
    await fit_out(journey)
    for slug, skus in (("oats", ("OATS", "COCOA")), ("bar", ("BAR",)), ("cup", ("CUP",))):
        variants = [
            {"sku": sku, "price": {"amount": PRICES[sku], "currency": "KRW"}, "options": [{"name": "맛", "value": sku}]}
            for sku in skus
        ]
        body = {"mall_id": MALL, "slug": slug, "name": slug, "category_id": "grain", "variants": variants}
        made = await journey.staff("POST", "/v1/products", body)
        if slug == "oats":
            pair = {
                "sku": "PAIR",
                "price": {"amount": PRICES["PAIR"], "currency": "KRW"},
                "options": [{"name": "맛", "value": "둘"}],
            }
            parts = [{"sku": "OATS", "quantity": 2}]
            await journey.staff("POST", f"/v1/products/{made['id']}/variants", pair | {"parts": parts})
        receipt = {"items": [{"sku": sku, "quantity": _PLENTY} for sku in skus], "reference": slug}
        await journey.staff("POST", "/v1/stock/receipts", receipt)
        await journey.staff("POST", f"/v1/products/{made['id']}/publish")
    fee = {"fee": {"amount": 3000, "currency": "KRW"}, "free_from": {"amount": 30_000, "currency": "KRW"}}
    await journey.staff("PUT", f"/v1/shipping-rules/{MALL}", fee)
    ranges = [{"first": "63000", "last": "63644", "label": "제주", "fee": 3000}]
    await journey.staff("PUT", f"/v1/shipping-rules/{MALL}/surcharges", {"currency": "KRW", "ranges": ranges})
    for _ in range(3):
        await shop.work("catalog", "post-movements", "tell-sets", "follow-availability", "prepare-bodies")
        await shop.hear()
    usual = {"mall_id": MALL, "currency": "KRW", "status": "active", "needs_coupon": True}
    await _coupon(journey, usual | {"label": "10%", "benefit": {"kind": "percent_off", "basis_points": 1000}}, "TENOFF")
    gift = usual | {"label": "컵", "benefit": {"kind": "gift", "sku": "CUP"}, "gift_stock": 1_000_000}
    promotion = await _coupon(journey, gift, "FREECUP")
    await shop.hear()
    return promotion


async def _coupon(journey: Journey, promotion: dict[str, Any], code: str) -> str:
    made = await journey.staff("POST", "/v1/promotions", promotion)
    await journey.staff("POST", f"/v1/promotions/{made['id']}/coupons", {"label": code, "code": code})
    return str(made["id"])


def _waybill() -> str:
    number = f"{ids.new_id().int % 10**11:011d}"
    return f"{number}{int(number) % 7}"
