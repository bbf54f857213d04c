"""Products of which only so many may be bought."""

import asyncio

import pytest
from services.cart.tests.builders import (
    a_claim_completed,
    a_product_published,
    a_replacement_stopped,
    a_variant,
    an_order_cancelled,
    an_order_placed,
    member_headers,
    refusal,
    staff_headers,
)

from common import ids
from contracts.products import Part

pytestmark = pytest.mark.integration

STAFF = staff_headers("promotions")
KIM = ids.new_id()


@pytest.fixture
async def product(shop):
    """A product with the SKUs MAT-1 and MAT-2."""
    product_id = ids.new_id()
    await shop.hears(a_product_published(a_variant("MAT-1", 1000), a_variant("MAT-2", 2000), product_id=product_id))
    return product_id


async def limits(shop, product, **body):
    answer = await shop.http.put(f"/v1/promotions/purchase-limits/{product}", json=body, headers=STAFF)
    assert answer.status_code == 200, answer.text


async def adds(shop, path, holder, sku="MAT-1", quantity=1):
    return await shop.http.post(f"{path}/lines", json={"sku": sku, "quantity": quantity}, headers=holder)


class TestPerOrder:
    async def test_counts_all_skus_of_the_product_together(self, shop, product):
        await limits(shop, product, max_per_order=3)
        path, holder = await shop.fills("MAT-1", 2)
        assert (await adds(shop, path, holder, "MAT-2")).status_code == 201
        refused = await adds(shop, path, holder, "MAT-2")
        assert refusal(refused) == (409, "cart.limit_exceeded")
        assert (refused.json()["max_quantity"], refused.json()["reason"]) == (3, "per_order")
        assert (await shop.freezes(path, holder)).status_code == 200

    async def test_set_later_stops_the_order_but_not_who_takes_out(self, shop, product):
        path, holder = await shop.fills("MAT-1", 5)
        await limits(shop, product, max_per_order=3)
        assert refusal(await shop.freezes(path, holder)) == (409, "cart.limit_exceeded")
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        fewer = await shop.http.patch(f"{path}/lines/{line}", json={"quantity": 4}, headers=holder)
        assert fewer.status_code == 200
        await shop.http.delete(f"/v1/promotions/purchase-limits/{product}", headers=STAFF)
        assert (await shop.freezes(path, holder)).status_code == 200


class TestSets:
    """BOX holds two of MAT-1 and one of MAT-2, which are one product."""

    @pytest.fixture
    async def box(self, shop, product):
        made = ids.new_id()
        parts = (Part(sku="MAT-1", quantity=2), Part(sku="MAT-2", quantity=1), Part(sku="NEVER-SOLD", quantity=1))
        variant = a_variant("BOX", 2500).model_copy(update={"parts": parts})
        await shop.hears(a_product_published(variant, product_id=made, slug="box"))
        return made

    async def test_what_is_inside_counts_with_what_lies_beside_it(self, shop, product, box):
        await limits(shop, product, max_per_order=4)
        path, holder = await shop.fills("BOX", 1)
        assert (await adds(shop, path, holder)).status_code == 201
        refused = await adds(shop, path, holder, "MAT-2")
        assert (refusal(refused), refused.json()["product_id"]) == ((409, "cart.limit_exceeded"), str(product))
        assert refusal(await adds(shop, path, holder, "BOX")) == (409, "cart.limit_exceeded")
        await limits(shop, product, max_per_order=3)
        assert refusal(await shop.freezes(path, holder)) == (409, "cart.limit_exceeded")

    async def test_a_members_units_are_taken_and_given_back_by_what_is_inside(self, shop, product, box):
        await limits(shop, product, max_per_member=6)
        order, line = await bought(shop, box, 2, sku="BOX", max_per_member=9)
        assert sorted(await shop.taken()) == [("purchase", 2, 2), ("purchase", 6, 6)]
        await shop.hears(an_order_cancelled(order, (line, 1), whole=False, cancel_id=ids.new_id()))
        assert sorted(await shop.taken()) == [("purchase", 1, 1), ("purchase", 3, 3)]


