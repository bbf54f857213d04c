import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import Money, allocate, vat_included


class TestAllocate:
    @given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
    def test_the_parts_always_sum_to_the_total(self, total, weights):
        assert sum(allocate(total, weights)) == total

    @given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
    def test_no_part_is_further_than_one_unit_from_its_exact_share(self, total, weights):
        whole = sum(weights)
        for part, weight in zip(allocate(total, weights), weights, strict=True):
            if whole:
                assert abs(part * whole - total * weight) < whole

    def test_the_odd_won_goes_to_the_largest_remainder_first(self):
        assert allocate(100, [1, 1, 1]) == [34, 33, 33]
        assert allocate(10, [3, 3, 4]) == [3, 3, 4]

    def test_zero_weights_put_everything_on_the_first(self):
        assert allocate(7, [0, 0]) == [7, 0]

    @pytest.mark.parametrize("weights", [[], [1, -1]])
    def test_refuses_nothing_to_allocate_over_and_negative_weights(self, weights):
        with pytest.raises(ValueError, match=r"allocate|negative"):
            allocate(10, weights)


class TestVat:
    def test_the_providers_own_example(self):
        """Toss Payments: 30,000 won is 27,273 of supply and 2,727 of VAT."""
        assert vat_included(30_000) == 2_727

    @given(st.integers(0, 10**12))
    def test_supply_is_the_amount_over_1_1_rounded_half_up(self, amount):
        supply = amount - vat_included(amount)
        assert -11 < 20 * amount - 22 * supply <= 11


class TestMoney:
    def test_currencies_do_not_mix(self):
        with pytest.raises(ValueError, match="do not mix"):
            Money(1, "KRW") + Money(1, "USD")

    def test_adds_subtracts_multiplies_and_compares(self):
        assert Money(2, "KRW") + Money(3, "KRW") - Money(1, "KRW") == Money(4, "KRW")
        assert Money(2, "KRW") * 3 == Money(6, "KRW")
        assert Money(2, "KRW") < Money(3, "KRW") <= Money(3, "KRW")
