"""What holds for every cart under every set of promotions."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from services.cart.tests.builders import NOW, a_line, a_purchase, an_item, an_offer, the_default_shipping, the_rules

from cart.domain.pricing import price
from cart.domain.promotions.model import (
    AmountOff,
    FreeShipping,
    Gift,
    PercentOff,
    QuantitySteps,
    Scope,
    Stacking,
    Step,
)
from cart.domain.shipping import Surcharge
from common.money import vat_included

_GIFT = an_item("GIFT", 5_000, on_sale=False)
_goods = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 99), st.booleans(), st.booleans()), min_size=0, max_size=6
)
_rates = st.integers(0, 10_000)
_amounts = st.integers(0, 10**7)
_benefits = st.one_of(
    st.builds(PercentOff, _rates, st.none() | _amounts),
    st.builds(AmountOff, _amounts, st.booleans()),
    st.builds(
        QuantitySteps,
        st.lists(st.builds(Step, st.integers(1, 50), _rates, st.integers(0, 10**4)), min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    st.builds(FreeShipping, st.booleans()),
    st.builds(Gift, st.just("GIFT"), st.integers(1, 3), st.none() | st.integers(1, 5), st.none() | st.integers(1, 4)),
)
_scopes = st.sampled_from(
    [Scope(), Scope(skus=("S0", "S2")), Scope(categories=("food",)), Scope(except_skus=("S1",)), Scope(skus=("NONE",))]
)
_offers = st.lists(
    st.builds(
        an_offer,
        _benefits,
        left=st.none() | st.integers(0, 3),
        scope=_scopes,
        priority=st.integers(-2, 2),
        stacking=st.sampled_from(Stacking),
        min_amount=st.integers(0, 10**5),
        min_quantity=st.integers(0, 5),
    ),
    max_size=6,
)
_surcharges = st.none() | st.builds(Surcharge, st.just("제주"), st.integers(0, 10**4))


def cart_of(goods):
    lines = [a_line(f"S{index}", quantity) for index, (_, quantity, _, _) in enumerate(goods)]
    items = {
        f"S{index}": an_item(f"S{index}", unit, tax_free=tax_free, on_sale=on_sale)
        for index, (unit, _, tax_free, on_sale) in enumerate(goods)
    }
    return lines, items | {"GIFT": _GIFT}


class TestEveryQuote:
    @given(goods=_goods, offers=_offers, surcharge=_surcharges)
    def test_adds_up_in_every_way_and_no_line_is_negative(self, goods, offers, surcharge):
        lines, items = cart_of(goods)
        quote = price(lines, items, the_rules(offers=tuple(offers), surcharge=surcharge), NOW, a_purchase())

        assert sum(entry.amount for entry in quote.explanation) == quote.total_amount
        assert sum(line.amount for line in quote.lines) + quote.shipping_amount == quote.total_amount
        assert quote.items_amount + sum(each.amount for each in quote.adjustments) == quote.total_amount
        assert 0 <= quote.surcharge_amount <= quote.shipping_amount
        charged = sum(each.amount for each in quote.adjustments if each.kind == "shipping" and each.amount > 0)
        assert charged - quote.shipping_discount_amount == quote.shipping_amount
        for line in quote.lines:
            assert 0 <= line.discount_amount <= line.gross_amount
            assert line.discount_amount == sum(off.amount for off in line.promotions)
            assert line.vat_amount + line.tax_free_amount <= line.amount
            if line.kind == "gift":
                assert (line.unit_price, line.amount, line.vat_amount) == (0, 0, 0)
                assert line.quantity > 0
        taxed = [line.amount for line in quote.lines if not (line.item and line.item.tax_free)]
        assert quote.vat_amount == sum(map(vat_included, taxed)) + vat_included(quote.shipping_amount)
        assert len({line.line_id for line in quote.lines}) == len(quote.lines)

    @given(goods=_goods, offers=_offers, surcharge=_surcharges, data=st.data())
    def test_is_the_same_in_whatever_order_the_promotions_come(self, goods, offers, surcharge, data):
        lines, items = cart_of(goods)
        shuffled = data.draw(st.permutations(offers))
        quotes = {
            price(lines, items, the_rules(offers=tuple(order), surcharge=surcharge), NOW, a_purchase())
            for order in (offers, shuffled)
        }
        assert len(quotes) == 1

    @given(goods=_goods, offers=_offers)
    def test_promotions_never_make_a_cart_dearer(self, goods, offers):
        """Without a threshold of the fee: a discount may well leave less than the mall asks for free delivery."""
        lines, items = cart_of(goods)
        rule = the_default_shipping(free_from=None)
        plain = price(lines, items, the_rules(shipping=(rule,)), NOW, a_purchase())
        less = price(lines, items, the_rules(shipping=(rule,), offers=tuple(offers)), NOW, a_purchase())
        assert 0 <= less.total_amount <= plain.total_amount

    @given(
        goods=_goods.filter(bool),
        rates=st.lists(st.one_of(st.builds(PercentOff, _rates, st.none() | _amounts), st.builds(AmountOff, _amounts))),
        more=st.integers(0, 10**5),
        data=st.data(),
    )
    def test_a_dearer_cart_never_costs_less_where_nothing_has_a_threshold(self, goods, rates, more, data):
        """Thresholds and steps are meant to break this; rates and amounts off the order may not."""
        lines, items = cart_of(goods)
        rules = the_rules(
            shipping=(the_default_shipping(free_from=None),), offers=tuple(an_offer(rate) for rate in rates)
        )
        dearer = data.draw(st.sampled_from([line.sku for line in lines]))
        raised = items | {dearer: replace(items[dearer], unit_price=items[dearer].unit_price + more)}
        before = price(lines, items, rules, NOW, a_purchase())
        after = price(lines, raised, rules, NOW, a_purchase())
        assert after.total_amount >= before.total_amount
