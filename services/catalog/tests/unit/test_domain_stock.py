import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.domain.stock import (
    Availability,
    Level,
    Move,
    Reason,
    availability,
    count_difference,
    not_there,
    worth_telling,
)
from catalog.errors import CountBelowReserved


def level(on_hand, reserved=0, sold=0):
    return Level("A", "intake", on_hand, reserved, sold)


class TestAvailability:
    @pytest.mark.parametrize(
        ("units", "seen"),
        [(0, Availability.SOLD_OUT), (1, Availability.LOW), (5, Availability.LOW), (6, Availability.IN_STOCK)],
    )
    def test_few_units_are_low_and_none_are_sold_out(self, units, seen):
        assert availability(units, low=5) is seen


class TestWorthTelling:
    def test_units_that_pass_between_available_and_reserved_are_nobodys_business(self):
        assert worth_telling(level(10, 2), level(10, 3), "o") == []

    def test_the_last_unit_reserved_is_sold_out(self):
        (told,) = worth_telling(level(3, 2), level(3, 3), "o")
        assert (told.reason, told.reference) == ("sold_out", "o")

    def test_a_unit_given_back_is_available(self):
        (told,) = worth_telling(level(3, 3), level(3, 2), "o")
        assert told.reason == "available"

    def test_units_leaving_are_sold_and_units_coming_are_restocked(self):
        assert worth_telling(level(3, 1), level(2, 0), None)[0].reason == "sold"
        assert worth_telling(level(3), level(4), None)[0].reason == "restocked"

    def test_a_count_is_called_a_count(self):
        assert worth_telling(level(3), level(4), None, Reason.COUNTED)[0].reason == "counted"

    @given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
    def test_is_silent_exactly_when_neither_units_nor_availability_changed(
        self, on_hand, reserved, then, reserved_then
    ):
        before, after = level(on_hand, min(reserved, on_hand)), level(then, min(reserved_then, then))
        same = on_hand == then and (before.available > 0) == (after.available > 0)
        assert (worth_telling(before, after, None) == []) == same


class TestCountDifference:
    def test_units_sold_and_not_shipped_are_not_sellable(self):
        assert count_difference(level(10), counted=13, sold_not_shipped=3, on_hand_then=10) == 0

    def test_sales_since_the_count_do_not_count_twice(self):
        # Ten were there and counted; two were sold since.
        assert count_difference(level(8), counted=10, sold_not_shipped=0, on_hand_then=10) == 0

    def test_a_count_may_not_take_what_is_promised(self):
        with pytest.raises(CountBelowReserved) as refused:
            count_difference(level(10, reserved=4), counted=3, sold_not_shipped=0, on_hand_then=10)
        assert refused.value.fields["on_hand_after"] == 3
        assert count_difference(level(10, reserved=4), counted=4, sold_not_shipped=0, on_hand_then=10) == -6


def back(units, sku="A"):
    return Move(sku, units, 0, Reason.RESTOCKED)


class TestNotThere:
    """Units given back that the centre does not have."""

    def test_leave_as_they_come_and_the_others_stay(self):
        assert not_there([back(3)], {"A": 1}, {"A": level(0)}) == (Move("A", -1, 0, Reason.SHORTAGE),)

    def test_are_only_those_that_are_given_back(self):
        moves = [Move("A", 0, -2, Reason.RELEASED), Move("B", -1, -1, Reason.SOLD)]
        assert not_there(moves, {"A": 2, "B": 1, "C": 1}, {"A": level(5), "B": level(5)}) == ()
        assert not_there([back(1)], {"A": 4}, {"A": level(7)}) == (Move("A", -1, 0, Reason.SHORTAGE),)

    def test_of_a_set_the_part_that_is_short(self):
        levels = {"A": level(0), "B": level(0)}
        assert not_there([back(2), back(1, "B")], {"B": 1}, levels) == (Move("B", -1, 0, Reason.SHORTAGE),)

    def test_what_never_came_in_is_no_loss(self):
        """Sold from a pre-order and never received: once cancelled it is owed to nobody."""
        assert not_there([back(5)], {"A": 5}, {"A": level(-5)}) == ()
        assert not_there([back(5)], {"A": 5}, {"A": level(-3)}) == (Move("A", -2, 0, Reason.SHORTAGE),)

    @given(st.integers(-9, 9), st.integers(1, 9), st.integers(0, 9))
    def test_takes_nothing_that_was_there_before(self, on_hand, given_back, short):
        lost = -sum(move.delta_on_hand for move in not_there([back(given_back)], {"A": short}, {"A": level(on_hand)}))
        assert 0 <= lost <= min(short, given_back)
        assert on_hand + given_back - lost >= min(on_hand + given_back, 0)
        if on_hand >= 0:
            assert lost == min(short, given_back)
