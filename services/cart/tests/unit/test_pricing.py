from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.cart.tests.builders import NOW, a_line, an_item, an_offer, the_default_shipping, the_rules

from cart.domain.pricing import price
from cart.domain.promotions.model import AmountOff, Scope
from cart.domain.quote import Adjustment
from cart.errors import ShippingRuleMissing
from common.money import vat_included

_HOUR = timedelta(hours=1)


def quoted(*wanted: tuple[int, int], rules=None, **item_changes):
    """The quote of lines given as (unit price, quantity)."""
    lines = [a_line(f"S{index}", quantity) for index, (_, quantity) in enumerate(wanted)]
    goods = {f"S{index}": an_item(f"S{index}", unit, **item_changes) for index, (unit, _) in enumerate(wanted)}
    return price(lines, goods, rules or the_rules(), NOW)


class TestLines:
    def test_a_line_costs_its_unit_price_times_its_quantity(self):
        quote = quoted((12900, 2), (100, 3))
        assert [line.amount for line in quote.lines] == [25800, 300]
        assert quote.items_amount == 26100
        assert quote.total_amount == 26100 + 3000

    def test_vat_is_one_eleventh_of_a_taxable_line_and_nothing_of_a_tax_free_one(self):
        lines = [a_line("TAX", 1), a_line("FREE", 2)]
        goods = {"TAX": an_item("TAX", 30000), "FREE": an_item("FREE", 5000, tax_free=True)}
        taxed, free = price(lines, goods, the_rules(), NOW).lines
        assert (taxed.vat_amount, taxed.tax_free_amount) == (2727, 0)
        assert (free.vat_amount, free.tax_free_amount) == (0, 10000)

    def test_a_line_off_sale_is_shown_at_its_price_and_costs_nothing(self):
        lines = [a_line("ON", 1), a_line("OFF", 2)]
        goods = {"ON": an_item("ON", 1000), "OFF": an_item("OFF", 900, on_sale=False)}
        quote = price(lines, goods, the_rules(), NOW)
        off = quote.lines[1]
        assert (off.available, off.unit_price, off.amount, off.vat_amount) == (False, 900, 0, 0)
        assert quote.items_amount == 1000

    def test_a_line_nobody_knows_any_more_costs_nothing(self):
        quote = price([a_line("GONE", 1)], {}, the_rules(), NOW)
        assert (quote.lines[0].available, quote.total_amount) == (False, 0)

    def test_a_price_in_another_currency_is_never_added(self):
        quote = quoted((1290, 1), currency="USD")
        assert (quote.lines[0].available, quote.total_amount) == (False, 0)

    def test_a_sold_out_line_keeps_its_price_because_the_reservation_decides(self):
        quote = quoted((12900, 1), sold_out=True)
        assert (quote.lines[0].available, quote.items_amount) == (True, 12900)


class TestShipping:
    def test_an_empty_cart_ships_nothing(self):
        quote = price([], {}, the_rules(), NOW)
        assert (quote.total_amount, quote.adjustments) == (0, ())

    def test_a_cart_of_nothing_but_lines_off_sale_ships_nothing(self):
        assert quoted((12900, 1), on_sale=False).shipping_amount == 0

    @pytest.mark.parametrize(
        ("goods", "shipping"), [(49999, 3000), (50000, 0), (50001, 0), (1, 3000)], ids=["below", "at", "above", "least"]
    )
    def test_is_free_from_the_threshold_on(self, goods, shipping):
        assert quoted((goods, 1)).shipping_amount == shipping

    def test_a_threshold_of_zero_is_always_free(self):
        rules = the_rules(shipping=(the_default_shipping(free_from=0),))
        assert quoted((1, 1), rules=rules).shipping_amount == 0

    def test_without_a_threshold_is_never_free(self):
        rules = the_rules(shipping=(the_default_shipping(free_from=None),))
        assert quoted((1_000_000, 9), rules=rules).shipping_amount == 3000

    def test_the_threshold_looks_at_goods_after_discounts(self):
        assert quoted((50000, 1), rules=the_rules(offers=(an_offer(AmountOff(1)),))).shipping_amount == 3000

    def test_lines_off_sale_do_not_help_over_the_threshold(self):
        lines = [a_line("ON", 1), a_line("OFF", 1)]
        goods = {"ON": an_item("ON", 40000), "OFF": an_item("OFF", 40000, on_sale=False)}
        assert price(lines, goods, the_rules(), NOW).shipping_amount == 3000

    def test_a_free_delivery_shows_what_was_spared(self):
        assert quoted((50000, 1)).adjustments == (
            Adjustment("shipping", "shipping.fee", "배송비", 3000),
            Adjustment("shipping", "shipping.free", "배송비", -3000, threshold=50000),
        )
        assert (quoted((50000, 1)).free_shipping_from, quoted((49999, 1)).free_shipping_from) == (50000, 0)

    def test_the_rule_that_began_last_rules_and_the_default_only_without_one(self):
        old = the_default_shipping(fee=2500, valid_from=NOW - 2 * _HOUR)
        new = the_default_shipping(fee=4000, valid_from=NOW)
        later = the_default_shipping(fee=9000, valid_from=NOW + _HOUR)
        assert quoted((100, 1), rules=the_rules(shipping=(new, old, later))).shipping_amount == 4000
        assert quoted((100, 1), rules=the_rules(shipping=(later,))).shipping_amount == 3000

    def test_a_rule_ends_at_its_end(self):
        ended = the_default_shipping(fee=9000, valid_from=NOW - _HOUR, valid_to=NOW)
        assert quoted((100, 1), rules=the_rules(shipping=(ended,))).shipping_amount == 3000

    def test_no_rule_for_the_currency_is_refused_and_not_guessed(self):
        with pytest.raises(ShippingRuleMissing):
            quoted((100, 1), rules=the_rules(currency="USD"), currency="USD")


