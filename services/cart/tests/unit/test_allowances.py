"""Every state of an order's units, whatever happens to it."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.cart.tests.builders import a_line, an_item

from cart.domain import limits
from cart.domain.catalogue import PurchaseLimit
from cart.domain.promotions.allowances import Allowance, State, Step, after, change, why_not
from cart.domain.quote import Quote, QuoteLine
from cart.errors import PurchaseLimited
from common import ids

HELD, USED, RETURNED, CANCELLED = State.HELD, State.USED, State.RETURNED, State.CANCELLED
TABLE = {
    (HELD, Step.FREEZE): HELD,
    (HELD, Step.RELEASE): RETURNED,
    (HELD, Step.PLACE): USED,
    (HELD, Step.CANCEL): CANCELLED,
    (USED, Step.FREEZE): USED,
    (USED, Step.RELEASE): USED,
    (USED, Step.PLACE): USED,
    (USED, Step.CANCEL): CANCELLED,
    (RETURNED, Step.FREEZE): HELD,
    (RETURNED, Step.RELEASE): RETURNED,
    (RETURNED, Step.PLACE): USED,
    (RETURNED, Step.CANCEL): CANCELLED,
    (CANCELLED, Step.FREEZE): CANCELLED,
    (CANCELLED, Step.RELEASE): CANCELLED,
    (CANCELLED, Step.PLACE): CANCELLED,
    (CANCELLED, Step.CANCEL): CANCELLED,
}


class TestStates:
    @pytest.mark.parametrize(("state", "step"), list(TABLE))
    def test_every_state_and_step(self, state, step):
        assert after(state, step) is TABLE[state, step]

    def test_the_table_leaves_nothing_out(self):
        assert set(TABLE) == {(state, step) for state in State for step in Step}

    @given(steps=st.lists(st.sampled_from(Step), max_size=12), units=st.integers(1, 9))
    def test_the_count_is_what_is_held_or_used_and_never_below_nothing(self, steps, units):
        state, count = HELD, units
        for step in steps:
            now = after(state, step)
            count += change(units, state, now)
            state = now
            assert count == (units if state in (HELD, USED) else 0)

    def test_place_release_and_cancel_come_to_the_same_in_any_order_and_again(self):
        for order in permutations([Step.PLACE, Step.RELEASE, Step.CANCEL, Step.CANCEL, Step.PLACE]):
            state = HELD
            for step in order:
                state = after(state, step)
            assert state is CANCELLED


class TestWhyNot:
    @pytest.mark.parametrize(
        ("most", "per_member", "taken", "member", "of_member", "expected"),
        [
            (None, None, 10**9, False, 0, None),
            (3, None, 2, False, 0, None),
            (3, None, 3, False, 0, "used_up"),
            (2, None, 5, False, 0, "used_up"),
            (None, 1, 0, False, 0, "members_only"),
            (None, 1, 0, True, 0, None),
            (None, 1, 9, True, 1, "already_used"),
            (9, 2, 9, True, 1, "used_up"),
        ],
    )
    def test_says_what_is_in_the_way(self, most, per_member, taken, member, of_member, expected):
        allowance = Allowance(ids.new_id(), most, per_member, taken)
        assert why_not(allowance, 1, ids.new_id() if member else None, of_member) == expected


class TestPurchaseLimits:
    LIMIT = PurchaseLimit(ids.new_id(), 3, 5)

    def quote(self, *quantities, kind="item"):
        product = ids.new_id()
        lines = []
        for number, quantity in enumerate(quantities):
            item = an_item(f"S{number}", 100, product_id=product, limit=self.LIMIT)
            line = a_line(f"S{number}", quantity)
            lines.append(QuoteLine(line.id, line.sku, quantity, item, available=True, unit_price=100, kind=kind))
        return product, Quote("KRW", tuple(lines), ())

    def test_all_skus_of_a_product_count_together(self):
        limits.check(self.quote(1, 2)[1])
        with pytest.raises(PurchaseLimited):
            limits.check(self.quote(2, 2)[1])

    def test_who_has_too_many_already_may_take_out_but_not_add(self):
        product, quote = self.quote(4)
        limits.check(quote, {product: 4})
        limits.check(quote, {product: 5})
        with pytest.raises(PurchaseLimited):
            limits.check(quote, {product: 3})

    def test_gifts_are_not_bought(self):
        _, quote = self.quote(9, kind="gift")
        limits.check(quote)
        assert limits.uses(quote.lines) == ()

    def test_an_order_takes_all_units_of_what_a_member_may_have(self):
        (use,) = limits.uses(self.quote(1, 2)[1].lines)
        assert (use.allowance_id, use.units) == (self.LIMIT.id, 3)
