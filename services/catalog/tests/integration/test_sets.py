"""Sets: stock counted through their parts, over HTTP and from events, on real PostgreSQL."""

import asyncio

import pytest
from services.catalog.tests.asking import balanced, numbers, put
from services.catalog.tests.builders import a_mall, a_stored_product, order_cancelled, order_paid, order_placed, receive

from catalog import consumer, jobs
from common import ids
from common.testing import deliver, published
from contracts.products import ProductPublished
from contracts.stock import StockChanged

pytestmark = pytest.mark.integration


@pytest.fixture
async def gift(shelf):
    """Ten units each of A and B, and GIFT: two A and one B."""
    await a_stored_product(shelf, "GIFT", slug="gift", parts={"A": 2, "B": 1})
    return shelf


async def told_of(database, sku):
    return [each for each in await published(database) if isinstance(each, StockChanged) and each.sku == sku]


class TestReservations:
    async def test_the_whole_life_of_an_order_counts_the_parts(self, http, internal, gift):
        order_id = ids.new_id()
        assert (await put(http, internal, order_id, GIFT=2, A=1)).status_code == 200
        assert [await numbers(gift, sku) for sku in ("A", "B", "GIFT")] == [(10, 5, 0), (10, 2, 0), (0, 0, 0)]
        placed, paid = order_placed(order_id, GIFT=2, A=1), order_paid(order_id, GIFT=2, A=1)
        await deliver(gift, consumer.handlers(), placed, paid)
        assert [await numbers(gift, sku) for sku in ("A", "B")] == [(5, 0, 5), (8, 0, 2)]
        one = order_cancelled(order_id, was_paid=True, whole=False, GIFT=1)
        await deliver(gift, consumer.handlers(), one, one)
        await jobs.post_movements(gift)
        assert [await numbers(gift, sku) for sku in ("A", "B")] == [(7, 0, 3), (9, 0, 1)]
        assert await balanced(gift)

    async def test_a_release_gives_the_parts_back(self, http, internal, gift):
        order_id = ids.new_id()
        await put(http, internal, order_id, GIFT=5)
        await http.delete(f"/internal/reservations/{order_id}", headers=internal)
        assert [await numbers(gift, sku) for sku in ("A", "B")] == [(10, 0, 0), (10, 0, 0)]
        assert (await put(http, internal, order_id, GIFT=5)).status_code == 200
        assert await balanced(gift)

    async def test_a_set_and_its_part_are_refused_together_with_what_each_could_have(self, http, internal, gift):
        answer = await put(http, internal, ids.new_id(), GIFT=4, A=3)
        assert (answer.status_code, answer.json()["code"]) == (409, "stock.insufficient")
        assert answer.json()["lines"] == [
            {"sku": "GIFT", "wanted": 4, "available": 3},
            {"sku": "A", "wanted": 3, "available": 2},
        ]
        assert await numbers(gift, "A") == (10, 0, 0)

    async def test_sets_and_single_units_at_once_never_oversell(self, http, internal, gift):
        asks = [{"GIFT": 1} if number % 2 else {"A": 1, "B": 1} for number in range(24)]
        answers = await asyncio.gather(*(put(http, internal, ids.new_id(), **ask) for ask in asks))
        taken = [ask for ask, answer in zip(asks, answers, strict=True) if answer.status_code == 200]
        needs = sum(2 if "GIFT" in ask else 1 for ask in taken)
        on_hand, reserved, _ = await numbers(gift, "A")
        assert reserved == needs <= on_hand
        assert on_hand - reserved <= 1 or (await numbers(gift, "B"))[1] == 10
        assert await balanced(gift)

    async def test_a_set_of_another_malls_units_is_sold_in_its_own_mall_only(self, http, internal, shelf):
        """One thing on the shelf, sold in two malls at a price of each."""
        await a_mall(shelf, "livestore")
        await a_stored_product(shelf, "A-LIVE", mall_id="livestore", parts={"A": 1}, price=11_000)
        body = {"mall_id": "livestore", "lines": [{"sku": "A-LIVE", "quantity": 10}]}
        answer = await http.put(f"/internal/reservations/{ids.new_id()}", headers=internal, json=body)
        assert answer.status_code == 200
        assert (await put(http, internal, ids.new_id(), A=1)).status_code == 409
        foreign = await put(http, internal, ids.new_id(), **{"A-LIVE": 1})
        assert (foreign.status_code, foreign.json()["code"]) == (422, "sku.unknown")


