"""Cart and catalog as orders meets them, in memory, keeping the promises that placing relies on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

import httpx
import jwt
from services.orders.tests.builders import a_body, a_quote

from common import ids
from common.errors import UpstreamUnavailable
from orders.clients import HELD_OTHERWISE, Variant
from orders.clients.sets import SetPart
from orders.commands import PlaceOrder
from orders.domain import Quote
from orders.errors import UpstreamRefused

TOKEN_KEY = "test-token-key-of-orders"
STAFF_KEY = "test-staff-key-that-is-long-enough-for-hs256"
INTERNAL_KEY = "test-internal-key"
CART_TOKEN = "cart-token"


class FakeCart:
    """`carts` are the quotes it would give; a frozen one never changes. `down` answers nothing."""

    def __init__(self) -> None:
        self.carts: dict[UUID, Quote] = {}
        self.frozen: dict[UUID, Quote] = {}
        self.held_by: dict[UUID, UUID] = {}
        self.surcharges: dict[str, int] = {}
        self.far_places_free: set[UUID] = set()
        self.down = False

    def fill(self, quote: Quote | None = None) -> Quote:
        made = quote or a_quote()
        self.carts[made.cart_id] = made
        return made

    async def freeze(self, wanted: PlaceOrder, *, without_gifts: Collection[str] = ()) -> Quote:
        cart_id, order_id, cart_token = wanted.cart_id, wanted.order_id, wanted.cart_token
        if self.down:
            raise UpstreamUnavailable("cart does not answer", service="cart")
        if cart_id not in self.carts or cart_token != CART_TOKEN:
            raise UpstreamRefused("cart.not_found", "not_found", "there is no such cart")
        if self.held_by.get(cart_id, order_id) != order_id:
            raise UpstreamRefused("cart.busy", "conflict", "another order is being placed")
        self.held_by[cart_id] = order_id
        quote = self.frozen.setdefault(order_id, self.carts[cart_id])
        kept = tuple(line for line in quote.lines if line.kind == "item" or line.sku not in without_gifts)
        self.frozen[order_id] = replace(quote, lines=kept)
        return self.frozen[order_id]

    async def release(self, cart_id: UUID, order_id: UUID) -> None:
        if self.held_by.get(cart_id) == order_id:
            del self.held_by[cart_id]

    async def surcharge(self, mall_id: str, zonecode: str, order_id: UUID) -> int:
        if self.down:
            raise UpstreamUnavailable("cart does not answer", service="cart")
        if order_id in self.far_places_free:
            return 0
        return self.surcharges.get(zonecode, 0)


class FakeCatalog:
    """`stock` of None is endless. A reservation is named by its order, so asking twice reserves once."""

    def __init__(self) -> None:
        self.price_of: dict[str, int] = {}
        self.tax_of: dict[str, str] = {}
        self.stock: dict[str, int] | None = None
        self.reserved: dict[UUID, dict[str, int]] = {}
        self.asked = 0
        self.down = False

    async def reserve(
        self, order_id: UUID, mall_id: str, units: Mapping[str, int], *, seconds: int | None = None
    ) -> None:
        self.asked += 1
        if self.down:
            raise UpstreamUnavailable("catalog does not answer", service="catalog")
        if (held := self.reserved.get(order_id)) == units:
            return
        if held is not None and seconds:
            raise UpstreamRefused(HELD_OTHERWISE, "conflict", "the order holds other lines already")
        if self.stock is not None:
            short = [
                {"sku": sku, "wanted": wanted, "available": self.stock.get(sku, 0)}
                for sku, wanted in units.items()
                if wanted > self.stock.get(sku, 0)
            ]
            if short:
                raise UpstreamRefused("stock.insufficient", "conflict", "not enough stock", lines=short)
            for sku, wanted in units.items():
                self.stock[sku] -= wanted
        self.reserved[order_id] = dict(units)

    async def release(self, order_id: UUID) -> None:
        units = self.reserved.pop(order_id, {})
        if self.stock is not None:
            for sku, wanted in units.items():
                self.stock[sku] += wanted

    async def all_variants(self, product_id: UUID) -> dict[str, Variant]:
        if self.down:
            raise UpstreamUnavailable("catalog does not answer", service="catalog")
        return {
            sku: Variant(f"옵션 {sku}", price, self.tax_of.get(sku, "taxable")) for sku, price in self.price_of.items()
        }

    async def variants(self, product_id: UUID) -> dict[str, Variant]:
        return await self.all_variants(product_id)


class FakeSets:
    """`made_of`: a set's SKU to what is in it."""

    def __init__(self) -> None:
        self.made_of: dict[str, tuple[SetPart, ...]] = {}
        self.down = False

    async def parts(self, skus: Iterable[str]) -> dict[str, tuple[SetPart, ...]]:
        if self.down:
            raise UpstreamUnavailable("catalog does not answer", service="catalog")
        return {sku: self.made_of[sku] for sku in skus if sku in self.made_of}


def staff(*roles: str) -> dict[str, str]:
    """The header of a signed-in member of staff."""
    claims = {"sub": "ji-won", "typ": "staff", "roles": list(roles), "exp": 4_102_444_800}
    return {"Authorization": f"Bearer {jwt.encode(claims, STAFF_KEY, algorithm='HS256')}"}


async def post_order(
    http: httpx.AsyncClient, cart_id: UUID, /, *, key: str | None = None, token: str = CART_TOKEN, **changes: object
) -> httpx.Response:
    headers = {"Idempotency-Key": key or str(ids.new_id()), "X-Cart-Token": token}
    return await http.post("/v1/orders", json=a_body(cart_id, **changes), headers=headers)
