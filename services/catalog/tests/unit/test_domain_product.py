from dataclasses import replace
from datetime import timedelta

import pytest
from services.catalog.tests.builders import NOW, a_product, a_variant

from catalog.commands import ChangePrice
from catalog.domain import product
from catalog.domain.product import MAX_PICTURES, Changed, Picture, PriceMoved, Status, WentOnSale
from catalog.errors import PictureLimit, PriceInvalid, ProductInvalid, SkuNotFound
from common import ids

PUBLISHED = {"status": Status.PUBLISHED, "published_at": NOW - timedelta(days=1)}
HIDDEN = {"status": Status.HIDDEN, "published_at": NOW - timedelta(days=1)}


def price(amount=9_900, sku="GRANOLA-500", list_price=None, currency="KRW"):
    return ChangePrice(sku, amount, list_price, currency)


COMMANDS = {
    "publish": lambda p: product.publish(p, NOW),
    "hide": product.hide,
    "rename": lambda p: product.change(p, {"name": "꿀 그래놀라"}),
    "price": lambda p: product.change_price(p, price()),
    "picture": lambda p: product.add_picture(p, Picture(ids.new_id(), "pictures/1.jpg", "앞면")),
}
TABLE = [
    ({}, "publish", Status.PUBLISHED, [WentOnSale]),
    ({}, "hide", Status.DRAFT, []),
    ({}, "rename", Status.DRAFT, []),
    ({}, "price", Status.DRAFT, []),
    ({}, "picture", Status.DRAFT, []),
    (PUBLISHED, "publish", Status.PUBLISHED, []),
    (PUBLISHED, "hide", Status.HIDDEN, [Changed]),
    (PUBLISHED, "rename", Status.PUBLISHED, [Changed]),
    (PUBLISHED, "price", Status.PUBLISHED, [Changed, PriceMoved]),
    (PUBLISHED, "picture", Status.PUBLISHED, [Changed]),
    (HIDDEN, "publish", Status.PUBLISHED, [WentOnSale]),
    (HIDDEN, "hide", Status.HIDDEN, []),
    (HIDDEN, "rename", Status.HIDDEN, []),
    (HIDDEN, "price", Status.HIDDEN, []),
    (HIDDEN, "picture", Status.HIDDEN, []),
]


@pytest.mark.parametrize(("facts", "command", "status", "told"), TABLE)
def test_every_status_and_command(facts, command, status, told):
    decision = COMMANDS[command](a_product(**facts))
    assert decision.state.status is status
    assert [type(event) for event in decision.events] == told
    assert all(event.product == decision.state for event in decision.events)


def test_the_table_has_every_status_and_command():
    assert len(TABLE) == len(Status) * len(COMMANDS)


class TestPublish:
    def test_keeps_the_first_time_so_that_a_short_absence_makes_nothing_new(self):
        assert product.publish(a_product(**HIDDEN), NOW).state.published_at == HIDDEN["published_at"]
        assert product.publish(a_product(), NOW).state.published_at == NOW


class TestDraft:
    def test_needs_a_variant(self):
        with pytest.raises(ProductInvalid):
            product.draft(a_product(variants=()))

    def test_needs_an_address_that_is_not_taken_by_something_else(self):
        with pytest.raises(ProductInvalid):
            product.draft(a_product(slug="facets"))

    def test_needs_a_sku_of_its_own_for_every_variant(self):
        with pytest.raises(ProductInvalid):
            product.draft(a_product(variants=(a_variant("A"), a_variant("A"))))

    @pytest.mark.parametrize(("amount", "list_price"), [(-1, None), (100, 99)])
    def test_refuses_impossible_prices(self, amount, list_price):
        with pytest.raises(PriceInvalid):
            product.draft(a_product(variants=(a_variant(price=amount, list_price=list_price),)))


class TestChangePrice:
    def test_says_old_and_new(self):
        *_, moved = product.change_price(a_product(**PUBLISHED), price(9_900)).events
        assert (moved.sku, moved.old_price, moved.new_price) == ("GRANOLA-500", 12_900, 9_900)

    def test_a_new_list_price_alone_is_no_price_change(self):
        events = product.change_price(a_product(**PUBLISHED), price(12_900, list_price=15_900)).events
        assert [type(event) for event in events] == [Changed]

    def test_the_same_price_again_is_not_told(self):
        assert product.change_price(a_product(**PUBLISHED), price(12_900)).events == ()

    def test_refuses_another_currency_an_unknown_sku_and_a_list_price_below(self):
        for command, error in [
            (price(currency="USD"), PriceInvalid),
            (price(sku="NOPE"), SkuNotFound),
            (price(100, list_price=99), PriceInvalid),
        ]:
            with pytest.raises(error):
                product.change_price(a_product(), command)

    def test_leaves_the_other_variants_alone(self):
        two = a_product(variants=(a_variant("A", 100), a_variant("B", 200)))
        changed = product.change_price(two, price(50, sku="B")).state
        assert [variant.price for variant in changed.variants] == [100, 50]
        assert changed.lowest_price == 50


class TestAddPicture:
    def test_the_same_picture_twice_is_one(self):
        picture = Picture(ids.new_id(), "pictures/1.jpg", "앞면")
        once = product.add_picture(a_product(), picture).state
        assert product.add_picture(once, replace(picture, alt="뒤")).state == once

    def test_stops_at_the_limit(self):
        full = tuple(Picture(ids.new_id(), f"pictures/{n}.jpg", "") for n in range(MAX_PICTURES))
        with pytest.raises(PictureLimit):
            product.add_picture(a_product(pictures=full), Picture(ids.new_id(), "x", ""))
