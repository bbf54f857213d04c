"""Every kind of promotion, what stops it, and what stacks on what."""

from datetime import timedelta

import pytest
from services.cart.tests.builders import (
    NOW,
    a_line,
    a_promotion,
    a_purchase,
    an_item,
    an_offer,
    the_default_shipping,
    the_rules,
)

from cart.domain.pricing import price
from cart.domain.promotions.model import (
    AmountOff,
    FreeShipping,
    Gift,
    Offer,
    PercentOff,
    QuantitySteps,
    Scope,
    Stacking,
    Step,
)
from cart.domain.shipping import Surcharge
from common import ids

_HOUR = timedelta(hours=1)
GRANOLA = an_item("GR", 10_000, category_ids=("food", "granola"))
TEA = an_item("TEA", 4_000, category_ids=("food", "tea"))
CUP = an_item("CUP", 9_000, category_ids=("goods",), on_sale=False)
GOODS = {item.sku: item for item in (GRANOLA, TEA, CUP)}


def quoted(offers, lines=None, *, surcharge=None, purchase=None, goods=GOODS, **rules):
    wanted = lines or {"GR": 2, "TEA": 1}
    made = [a_line(sku, quantity) for sku, quantity in wanted.items()]
    return price(
        made, goods, the_rules(offers=tuple(offers), surcharge=surcharge, **rules), NOW, purchase or a_purchase()
    )


def offs(quote):
    return {line.sku: line.discount_amount for line in quote.lines if line.kind == "item"}


def reason(quote):
    (outcome,) = quote.outcomes
    return outcome.reason


class TestPercentOff:
    def test_takes_the_rate_off_everything_and_is_rounded_down_once(self):
        goods = {sku: an_item(sku, 3_335) for sku in ("A", "B", "C")}
        quote = quoted([an_offer(PercentOff(1000))], {"A": 1, "B": 1, "C": 1}, goods=goods)
        assert offs(quote) == {"A": 334, "B": 333, "C": 333}  # 1,000 of 10,005; each line alone would make it 999

    def test_never_more_than_its_cap(self):
        assert offs(quoted([an_offer(PercentOff(5000, at_most=2_400))])) == {"GR": 2_000, "TEA": 400}

    @pytest.mark.parametrize(
        ("scope", "expected"),
        [
            (Scope(), {"GR": 2_000, "TEA": 400}),
            (Scope(categories=("tea",)), {"GR": 0, "TEA": 400}),
            (Scope(categories=("food",), except_skus=("TEA",)), {"GR": 2_000, "TEA": 0}),
            (Scope(skus=("TEA",), products=(str(GRANOLA.product_id),)), {"GR": 2_000, "TEA": 400}),
        ],
        ids=["order", "category", "all but one", "product or sku"],
    )
    def test_covers_order_category_product_or_sku(self, scope, expected):
        assert offs(quoted([an_offer(PercentOff(1000), scope=scope)])) == expected

    def test_the_vat_is_of_what_the_line_costs_after_it(self):
        quote = quoted([an_offer(PercentOff(1000))], {"GR": 1})
        assert (quote.lines[0].amount, quote.lines[0].vat_amount) == (9_000, 818)


class TestAmountOff:
    def test_once_off_the_covered_goods(self):
        assert offs(quoted([an_offer(AmountOff(2_400))])) == {"GR": 2_000, "TEA": 400}

    def test_off_every_unit_but_no_line_below_nothing(self):
        assert offs(quoted([an_offer(AmountOff(4_500, each=True))])) == {"GR": 9_000, "TEA": 4_000}


class TestQuantitySteps:
    STEPS = QuantitySteps((Step(5, 2000), Step(2, 1000), Step(10, 2000, 500)))

    @pytest.mark.parametrize(("quantity", "off"), [(1, 0), (2, 2_000), (4, 4_000), (5, 10_000), (10, 25_000)])
    def test_the_highest_step_reached_counts_for_all_units(self, quantity, off):
        assert quoted([an_offer(self.STEPS)], {"GR": quantity}).discount_amount == off

    def test_counts_lines_together_or_each_alone(self):
        steps = (Step(3, 1000),)
        assert offs(quoted([an_offer(QuantitySteps(steps))])) == {"GR": 2_000, "TEA": 400}
        alone = quoted([an_offer(QuantitySteps(steps, together=False))], {"GR": 3, "TEA": 2})
        assert offs(alone) == {"GR": 3_000, "TEA": 0}


