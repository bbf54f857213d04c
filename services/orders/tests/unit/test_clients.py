"""What orders makes of the answers of cart and catalog, whatever they are."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from services.orders.tests.builders import a_contact

from common import ids
from common.errors import UpstreamUnavailable
from orders.clients import HELD_OTHERWISE, HttpCart, HttpCatalog, Variant
from orders.clients.sets import HttpSets, SetPart
from orders.commands import PlaceOrder
from orders.domain import Promotion
from orders.errors import UpstreamRefused

CART, ORDER, LINE = ids.new_id(), ids.new_id(), ids.new_id()

QUOTE: dict[str, Any] = {
    "cart_id": str(CART),
    "mall_id": "intake",
    "channel": "pc",
    "currency": "KRW",
    "lines": [
        {
            "line_id": str(LINE),
            "sku": "A",
            "product_id": str(LINE),
            "product_name": "그래놀라",
            "variant_name": None,
            "category_ids": ["food"],
            "quantity": 2,
            "unit_price": 5500,
            "discount_amount": 0,
            "amount": 11000,
            "vat_amount": 1000,
            "tax_free_amount": 0,
            "a_new_field": 1,
        }
    ],
    "items_amount": 11000,
    "discount_amount": 0,
    "shipping_amount": 3300,
    "total_amount": 14300,
    "a_new_field": 1,
}


def answering(status: int, body: Any, seen: list[httpx.Request] | None = None) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return httpx.Response(status, content=content)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def problem(code: str, **fields: Any) -> dict[str, Any]:
    return {"type": "t", "title": "t", "status": 409, "code": code, "detail": "why", **fields}


def placing(token: str) -> PlaceOrder:
    return PlaceOrder(ORDER, CART, token, a_contact())


class TestCart:
    async def test_tells_where_it_goes_and_which_gifts_cannot_be_had(self):
        seen: list[httpx.Request] = []
        cart = HttpCart(answering(200, QUOTE, seen), "http://cart.test/")
        await cart.freeze(placing("t"))
        await cart.freeze(placing("t"), without_gifts={"B", "A"})
        first, second = (orjson.loads(asked.content) for asked in seen)
        assert first == {"order_id": str(ORDER), "ship_to_zonecode": "06236"}
        assert second == first | {"without_gifts": ["A", "B"]}

    async def test_reads_gifts_and_what_promotions_took_off_all_lines(self):
        off = {"promotion_id": str(CART), "label": "10% 할인", "amount": 500}
        line = QUOTE["lines"][0] | {"promotions": [off]}
        gift = line | {"line_id": str(ORDER), "kind": "gift", "gift_of": [str(LINE)], "unit_price": 0, "amount": 0}
        more = {
            "lines": [line, gift],
            "surcharge_amount": 3000,
            "shipping_discount_amount": 100,
            "free_shipping_from": 50000,
            "coupon_uses": [str(LINE)],
        }
        quote = await HttpCart(answering(200, QUOTE | more), "http://cart.test/").freeze(placing("t"))
        assert quote.promotions == (Promotion(str(CART), "10% 할인", 1000),)
        assert (quote.lines[1].kind, quote.lines[1].gift_of) == ("gift", (LINE,))
        assert (quote.surcharge_amount, quote.shipping_discount_amount, quote.coupon_uses) == (3000, 100, (LINE,))
        assert quote.free_shipping_from == 50000

    async def test_reads_the_quote_and_the_vat_of_shipping(self):
        seen: list[httpx.Request] = []
        quote = await HttpCart(answering(200, QUOTE, seen), "http://cart.test/").freeze(placing("secret"))
        (asked,) = seen
        assert str(asked.url) == f"http://cart.test/internal/carts/{CART}/freeze"
        assert (asked.headers["X-Cart-Token"], orjson.loads(asked.content)) == (
            "secret",
            {"order_id": str(ORDER), "ship_to_zonecode": "06236"},
        )
        assert (quote.total_amount, quote.shipping_vat_amount, quote.lines[0].category_ids) == (14300, 300, ("food",))
        quote.check()

    @pytest.mark.parametrize(
        ("status", "code"),
        [(404, "cart.not_found"), (409, "cart.empty"), (409, "cart.busy"), (409, "cart.line_unavailable")],
    )
    async def test_passes_refusals_on(self, status, code):
        with pytest.raises(UpstreamRefused) as refused:
            await HttpCart(answering(status, problem(code, lines=[1])), "http://c").freeze(placing("t"))
        assert (refused.value.code, refused.value.detail, refused.value.fields) == (code, "why", {"lines": [1]})

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, b""),
            (503, problem("service.draining")),
            (401, problem("auth.required")),
            (404, problem("resource.not_found")),
            (404, b"<html>"),
            (404, b"[]"),
            (200, b"<html>"),
            (200, {}),
            (200, QUOTE | {"total_amount": 14300.5}),
            (200, QUOTE | {"total_amount": "14300"}),
            (200, QUOTE | {"shipping_amount": -1}),
            (200, QUOTE | {"currency": "won"}),
            (302, b""),
        ],
    )
    async def test_anything_unclear_decides_nothing(self, status, body):
        with pytest.raises(UpstreamUnavailable):
            await HttpCart(answering(status, body), "http://c").freeze(placing("t"))

    async def test_a_silent_cart_decides_nothing(self):
        def silent(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("silence", request=request)

        http = httpx.AsyncClient(transport=httpx.MockTransport(silent))
        with pytest.raises(UpstreamUnavailable):
            await HttpCart(http, "http://c").freeze(placing("t"))

    async def test_lets_go_of_the_cart(self):
        seen: list[httpx.Request] = []
        await HttpCart(answering(204, b"", seen), "http://c").release(CART, ORDER)
        assert (seen[0].method, seen[0].url.path) == ("DELETE", f"/internal/carts/{CART}/freeze/{ORDER}")

    async def test_asks_what_a_place_costs(self):
        seen: list[httpx.Request] = []
        cart = HttpCart(answering(200, {"amount": 3000, "a_new_field": 1}, seen), "http://c")
        assert await cart.surcharge("intake", "63122", ORDER) == 3000
        assert (seen[0].method, seen[0].url.path) == ("GET", "/internal/surcharges/intake/63122")
        assert seen[0].url.params["order_id"] == str(ORDER)

    @pytest.mark.parametrize(
        ("status", "body"), [(200, {}), (200, {"amount": -1}), (200, {"amount": "3000"}), (404, {}), (500, b"")]
    )
    async def test_an_unclear_price_is_none(self, status, body):
        with pytest.raises(UpstreamUnavailable):
            await HttpCart(answering(status, body), "http://c").surcharge("intake", "63122", ORDER)


class TestCatalog:
    async def test_reserves_under_the_orders_name(self):
        seen: list[httpx.Request] = []
        await self._catalog(answering(200, {"status": "held"}, seen)).reserve(ORDER, "intake", {"A": 2, "B": 1})
        assert (seen[0].method, seen[0].url.path) == ("PUT", f"/internal/reservations/{ORDER}")
        assert orjson.loads(seen[0].content) == {
            "mall_id": "intake",
            "lines": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
            "expires_in_seconds": 1800,
        }

    async def test_passes_the_missing_lines_on(self):
        lines = [{"sku": "A", "wanted": 2, "available": 1}]
        http = answering(409, problem("stock.insufficient", lines=lines))
        with pytest.raises(UpstreamRefused) as refused:
            await self._catalog(http).reserve(ORDER, "intake", {"A": 2})
        assert (refused.value.kind, refused.value.fields) == ("conflict", {"lines": lines})

    @pytest.mark.parametrize("status", [201, 400, 401, 404, 500])
    async def test_anything_unclear_reserves_nothing(self, status):
        with pytest.raises(UpstreamUnavailable):
            await self._catalog(answering(status, {})).reserve(ORDER, "intake", {"A": 2})

    @pytest.mark.parametrize("status", [200, 204])
    async def test_releases(self, status):
        seen: list[httpx.Request] = []
        await self._catalog(answering(status, b"", seen)).release(ORDER)
        assert (seen[0].method, seen[0].url.path) == ("DELETE", f"/internal/reservations/{ORDER}")

    async def test_a_hold_for_longer_says_so_and_is_told_what_the_name_holds(self):
        seen: list[httpx.Request] = []
        await self._catalog(answering(200, {"status": "held"}, seen)).reserve(ORDER, "intake", {"A": 2}, seconds=86_400)
        assert orjson.loads(seen[0].content)["expires_in_seconds"] == 86_400
        differs = answering(409, {"code": HELD_OTHERWISE, "detail": "other lines"})
        with pytest.raises(UpstreamRefused) as refused:
            await self._catalog(differs).reserve(ORDER, "intake", {"A": 2}, seconds=86_400)
        assert refused.value.code == HELD_OTHERWISE
        with pytest.raises(UpstreamUnavailable):
            await self._catalog(differs).reserve(ORDER, "intake", {"A": 2})

    async def test_variants_with_their_names_and_prices(self):
        body = {"variants": [{"sku": "A", "name": "500 g", "price": {"amount": 5000}, "tax": "tax_free", "new": 1}]}
        assert await self._catalog(answering(200, body)).variants(LINE) == {"A": Variant("500 g", 5000, "tax_free")}
        assert await self._catalog(answering(404, {"code": "product.not_found"})).variants(LINE) == {}
        with pytest.raises(UpstreamUnavailable):
            await self._catalog(answering(200, {"variants": [{"sku": "A"}]})).variants(LINE)

    async def test_reads_variants_of_hidden_products_too(self):
        seen: list[httpx.Request] = []
        product = {"variants": [{"sku": "A", "name": "300 g", "price": {"amount": 900, "currency": "KRW"}}]}
        found = await self._catalog(answering(200, product, seen)).all_variants(ORDER)
        assert found == {"A": Variant("300 g", 900, "taxable")}
        assert seen[0].url.path == f"/internal/products/{ORDER}"
        assert await self._catalog(answering(404, problem("product.not_found"))).all_variants(ORDER) == {}

    def _catalog(self, http: httpx.AsyncClient) -> HttpCatalog:
        return HttpCatalog(http, "http://catalog.test", seconds=1800)


class TestSets:
    async def test_are_asked_for_once_each_and_not_too_many_together(self):
        seen: list[httpx.Request] = []
        body = {"items": [{"sku": "S", "parts": [{"sku": "A", "product_name": "귀리", "quantity": 2, "new": 1}]}]}
        http = answering(200, body, seen)
        found = await HttpSets(http, "http://catalog.test/").parts(["S", "S", *(f"N{number}" for number in range(100))])
        assert found == {"S": (SetPart(sku="A", product_name="귀리", quantity=2),)}
        assert [len(request.url.params.get_list("sku")) for request in seen] == [100, 1]

    @pytest.mark.parametrize(("status", "body"), [(500, b""), (401, b"{}"), (200, b"?"), (200, {"items": [{}]})])
    async def test_an_answer_that_is_none_is_told(self, status, body):
        with pytest.raises(UpstreamUnavailable):
            await HttpSets(answering(status, body), "http://catalog.test").parts(["S"])