class TestDiscounts:
    def test_are_spread_by_largest_remainder(self):
        quote = quoted((1000, 1), (1000, 1), (1000, 1), rules=the_rules(offers=(an_offer(AmountOff(100)),)))
        assert [line.discount_amount for line in quote.lines] == [34, 33, 33]

    def test_never_take_off_more_than_the_goods_cost(self):
        quote = quoted((1000, 1), rules=the_rules(offers=(an_offer(AmountOff(5000)), an_offer(AmountOff(1)))))
        assert (quote.discount_amount, quote.lines[0].amount) == (1000, 0)

    def test_touch_only_the_lines_they_are_meant_for(self):
        offer = an_offer(AmountOff(500), scope=Scope(skus=("S1",)))
        quote = quoted((1000, 1), (1000, 1), rules=the_rules(offers=(offer,)))
        assert [line.discount_amount for line in quote.lines] == [0, 500]

    def test_a_discount_for_nothing_in_the_cart_takes_nothing_off(self):
        offer = an_offer(AmountOff(500), scope=Scope(skus=("ELSE",)))
        assert quoted((1000, 1), rules=the_rules(offers=(offer,))).discount_amount == 0


_goods = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(1, 9999), st.booleans(), st.booleans()), min_size=0, max_size=12
)
_discounts = st.lists(st.integers(0, 10**9), max_size=3)
_shipping = st.tuples(st.integers(0, 10**5), st.one_of(st.none(), st.integers(0, 10**8)))


class TestEveryQuote:
    @given(goods=_goods, discounts=_discounts, shipping=_shipping)
    def test_adds_up_to_the_last_won(self, goods, discounts, shipping):
        lines = [a_line(f"S{index}", quantity) for index, (_, quantity, _, _) in enumerate(goods)]
        items = {
            f"S{index}": an_item(f"S{index}", unit, tax_free=tax_free, on_sale=on_sale)
            for index, (unit, _, tax_free, on_sale) in enumerate(goods)
        }
        rule = the_default_shipping(fee=shipping[0], free_from=shipping[1])
        off = tuple(an_offer(AmountOff(amount)) for amount in discounts)
        quote = price(lines, items, the_rules(shipping=(rule,), offers=off), NOW)

        assert sum(line.amount for line in quote.lines) + quote.shipping_amount == quote.total_amount
        assert quote.items_amount + sum(each.amount for each in quote.adjustments) == quote.total_amount
        assert quote.discount_amount == min(sum(discounts), quote.items_amount)
        assert quote.shipping_amount in (0, rule.fee)
        taxed = [line.amount for line in quote.lines if not (line.item and line.item.tax_free)]
        assert quote.tax_free_amount + sum(taxed) + quote.shipping_amount == quote.total_amount
        assert quote.vat_amount == sum(map(vat_included, taxed)) + vat_included(quote.shipping_amount)
        for line in quote.lines:
            assert 0 <= line.discount_amount <= line.gross_amount
            assert 0 <= line.vat_amount <= line.amount

    @given(goods=st.integers(0, 10**6), threshold=st.integers(0, 10**6))
    def test_ships_free_exactly_from_the_threshold(self, goods, threshold):
        rules = the_rules(shipping=(the_default_shipping(free_from=threshold),))
        assert (quoted((goods, 1), rules=rules).shipping_amount == 0) == (goods >= threshold)