class TestTelling:
    async def test_listeners_and_shoppers_see_what_can_be_put_together(self, http, staff, internal, gift):
        (new,) = [each for each in await published(gift) if isinstance(each, ProductPublished)]
        assert [(part.sku, part.quantity) for part in new.variants[0].parts] == [("A", 2), ("B", 1)]
        await published(gift, clear=True)
        assert [await jobs.tell_sets(gift) for _ in range(2)] == [1, 0]
        await put(http, internal, ids.new_id(), A=9)
        assert (await http.get("/v1/products/gift")).json()["variants"][0]["availability"] == "sold_out"
        assert [await jobs.tell_sets(gift) for _ in range(2)] == [1, 0]
        await receive(gift, A=2)
        await jobs.tell_sets(gift)
        told = await told_of(gift, "GIFT")
        assert [(each.reason, each.available) for each in told] == [("available", 5), ("sold_out", 0), ("restocked", 1)]
        stock = (await http.get("/v1/stock/GIFT", headers=staff)).json()
        assert (stock["on_hand"], stock["available"]) == (6, 1)

    async def test_units_are_received_by_part(self, http, staff, gift):
        body = {"reference": "r1", "items": [{"sku": "GIFT", "quantity": 1}]}
        answer = await http.post("/v1/stock/receipts", headers=staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "set.has_no_stock")


class TestPacking:
    async def test_services_learn_what_is_in_a_set_whether_it_is_on_sale_or_not(self, http, staff, internal, gift):
        gift_id = (await http.get("/v1/products/gift")).json()["id"]
        await http.post(f"/v1/products/{gift_id}/hide", headers=staff)
        answer = await http.get("/internal/sets?sku=GIFT&sku=A&sku=NOPE", headers=internal)
        (made,) = answer.json()["items"]
        assert made["sku"] == "GIFT"
        assert [(part["sku"], part["quantity"]) for part in made["parts"]] == [("A", 2), ("B", 1)]
        assert all(part["product_name"] for part in made["parts"])
        assert (await http.get("/internal/sets", headers=internal)).status_code == 422
        assert (await http.get("/internal/sets?sku=GIFT")).status_code == 401


class TestMaking:
    @pytest.mark.parametrize(
        ("parts", "code"),
        [
            ([{"sku": "NOPE", "quantity": 1}], "set.invalid"),
            ([{"sku": "GIFT", "quantity": 1}], "set.invalid"),
            ([{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 2}], "set.invalid"),
            ([{"sku": "A", "quantity": 0}], "request.invalid"),
        ],
    )
    async def test_refuses_parts_that_are_not_there_or_sets(self, http, staff, gift, parts, code):
        variant = {"sku": "NEW", "price": {"amount": 1, "currency": "KRW"}, "parts": parts}
        body = {"mall_id": "intake", "slug": "new", "name": "x", "variants": [variant]}
        answer = await http.post("/v1/products", headers=staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert (await http.get("/v1/stock/NEW", headers=staff)).status_code == 404

    async def test_is_tax_free_only_with_a_part_that_is(self, http, staff, gift):
        await a_stored_product(gift, "RICE", tax="tax_free")

        async def made(sku, *parts):
            variant = {"sku": sku, "price": {"amount": 1, "currency": "KRW"}, "tax": "tax_free"}
            variant["parts"] = [{"sku": part, "quantity": 1} for part in parts]
            body = {"mall_id": "intake", "slug": sku.lower(), "name": "세트", "variants": [variant]}
            return await http.post("/v1/products", headers=staff, json=body)

        refused = await made("S1", "A", "B")
        assert (refused.status_code, refused.json()["code"], refused.json()["skus"]) == (422, "set.invalid", ["S1"])
        assert (await made("S1", "A", "RICE")).status_code == 201

    async def test_a_variant_may_be_added_later(self, http, staff, gift):
        gift_id = (await http.get("/v1/products/gift")).json()["id"]
        variant = {
            "sku": "GIFT-XL",
            "name": "큰 것",
            "price": {"amount": 99_000, "currency": "KRW"},
            "parts": [{"sku": "B", "quantity": 3}],
        }
        answer = await http.post(f"/v1/products/{gift_id}/variants", headers=staff, json=variant)
        assert answer.status_code == 201, answer.text
        shown = (await http.get("/v1/products/gift")).json()["variants"]
        assert [(each["sku"], each["availability"]) for each in shown] == [("GIFT", "low"), ("GIFT-XL", "low")]
        again = await http.post(f"/v1/products/{gift_id}/variants", headers=staff, json=variant)
        assert again.status_code in {409, 422}