class TestFreeShipping:
    def test_by_amount(self):
        offer = an_offer(FreeShipping(), min_amount=24_000)
        assert quoted([offer]).shipping_amount == 0
        assert quoted([offer], {"GR": 2}).shipping_amount == 3_000

    def test_by_item(self):
        offer = an_offer(FreeShipping(), scope=Scope(skus=("TEA",)))
        assert quoted([offer], {"TEA": 1}).shipping_amount == 0
        assert quoted([offer], {"GR": 1}).shipping_amount == 3_000

    def test_the_far_surcharge_stays_unless_it_says_otherwise(self):
        far = Surcharge("제주", 3_000)
        kept = quoted([an_offer(FreeShipping())], surcharge=far)
        assert (kept.shipping_amount, kept.surcharge_amount, kept.shipping_discount_amount) == (3_000, 3_000, 3_000)
        waived = quoted([an_offer(FreeShipping(surcharge_too=True))], surcharge=far)
        assert (waived.shipping_amount, waived.surcharge_amount, waived.shipping_discount_amount) == (0, 0, 6_000)
        assert waived.free_shipping_from == 0, "not because enough was bought"

    def test_a_threshold_that_made_it_free_already_leaves_nothing_to_take_off(self):
        quote = quoted([an_offer(FreeShipping())], {"GR": 5})
        assert (quote.shipping_amount, reason(quote)) == (0, "nothing_off")


class TestGifts:
    def test_by_amount_belongs_to_no_line(self):
        quote = quoted([an_offer(Gift("CUP"), min_amount=20_000)])
        gift = quote.lines[-1]
        assert (gift.kind, gift.sku, gift.quantity, gift.unit_price, gift.amount) == ("gift", "CUP", 1, 0, 0)
        assert (gift.gift_of, quote.items_amount, quote.total_amount) == ((), 24_000, 27_000)

    def test_by_item_names_its_lines(self):
        quote = quoted([an_offer(Gift("CUP"), scope=Scope(categories=("tea",)))])
        assert quote.lines[-1].gift_of == (quote.lines[1].line_id,)

    @pytest.mark.parametrize(("quantity", "units"), [(1, None), (2, 1), (3, 1), (6, 3), (20, 4)])
    def test_again_for_every_so_many_up_to_its_most(self, quantity, units):
        quote = quoted([an_offer(Gift("CUP", every=2, at_most=4))], {"GR": quantity})
        assert [line.quantity for line in quote.lines if line.kind == "gift"] == ([] if units is None else [units])

    def test_as_long_as_its_own_stock_lasts(self):
        left = quoted([an_offer(Gift("CUP", quantity=3), left=2, gift_stock=9)])
        assert [use.units for use in left.uses] == [2]
        assert left.lines[-1].quantity == 2
        gone = quoted([an_offer(Gift("CUP"), left=0, gift_stock=9)])
        assert (reason(gone), gone.uses, len(gone.lines)) == ("gift_gone", (), 2)

    def test_need_not_be_on_sale_but_known_and_there(self):
        assert reason(quoted([an_offer(Gift("CUP"))])) is None
        assert reason(quoted([an_offer(Gift("NOTHING"))])) == "gift_unknown"
        out = GOODS | {"CUP": an_item("CUP", sold_out=True)}
        assert reason(quoted([an_offer(Gift("CUP"))], goods=out)) == "gift_gone"

    def test_has_the_same_line_id_at_every_quote_and_another_in_another_cart(self):
        offer = an_offer(Gift("CUP"))
        ids_seen = {quoted([offer]).lines[-1].line_id for _ in range(2)}
        assert len(ids_seen) == 1
        assert quoted([offer], purchase=a_purchase(cart_id=ids.new_id())).lines[-1].line_id not in ids_seen


class TestWhatStopsIt:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"valid_from": NOW + _HOUR}, "not_begun"),
            ({"valid_to": NOW}, "over"),
            ({"channels": ("mobile",)}, "channel"),
            ({"members_only": True}, "members_only"),
            ({"tiers": ("gold",)}, "tier"),
            ({"min_amount": 24_001}, "minimum_amount"),
            ({"min_quantity": 4}, "minimum_quantity"),
            ({"scope": Scope(skus=("ELSE",))}, "nothing_covered"),
            ({"unusable": "used_up"}, "used_up"),
        ],
    )
    @pytest.mark.parametrize("benefit", [PercentOff(1000), FreeShipping(), Gift("CUP")], ids=["off", "free", "gift"])
    def test_says_why(self, benefit, changes, expected):
        quote = quoted([an_offer(benefit, **changes)])
        assert (reason(quote), quote.total_amount) == (expected, 27_000)

    @pytest.mark.parametrize(
        "changes",
        [
            {"valid_from": NOW, "valid_to": NOW + _HOUR},
            {"channels": ("pc",)},
            {"members_only": True},
            {"tiers": ("silver", "gold")},
            {"min_amount": 24_000, "min_quantity": 3},
        ],
    )
    def test_counts_when_everything_asked_for_is_there(self, changes):
        purchase = a_purchase(member_id="kim", tier="gold")
        assert quoted([an_offer(PercentOff(1000), **changes)], purchase=purchase).discount_amount == 2_400

    def test_lines_off_sale_help_over_no_minimum(self):
        quote = quoted([an_offer(AmountOff(500), min_quantity=2)], {"GR": 1, "CUP": 5})
        assert reason(quote) == "minimum_quantity"

    def test_amounts_of_another_currency_are_never_taken_off(self):
        assert quoted([an_offer(AmountOff(500), currency="USD")]).discount_amount == 0


