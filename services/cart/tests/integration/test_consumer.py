"""The copy of the catalogue, seen through a cart."""

from datetime import timedelta

import pytest
from services.cart.tests.builders import (
    NOW,
    a_mall_changed,
    a_product_changed,
    a_product_published,
    a_stock_changed,
    a_variant,
    refusal,
)

from common import ids
from contracts.products import PriceChanged

pytestmark = pytest.mark.integration

LATER = NOW + timedelta(hours=1)


async def seen(shop, path, holder) -> dict:
    return (await shop.http.get(path, headers=holder)).json()["lines"][0]


@pytest.fixture
async def product(shop):
    """A product with the SKUs OAT-1 and OAT-2."""
    product_id = ids.new_id()
    await shop.hears(a_product_published(a_variant("OAT-1", 1000), a_variant("OAT-2", 2000), product_id=product_id))
    return product_id


class TestProducts:
    async def test_a_change_shows_in_every_open_cart(self, shop, product):
        path, holder = await shop.fills("OAT-1", 2)
        await shop.hears(
            a_product_changed(
                a_variant("OAT-1", 1500, name="1kg"), product_id=product, name="오트밀", occurred_at=LATER
            )
        )
        line = await seen(shop, path, holder)
        assert (line["product_name"], line["variant_name"]) == ("오트밀", "1kg")
        assert (line["unit_price"]["amount"], line["amount"]["amount"]) == (1500, 3000)

    async def test_a_hidden_product_is_flagged_and_costs_nothing(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        await shop.hears(a_product_changed(product_id=product, status="hidden", occurred_at=LATER))
        cart = (await shop.http.get(path, headers=holder)).json()
        assert cart["lines"][0]["available"] is False
        assert cart["total_amount"]["amount"] == 0

    async def test_a_product_that_comes_back_can_be_ordered_again(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        both = (a_variant("OAT-1", 1000), a_variant("OAT-2", 2000))
        await shop.hears(
            a_product_changed(*both, product_id=product, status="hidden"),
            a_product_published(*both, product_id=product),
        )
        assert (await seen(shop, path, holder))["available"] is True

    async def test_a_variant_no_longer_named_is_off_sale(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        await shop.hears(a_product_changed(a_variant("OAT-2", 2000), product_id=product, occurred_at=LATER))
        assert (await seen(shop, path, holder))["available"] is False

    async def test_an_event_whose_transaction_began_earlier_still_counts_when_it_comes_later(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        await shop.hears(
            a_product_changed(a_variant("OAT-1", 1100), product_id=product, occurred_at=LATER),
            a_product_changed(a_variant("OAT-1", 1200), product_id=product, occurred_at=LATER - timedelta(seconds=3)),
        )
        assert (await seen(shop, path, holder))["unit_price"]["amount"] == 1200

    async def test_a_dead_letter_replayed_long_after_changes_nothing(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        await shop.hears(
            a_product_changed(a_variant("OAT-1", 1100), product_id=product, occurred_at=LATER),
            a_product_changed(a_variant("OAT-1", 900), product_id=product, name="alt", occurred_at=NOW),
        )
        line = await seen(shop, path, holder)
        assert (line["unit_price"]["amount"], line["product_name"]) == (1100, "그래놀라")

    async def test_a_sku_moves_to_another_product_in_either_order_of_the_events(self, shop, product):
        other = ids.new_id()
        dropped = a_product_changed(a_variant("OAT-2", 2000), product_id=product, occurred_at=LATER)
        taken = a_product_published(a_variant("OAT-1", 700), product_id=other, name="새 오트밀", occurred_at=LATER)
        for order in ((dropped, taken), (taken, dropped)):
            await shop.hears(*order)
            line = await seen(shop, *await shop.fills("OAT-1"))
            assert (line["product_name"], line["unit_price"]["amount"]) == ("새 오트밀", 700)


class TestPrices:
    def changed(self, product, new_price, sku="OAT-1", occurred_at=LATER):
        return PriceChanged(
            product_id=product,
            mall_id="intake",
            sku=sku,
            currency="KRW",
            old_price=1000,
            new_price=new_price,
            occurred_at=occurred_at,
        )

    async def test_a_new_price_counts_at_once(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        await shop.hears(self.changed(product, 1234))
        assert (await seen(shop, path, holder))["unit_price"]["amount"] == 1234

    async def test_a_price_of_something_unknown_is_no_trouble(self, shop, product):
        await shop.hears(self.changed(product, 1, sku="NOT-YET"))
        path, holder = await shop.opens()
        answer = await shop.http.post(f"{path}/lines", json={"sku": "NOT-YET", "quantity": 1}, headers=holder)
        assert refusal(answer) == (422, "sku.unknown")

    async def test_a_price_replayed_long_after_changes_nothing(self, shop, product):
        path, holder = await shop.fills("OAT-1")
        await shop.hears(
            a_product_changed(a_variant("OAT-1", 1100), product_id=product, occurred_at=LATER),
            self.changed(product, 900, occurred_at=NOW),
        )
        assert (await seen(shop, path, holder))["unit_price"]["amount"] == 1100


class TestStock:
    async def test_sold_out_is_shown_until_there_is_some_again(self, shop):
        path, holder = await shop.fills()
        await shop.hears(a_stock_changed(available=0))
        assert (await seen(shop, path, holder))["sold_out"] is True
        await shop.hears(a_stock_changed(available=3_000_000_000, occurred_at=LATER))
        assert (await seen(shop, path, holder))["sold_out"] is False

    async def test_stock_may_be_heard_of_before_the_product(self, shop):
        await shop.hears(a_stock_changed("NEW-1"), a_product_published(a_variant("NEW-1")))
        assert (await seen(shop, *await shop.fills("NEW-1")))["sold_out"] is True


class TestMalls:
    async def test_a_mall_opens_with_its_event(self, shop):
        body = {"mall_id": "livestore", "channel": "pc"}
        assert refusal(await shop.http.post("/v1/carts", json=body)) == (422, "mall.unknown")
        await shop.hears(a_mall_changed("livestore"))
        assert (await shop.http.post("/v1/carts", json=body)).status_code == 201
