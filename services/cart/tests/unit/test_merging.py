"""A guest's cart into a member's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.cart.tests.builders import NOW, a_cart, a_line, the_terms

from cart import errors
from cart.commands import FreezeCart
from cart.domain import cart as carts
from cart.domain.cart import Status
from cart.domain.merging import merge
from common import ids

TERMS = the_terms()
_lines = st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 99), max_size=3)


def of(lines, **changes):
    return a_cart(*(a_line(sku, quantity) for sku, quantity in lines.items()), **changes)


def contents(cart):
    return {line.sku: line.quantity for line in cart.lines}


class TestMerge:
    @given(guest=_lines, member=_lines)
    def test_loses_nothing_that_fits_and_repeats_to_the_same(self, guest, member):
        one, other = of(guest), of(member, member_id=ids.new_id())
        merged = merge(one, other, TERMS, NOW)
        together = {sku: max(guest.get(sku, 0), member.get(sku, 0)) for sku in {**member, **guest}}
        assert contents(merged.member.state) == {
            sku: quantity for sku, quantity in together.items() if sku not in merged.left_out
        }
        assert len(merged.member.state.lines) <= TERMS.max_lines
        assert (merged.guest.state.status, merged.guest.state.lines) == (Status.MERGED, ())
        again = merge(merged.guest.state, merged.member.state, TERMS, NOW)
        assert again.member.state is merged.member.state
        assert (again.member.events, again.guest.events) == ((), ())

    def test_takes_the_guests_channel_and_both_ones_coupons(self):
        guest = a_cart(a_line(), channel="mobile", coupon_codes=("A", "B"))
        member = a_cart(member_id=ids.new_id(), coupon_codes=("B", "C", "D", "E"))
        kept = merge(guest, member, TERMS, NOW).member.state
        assert (kept.channel, kept.coupon_codes) == ("mobile", ("B", "C", "D", "E", "A"))

    def test_refuses_what_is_being_ordered_was_ordered_or_is_a_members(self):
        member = a_cart(member_id=ids.new_id())
        held = carts.freeze(a_cart(a_line()), FreezeCart(ids.new_id()), TERMS, NOW)
        with pytest.raises(errors.CartBusy):
            merge(held, member, TERMS, NOW)
        with pytest.raises(errors.CartBusy):
            merge(a_cart(a_line()), carts.freeze(member, FreezeCart(ids.new_id()), TERMS, NOW), TERMS, NOW)
        with pytest.raises(errors.CartOrdered):
            merge(carts.close(a_cart(a_line()), ids.new_id(), NOW), member, TERMS, NOW)
        with pytest.raises(errors.CartMerged):
            merge(a_cart(member_id=ids.new_id()), member, TERMS, NOW)
