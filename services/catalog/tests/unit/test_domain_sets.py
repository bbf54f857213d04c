"""Sets and their parts over one shelf: whatever is asked for in whatever order, no unit is promised twice."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.catalog.tests.builders import MALL, NOW

from catalog.commands import CancelUnits, ConfirmReservation, HoldStock, SellReservation
from catalog.domain import reservation, sets
from catalog.domain.stock import Move, Reason
from catalog.errors import ReservationClosed, ReservationDiffers, SetInvalid
from common import ids

RECIPES = {"GIFT": {"A": 2, "B": 1}, "PAIR": {"A": 2}}
SHELF = {"A": 10, "B": 4}


class TestExpand:
    def test_lines_that_share_units_count_together(self):
        assert sets.expand({"GIFT": 2, "PAIR": 1, "A": 1, "C": 3}, RECIPES) == {"A": 7, "B": 2, "C": 3}

    def test_moves_of_one_part_for_one_reason_are_one(self):
        moves = [Move("GIFT", -1, -1, Reason.SOLD), Move("A", -3, -3, Reason.SOLD)]
        assert sets.expand_moves(moves, RECIPES) == (Move("A", -5, -5, Reason.SOLD), Move("B", -1, -1, Reason.SOLD))

    def test_a_set_is_as_available_as_its_scarcest_part(self):
        assert sets.buildable(RECIPES["GIFT"], {"A": 5, "B": 9}) == 2
        assert sets.buildable(RECIPES["GIFT"], {"A": -1, "B": 9}) == 0
        assert sets.left_for("A", {"GIFT": 2, "A": 9}, RECIPES, SHELF) == 6
        assert sets.left_for("GIFT", {"GIFT": 2, "A": 9}, RECIPES, SHELF) == 0


@pytest.mark.parametrize("parts", [[("A", 1), ("A", 2)], [("GIFT", 1)], [("A", 0)], [("A", 1000)]])
def test_refuses_parts_that_make_no_set(parts):
    with pytest.raises(SetInvalid):
        sets.check_parts("GIFT", parts)


class Shelf:
    """The counters of the database, one conditional change per SKU, and moves that need no permission."""

    def __init__(self):
        self.on_hand, self.reserved, self.sold = Counter(SHELF), Counter(), Counter()

    def carry_out(self, decision):
        """False: not everything is there, and nothing changed."""
        needs = sets.expand(decision.take, RECIPES)
        if any(self.on_hand[sku] - self.reserved[sku] < units for sku, units in needs.items()):
            return False
        self.reserved.update(needs)
        for move in sets.expand_moves(decision.moves, RECIPES):
            self.on_hand[move.sku] += move.delta_on_hand
            self.reserved[move.sku] += move.delta_reserved
            self.sold[move.sku] -= move.delta_on_hand
        return True


ORDERS = [ids.new_id() for _ in range(3)]
lines = st.dictionaries(st.sampled_from(["A", "B", "GIFT", "PAIR"]), st.integers(1, 3), min_size=1)
steps = st.one_of(
    st.tuples(st.sampled_from(["hold", "placed", "paid"]), st.sampled_from(ORDERS), lines),
    st.tuples(st.sampled_from(["release", "expire"]), st.sampled_from(ORDERS)),
    st.tuples(st.just("cancel"), st.sampled_from(ORDERS), lines, st.booleans()),
)


def decide(step, current, later):
    match step:
        case ("hold", order_id, units):
            return reservation.hold(current, HoldStock(order_id, MALL, units, NOW), later)
        case ("placed", order_id, units):
            return reservation.confirm(current, ConfirmReservation(order_id, MALL, units))
        case ("paid", order_id, units):
            return reservation.sell(current, SellReservation(order_id, MALL, units))
        case ("cancel", order_id, units, whole):
            return reservation.cancel(current, CancelUnits(order_id, MALL, ids.new_id(), whole, units))
        case ("release", _):
            return reservation.release(current) if current else None
        case _:
            return reservation.expire(current, later) if current else None


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=30))
def test_sets_and_single_units_never_oversell_and_the_books_follow_the_reservations(sequence):
    shelf, known = Shelf(), {}
    for step in sequence:
        order_id = step[1]
        try:
            decision = decide(step, known.get(order_id), NOW + timedelta(hours=1))
        except (ReservationClosed, ReservationDiffers):
            continue
        if decision is None or decision.state == known.get(order_id):
            continue
        if shelf.carry_out(decision):
            known[order_id] = decision.state
        elif step[0] != "hold":
            known[order_id] = reservation.fall_short(decision, ()).state
        reserved, sold = Counter(), Counter()
        for each in known.values():
            counter = reserved if each.status in reservation.HOLDING else sold
            if each.status in {*reservation.HOLDING, reservation.Status.SOLD}:
                counter.update(sets.expand(each.open_units, RECIPES))
        assert +reserved == +shelf.reserved
        assert +sold == +shelf.sold
        for sku, units in SHELF.items():
            assert 0 <= shelf.reserved[sku] <= shelf.on_hand[sku]
            assert shelf.on_hand[sku] + shelf.sold[sku] == units