class TestPerMember:
    async def test_counts_all_orders_of_a_member_and_what_was_cancelled_no_more(self, shop, product):
        await limits(shop, product, max_per_member=2)
        guest = await shop.fills("MAT-1")
        refused = await shop.freezes(*guest)
        assert (refusal(refused), refused.json()["reason"]) == ((409, "cart.limit_exceeded"), "members_only")

        async def orders(quantity):
            body = {"mall_id": "intake", "channel": "pc"}
            made = (await shop.http.post("/v1/carts", json=body, headers=member_headers(KIM))).json()
            path = f"/v1/carts/{made['id']}"
            if not made["lines"]:
                await adds(shop, path, member_headers(KIM), "MAT-2", quantity)
            order = ids.new_id()
            return order, await shop.freezes(path, member_headers(KIM), order)

        order, answer = await orders(2)
        assert answer.status_code == 200
        await shop.hears(an_order_placed(order))
        _, refused = await orders(1)
        assert (refusal(refused), refused.json()["reason"]) == ((409, "cart.limit_exceeded"), "already_used")
        await shop.hears(an_order_cancelled(order))
        assert (await orders(1))[1].status_code == 200
        assert await shop.taken() == [("purchase", 1, 1)]


async def bought(shop, product, quantity=3, sku="MAT-1", **limit):
    """An order of it by the member; its id and the line's."""
    await limits(shop, product, **limit)
    made = await shop.http.post("/v1/carts", json={"mall_id": "intake", "channel": "pc"}, headers=member_headers(KIM))
    path = f"/v1/carts/{made.json()['id']}"
    await adds(shop, path, member_headers(KIM), sku, quantity)
    order = ids.new_id()
    frozen = await shop.freezes(path, member_headers(KIM), order)
    assert frozen.status_code == 200, frozen.text
    await shop.hears(an_order_placed(order))
    return order, frozen.json()["lines"][0]["line_id"]


class TestPartsGivenBack:
    async def test_units_that_are_cancelled_or_come_back_may_be_bought_again_once(self, shop, product):
        order, line = await bought(shop, product, max_per_member=3)
        cancel, claim = ids.new_id(), ids.new_id()
        for _ in range(2):
            await shop.hears(an_order_cancelled(order, (line, 1), whole=False, cancel_id=cancel))
        assert await shop.taken() == [("purchase", 2, 2)]
        for _ in range(2):
            await shop.hears(a_claim_completed(order, (line, 0, 1), claim_id=claim))
        assert await shop.taken() == [("purchase", 1, 1)]
        again, _ = await bought(shop, product, 2, max_per_member=3)
        assert await shop.taken() == [("purchase", 3, 3)]
        await shop.hears(an_order_cancelled(again))
        await shop.hears(a_claim_completed(order, (line, 1, 0), whole=True))
        assert await shop.taken() == [("purchase", 0, 0)]

    async def test_an_exchange_gives_nothing_back(self, shop, product):
        order, line = await bought(shop, product, max_per_member=3)
        await shop.hears(a_claim_completed(order, (line, 3, 0), kind="exchange"))
        assert await shop.taken() == [("purchase", 3, 3)]

    async def test_an_exchange_whose_replacement_is_not_sent_gives_back_what_was_not_once(self, shop, product):
        order, line = await bought(shop, product, max_per_member=3)
        await shop.hears(a_claim_completed(order, (line, 3, 0), kind="exchange"))
        stopped = a_replacement_stopped(order, (line, 2, 0))
        for _ in range(2):
            await shop.hears(stopped)
        assert await shop.taken() == [("purchase", 1, 1)]


class TestStaff:
    async def test_lists_and_refuses(self, shop, product):
        await limits(shop, product, max_per_order=3)
        seen = (await shop.http.get("/v1/promotions/purchase-limits?mall=intake", headers=STAFF)).json()
        assert seen["items"] == [{"product_id": str(product), "max_per_order": 3, "max_per_member": None}]
        url = "/v1/promotions/purchase-limits"
        unknown = await shop.http.put(f"{url}/{ids.new_id()}", json={"max_per_order": 1}, headers=STAFF)
        assert refusal(unknown) == (422, "product.unknown")
        nothing = await shop.http.put(f"{url}/{product}", json={}, headers=STAFF)
        assert refusal(nothing) == (422, "request.invalid")
        gone = await shop.http.delete(f"{url}/{ids.new_id()}", headers=STAFF)
        assert refusal(gone) == (404, "purchase_limit.not_found")


async def test_two_orders_of_one_member_at_once_do_not_pass_the_limit_together(shop, product, database):
    """The member's second cart of the mall does not exist, so the race is the first cart's with its own retry."""
    await limits(shop, product, max_per_member=2)
    body = {"mall_id": "intake", "channel": "pc"}
    made = (await shop.http.post("/v1/carts", json=body, headers=member_headers(KIM))).json()
    path = f"/v1/carts/{made['id']}"
    await adds(shop, path, member_headers(KIM), "MAT-1", 2)
    answers = await asyncio.gather(*(shop.freezes(path, member_headers(KIM)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await shop.taken() == [("purchase", 2, 2)]
