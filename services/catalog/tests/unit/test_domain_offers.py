from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.catalog.tests.builders import NOW, a_product, a_variant

from catalog.commands import ChangePrice, OpenPreorder, SetSale
from catalog.domain import product
from catalog.domain.product import Changed, PriceMoved, Status
from catalog.errors import PreorderInvalid, PriceInvalid, ProductInvalid, SkuNotFound

HOUR = timedelta(hours=1)
PUBLISHED = {"status": Status.PUBLISHED, "published_at": NOW - HOUR}
SKU = "GRANOLA-500"


def a_sale(price=9_900, starts_at=None, ends_at=None, currency="KRW", sku=SKU):
    return SetSale(sku, price, currency, starts_at, ends_at)


def moved(events):
    return [(event.old_price, event.new_price) for event in events if isinstance(event, PriceMoved)]


class TestSale:
    def test_starts_at_once_and_crosses_the_price_out(self):
        decision = product.set_sale(a_product(**PUBLISHED), a_sale(), NOW)
        (variant,) = decision.state.variants
        assert (variant.price, variant.crossed_out, decision.state.lowest_price) == (9_900, 12_900, 9_900)
        assert moved(decision.events) == [(12_900, 9_900)]

    def test_a_list_price_stays_the_crossed_out_one(self):
        cheap = a_product(variants=(a_variant(list_price=15_900),), **PUBLISHED)
        assert product.set_sale(cheap, a_sale(), NOW).state.variants[0].crossed_out == 15_900

    def test_starts_and_ends_at_its_moments_once(self):
        planned = product.set_sale(a_product(**PUBLISHED), a_sale(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR), NOW)
        assert planned.state.variants[0].price == 12_900
        assert moved(planned.events) == []
        assert product.turn_offers(planned.state, NOW).state == planned.state
        started = product.turn_offers(planned.state, NOW + HOUR)
        assert moved(started.events) == [(12_900, 9_900)]
        assert product.turn_offers(started.state, NOW + HOUR).events == ()
        ended = product.turn_offers(started.state, NOW + 2 * HOUR)
        assert moved(ended.events) == [(9_900, 12_900)]
        assert ended.state.variants[0].sale is None
        assert product.turn_offers(ended.state, NOW + 3 * HOUR).events == ()

    def test_a_sale_nobody_started_in_its_time_never_ran(self):
        planned = product.set_sale(a_product(**PUBLISHED), a_sale(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR), NOW)
        assert moved(product.turn_offers(planned.state, NOW + 3 * HOUR).events) == []

    def test_of_a_product_nobody_sees_nothing_is_told(self):
        assert product.set_sale(a_product(), a_sale(), NOW).events == ()

    @pytest.mark.parametrize(
        ("sale", "error"),
        [
            (a_sale(12_900), PriceInvalid),
            (a_sale(-1), PriceInvalid),
            (a_sale(currency="USD"), PriceInvalid),
            (a_sale(ends_at=NOW), PriceInvalid),
            (a_sale(starts_at=NOW + HOUR, ends_at=NOW + HOUR), PriceInvalid),
            (a_sale(starts_at=NOW - 2 * HOUR, ends_at=NOW - HOUR), PriceInvalid),
            (a_sale(sku="NOPE"), SkuNotFound),
        ],
    )
    def test_refuses_what_is_no_bargain(self, sale, error):
        with pytest.raises(error):
            product.set_sale(a_product(), sale, NOW)

    def test_the_price_may_change_during_it_but_not_below_it(self):
        on_sale = product.set_sale(a_product(**PUBLISHED), a_sale(), NOW).state
        raised = product.change_price(on_sale, ChangePrice(SKU, 13_900, None, "KRW"))
        assert [type(event) for event in raised.events] == [Changed]
        assert raised.state.variants[0].price == 9_900
        with pytest.raises(PriceInvalid):
            product.change_price(on_sale, ChangePrice(SKU, 9_900, None, "KRW"))

    @given(st.lists(st.integers(0, 8), max_size=8), st.integers(0, 8), st.integers(1, 8))
    def test_whenever_the_clock_is_read_the_price_told_last_is_the_price(self, readings, start, length):
        """The copy of a listener that knows only the events."""
        state = a_product(**PUBLISHED)
        known = state.variants[0].price
        sale = a_sale(starts_at=NOW + start * HOUR, ends_at=NOW + (start + length) * HOUR)
        decision = product.set_sale(state, sale, NOW)
        for reading in [None, *sorted(readings)]:
            if reading is not None:
                decision = product.turn_offers(decision.state, NOW + reading * HOUR)
                running = start <= reading < start + length
                assert decision.state.variants[0].price == (9_900 if running else 12_900)
            for old, new in moved(decision.events):
                assert old == known
                known = new
            assert known == decision.state.variants[0].price


class TestPreorder:
    def test_opens_and_ends_at_the_release(self):
        command = OpenPreorder(SKU, NOW + HOUR, 10)
        opened = product.open_preorder(a_product(**PUBLISHED), command, NOW).state
        assert opened.variants[0].preorder.limit == 10
        assert product.turn_offers(opened, NOW).state == opened
        assert product.turn_offers(opened, NOW + HOUR).state.variants[0].preorder is None
        assert product.close_preorder(opened, SKU).state.variants[0].preorder is None

    def test_refuses_one_that_is_over_and_one_of_a_set(self):
        with pytest.raises(PreorderInvalid):
            product.open_preorder(a_product(), OpenPreorder(SKU, NOW, 10), NOW)
        of_a_set = a_product(variants=(replace(a_variant(), parts=(("A", 1),)),))
        with pytest.raises(ProductInvalid):
            product.open_preorder(of_a_set, OpenPreorder(SKU, NOW + HOUR, 10), NOW)


class TestOptions:
    @pytest.mark.parametrize(
        "options",
        [
            [(("맛", "초코"),), (("맛", "초코"),)],
            [(("맛", "초코"),), ()],
            [(("맛", "초코"),), (("크기", "대"),)],
        ],
    )
    def test_refuses_variants_that_cannot_be_told_apart(self, options):
        variants = tuple(replace(a_variant(f"S{n}"), options=each) for n, each in enumerate(options))
        with pytest.raises(ProductInvalid):
            product.draft(a_product(variants=variants))
