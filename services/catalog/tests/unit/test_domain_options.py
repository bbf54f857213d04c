"""A line becomes another option: where the units were before, and where they are after."""

from dataclasses import replace

import pytest
from services.catalog.tests.builders import MALL, NOW, a_reservation

from catalog.commands import ChangeOption
from catalog.domain import options
from catalog.domain.reservation import Line, Reservation, Status
from catalog.errors import Shortage
from common import ids

CHANGE = ids.new_id()


def an_order(status=Status.SOLD, **lines):
    made = {"A": Line(3), "C": Line(1)} | lines
    return replace(a_reservation(status), lines={sku: line for sku, line in made.items() if line})


def a_hold(status=Status.HELD, units=3):
    expires_at = NOW if status is Status.HELD else None
    return Reservation(CHANGE, MALL, status, {"B": Line(units)}, expires_at)


def to_b(order, quantity=3):
    return ChangeOption(order.order_id, MALL, CHANGE, "A", "B", quantity)


def moves(decision):
    return {(move.sku, move.delta_on_hand, move.delta_reserved, str(move.reason)) for move in decision.moves}


def units(reservation):
    return {sku: (line.quantity, line.returned) for sku, line in reservation.lines.items()}


OLD_BACK, NEW_OUT = ("A", 3, 0, "restocked"), ("B", -3, -3, "sold")


def test_what_was_held_is_sold_and_what_was_sold_is_given_back():
    order = an_order()
    swap = options.change_option(order, a_hold(), to_b(order))
    assert units(swap.order.state) == {"B": (3, 0), "C": (1, 0)}
    assert (swap.order.take, moves(swap.order)) == ({}, {OLD_BACK, NEW_OUT})
    assert swap.hold is not None
    assert (swap.hold.state.status, swap.hold.state.over, moves(swap.hold)) == (Status.RELEASED, True, set())


def test_once():
    order = an_order()
    after = options.change_option(order, a_hold(), to_b(order)).order.state
    again = options.change_option(after, a_hold(), to_b(order))
    assert (again.order.state, again.order.moves, again.hold) == (after, (), None)


@pytest.mark.parametrize("hold", [a_hold(Status.EXPIRED), a_hold(Status.RELEASED), None])
def test_a_hold_that_is_lost_is_taken_anew(hold):
    order = an_order()
    swap = options.change_option(order, hold, to_b(order))
    assert (swap.order.take, moves(swap.order)) == ({"B": 3}, {OLD_BACK, NEW_OUT})
    assert swap.hold is None or swap.hold.moves == ()


def test_cancelled_units_stay_cancelled_and_the_rest_changes():
    order = an_order(A=Line(3, 1))
    swap = options.change_option(order, a_hold(units=2), to_b(order, 2))
    assert units(swap.order.state) == {"A": (1, 1), "B": (2, 0), "C": (1, 0)}
    assert moves(swap.order) == {("A", 2, 0, "restocked"), ("B", -2, -2, "sold")}


def test_another_line_may_be_the_new_option_already():
    order = an_order(B=Line(2, 1))
    assert units(options.change_option(order, a_hold(), to_b(order)).order.state) == {"B": (5, 1), "C": (1, 0)}


def test_what_the_order_does_not_need_of_the_hold_is_free():
    order = an_order(A=Line(3, 1))
    swap = options.change_option(order, a_hold(units=3), to_b(order))
    assert swap.hold is not None
    assert moves(swap.hold) == {("B", 0, -1, "released")}


@pytest.mark.parametrize("status", [Status.SHORT, Status.RELEASED, Status.EXPIRED])
def test_an_order_that_holds_nothing_gets_nothing(status):
    order = an_order(status)
    swap = options.change_option(order, a_hold(), to_b(order))
    assert units(swap.order.state) == {"B": (3, 0), "C": (1, 0)}
    assert (swap.order.state.status, swap.order.take, swap.order.moves) == (status, {}, ())
    assert swap.hold is not None
    assert moves(swap.hold) == {("B", 0, -3, "released")}


def test_where_the_units_are_gone_orders_hears_it():
    order = an_order()
    short = options.fall_short(order, to_b(order), (Shortage("B", 3, 1),))
    assert units(short.state) == {"B": (3, 3), "C": (1, 0)}
    assert (short.state.status, moves(short)) == (Status.SOLD, {OLD_BACK})
    assert [event.reservation.order_id for event in short.events] == [order.order_id]
