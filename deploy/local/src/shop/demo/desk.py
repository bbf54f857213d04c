"""The mall's staff at work: offers before anybody comes, claims and goods that come back afterwards."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt

from common import ids
from common.clock import Clock
from shop import tokens
from shop.demo.door import Door, Order, Unexpected

_HEARSAY_SECONDS = 60.0


@dataclass(frozen=True)
class Offers:
    """What a mall offers for the demo: a set made of two of its goods, and codes that count in its carts only.

    `swaps` are two variants of one product at one price, to be exchanged for each other.
    """

    set_sku: str
    set_name: str
    parts: tuple[str, str]
    set_price: int
    gift: str
    swaps: tuple[str, str]


OFFERS = {
    "intake": Offers(
        "SET-MORNING", "아침 한 상 세트", ("GRANOLA-500", "OATS-7"), 26_000, "JERKY-60", ("SHAKE-CHOCO", "SHAKE-GRAIN")
    ),
    "livestore": Offers(
        "SET-DINNER", "저녁 한 상 세트", ("STEW-2", "BIBIMBAP-1"), 14_500, "PUFF-10", ("CHIPS-APPLE", "CHIPS-PEAR")
    ),
}
# The mall whose centre works returns by itself.
PULLED = "intake"
PERCENT_CODE, GIFT_CODE, MEMBER_CODE = "DEMO10", "DEMOGIFT", "DEMOMEMBER"


def member_headers(key: str, member_id: UUID, tier: str = "basic") -> dict[str, str]:
    """A customer who has signed in."""
    claims = {"sub": str(member_id), "typ": "member", "aud": "member", "tier": tier}
    expires = Clock().now() + timedelta(hours=1)
    return {"Authorization": f"Bearer {jwt.encode(claims | {'exp': expires}, key, algorithm='HS256')}"}


@dataclass
class Desk:
    """`key` signs the tokens of staff and members. Calls go through `door`, as patient as that is."""

    door: Door
    key: str
    _headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, *, key: str = "", **options: Any) -> Any:
        if not self._headers:
            self._headers = {"Authorization": f"Bearer {tokens.mint_staff(self.key, subject='demo-desk')}"}
        headers = self._headers | ({"Idempotency-Key": key or ids.new_id().hex} if method == "POST" else {})
        told = options | ({} if body is None else {"json": body})
        return await self.door.call(method, path, headers=headers, **told)

    async def prepare(self) -> None:
        """Offers of every mall. Safe to repeat. Returns once carts know them."""
        for mall, offers in OFFERS.items():
            await self._set(mall, offers)
            known = await self.call("GET", f"/v1/promotions?mall={mall}&status=active&limit=100")
            labels = {promotion["label"] for promotion in known["items"]}
            for code, promotion, coupon in _promotions(mall, offers):
                if promotion["label"] not in labels:
                    made = await self.call("POST", "/v1/promotions", promotion, key=f"demo-{mall}-{code}")
                    url, body = f"/v1/promotions/{made['id']}/coupons", {"label": code, "code": code, **coupon}
                    await self.call("POST", url, body, key=f"demo-{mall}-{code}-coupon", expect=(201, 409))

    async def approve(self, order: Order, claim: dict[str, Any]) -> None:
        await self.call("POST", f"/v1/orders/{order.id}/claims/{claim['claim_id']}/approve", {})

    async def refund_instead(self, order: Order, claim: dict[str, Any]) -> None:
        """What an exchange has not sent yet is to be paid back."""
        url = f"/v1/orders/{order.id}/claims/{claim['claim_id']}/refund-instead"
        await self.call("POST", url, {}, expect=(200, 202, 409))

    async def take_back(self, mall: str, claim: dict[str, Any]) -> None:
        """Returned goods are fetched, looked at, and all as good as new. One centre's job says so by itself; for the
        one whose API knows nothing of returns staff does.
        """
        if mall == PULLED:
            return
        url = f"/v1/logistics/return-requests/{claim['claim_id']}"
        await self._until_heard(url)
        number = f"{UUID(claim['claim_id']).int % 10**11:011d}"
        waybill = {"carrier": "lotte", "waybill": f"{number}{int(number) % 7}"}
        await self.call("POST", f"{url}/pick-up", waybill)
        lines = [{"line_id": line["line_id"], "resellable": line["quantity"]} for line in claim["lines"]]
        await self.call("POST", f"{url}/received", {"lines": lines})

    async def _until_heard(self, url: str) -> None:
        """scm hears of an approved claim in its own time."""
        end = time.monotonic() + _HEARSAY_SECONDS
        while "claim_id" not in (await self.call("GET", url, expect=(200, 404)) or {}):
            if time.monotonic() > end:
                raise Unexpected(f"{url} is not there after {_HEARSAY_SECONDS:.0f} s")
            await asyncio.sleep(0.3)

    async def _set(self, mall: str, offers: Offers) -> None:
        slug = offers.set_sku.lower()
        shown = await self.door.call("GET", f"/v1/products/{slug}?mall={mall}", expect=(200, 404))
        if "variants" not in shown:
            made = await self.call("POST", "/v1/products", _set_body(mall, offers), key=f"demo-{slug}")
            await self.call("POST", f"/v1/products/{made['id']}/publish", {})
        end = time.monotonic() + _HEARSAY_SECONDS
        cart_id, token = await self.door.fill_cart(mall, "pc", [])
        line, holder = {"sku": offers.set_sku, "quantity": 1}, {"X-Cart-Token": token}
        url = f"/v1/carts/{cart_id}/lines"
        while "lines" not in await self.door.call("POST", url, json=line, headers=holder, expect=(201, 422)):
            if time.monotonic() > end:
                raise Unexpected(f"carts do not know {offers.set_sku} after {_HEARSAY_SECONDS:.0f} s")
            await asyncio.sleep(0.3)


def _set_body(mall: str, offers: Offers) -> dict[str, Any]:
    price = {"amount": offers.set_price, "currency": "KRW"}
    parts = [{"sku": sku, "quantity": 1} for sku in offers.parts]
    variant = {"sku": offers.set_sku, "price": price, "parts": parts}
    return {"mall_id": mall, "slug": offers.set_sku.lower(), "name": offers.set_name, "variants": [variant]}


def _promotions(mall: str, offers: Offers) -> tuple[tuple[str, dict[str, Any], dict[str, Any]], ...]:
    """Code, promotion and what its coupon is limited to."""
    usual = {"mall_id": mall, "currency": "KRW", "status": "active", "needs_coupon": True}
    percent = {"label": "데모 10% 쿠폰", "benefit": {"kind": "percent_off", "basis_points": 1000}}
    gift = {"label": "데모 사은품", "benefit": {"kind": "gift", "sku": offers.gift}, "gift_stock": 100_000}
    amount = {"label": "데모 회원 쿠폰", "benefit": {"kind": "amount_off", "amount": 1000}, "members_only": True}
    return (
        (PERCENT_CODE, usual | percent, {}),
        (GIFT_CODE, usual | gift, {}),
        (MEMBER_CODE, usual | amount, {"per_member": 1}),
    )