class TestStacking:
    def test_the_higher_priority_first_and_each_sees_what_is_left(self):
        half, fixed = an_offer(PercentOff(5000), priority=1), an_offer(AmountOff(4_000), priority=2)
        assert quoted([half, fixed]).discount_amount == 4_000 + 10_000
        swapped = [Offer(a_promotion(PercentOff(5000), priority=3)), fixed]
        assert quoted(swapped).discount_amount == 12_000 + 4_000

    def test_of_equal_ones_the_older_first(self):
        older, newer = an_offer(AmountOff(4_000)), an_offer(PercentOff(5000))
        assert quoted([newer, older]).discount_amount == quoted([older, newer]).discount_amount == 14_000

    def test_an_exclusive_one_first_keeps_all_others_out(self):
        alone = an_offer(AmountOff(100), stacking=Stacking.EXCLUSIVE, priority=9)
        quote = quoted([an_offer(PercentOff(5000)), alone])
        assert quote.discount_amount == 100
        assert [outcome.reason for outcome in quote.outcomes] == [None, "excluded"]

    def test_an_exclusive_one_later_is_kept_out_itself(self):
        alone = an_offer(AmountOff(100), stacking=Stacking.EXCLUSIVE, priority=-1)
        assert quoted([alone, an_offer(PercentOff(5000))]).discount_amount == 12_000

    def test_an_exclusive_one_that_takes_nothing_off_excludes_nobody(self):
        alone = an_offer(AmountOff(100), stacking=Stacking.EXCLUSIVE, priority=9, min_amount=10**6)
        assert quoted([alone, an_offer(PercentOff(5000))]).discount_amount == 12_000

    def test_exclusive_discounts_leave_gifts_and_delivery_alone(self):
        alone = an_offer(AmountOff(100), stacking=Stacking.EXCLUSIVE)
        quote = quoted([alone, an_offer(FreeShipping()), an_offer(Gift("CUP"))])
        assert (quote.discount_amount, quote.shipping_amount, len(quote.lines)) == (100, 0, 3)

    def test_two_codes_of_one_promotion_count_once(self):
        promotion = a_promotion(AmountOff(1_000))
        quote = quoted([Offer(promotion, code="A"), Offer(promotion, code="B")])
        assert quote.discount_amount == 1_000
        assert {outcome.code: outcome.reason for outcome in quote.coupons} == {"A": None, "B": "excluded"}

    def test_free_delivery_and_gifts_look_at_goods_after_discounts(self):
        rule = the_default_shipping(free_from=24_000)
        offers = [an_offer(AmountOff(1)), an_offer(Gift("CUP"), min_amount=24_000)]
        quote = quoted(offers, shipping=(rule,))
        assert (quote.shipping_amount, len(quote.lines)) == (3_000, 2)


class TestUses:
    def test_only_what_counted_is_taken_from_an_allowance(self):
        one, two, other = ids.new_id(), ids.new_id(), ids.new_id()
        used = an_offer(AmountOff(100), code="A", allowances=(one, two))
        not_used = an_offer(AmountOff(100), code="B", allowances=(other,), min_amount=10**6)
        assert [(use.allowance_id, use.units) for use in quoted([used, not_used]).uses] == [(one, 1), (two, 1)]


class TestExplanation:
    def test_every_won_line_by_line(self):
        quote = quoted([an_offer(AmountOff(2_400)), an_offer(Gift("CUP"))], surcharge=Surcharge("제주", 3_000))
        told = [(entry.kind, entry.code, entry.amount) for entry in quote.explanation]
        assert told == [
            ("goods", "GR", 20_000),
            ("discount", "promotion", -2_000),
            ("goods", "TEA", 4_000),
            ("discount", "promotion", -400),
            ("gift", "CUP", 0),
            ("shipping", "shipping.fee", 3_000),
            ("shipping", "shipping.surcharge", 3_000),
        ]
        assert sum(entry.amount for entry in quote.explanation) == quote.total_amount
