"""Sets in parts, and what waits for its release."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from services.scm.tests.builders import A_SKU, B_SKU, NOW, a_shipment

from common import ids
from scm.domain.goods import Goods, Part, held, names, picked
from scm.domain.parcel import Packed
from scm.domain.shipment import Status

DAY = timedelta(days=1)
PATIENCE = timedelta(minutes=1)
A, B = Goods(A_SKU), Goods(B_SKU)
SET = Goods("BOX", (Part("P", 2), Part(B_SKU, 1)))


def known(*goods: Goods) -> dict[str, Goods]:
    return {one.sku: one for one in goods}


def coming(sku: str, release_at=NOW + DAY, since=NOW - DAY) -> Goods:
    return Goods(sku, release_at=release_at, preorder_since=since)


class TestParts:
    def test_a_set_is_picked_in_its_parts_beside_the_same_goods_sold_alone(self):
        units = [Packed(ids.new_id(), "BOX", 3), Packed(ids.new_id(), B_SKU, 1)]
        assert picked(units, known(SET, B)) == (("P", 6), (B_SKU, 4))

    def test_goods_nobody_told_of_go_by_their_own_sku(self):
        assert picked([Packed(ids.new_id(), "NEW", 2)], {}) == (("NEW", 2),)

    def test_names_are_those_of_the_parts_too(self):
        assert names(["BOX", "NEW"], known(SET)) == {"BOX", "P", B_SKU, "NEW"}


class TestHolds:
    def test_goods_in_stock_do_not_wait(self):
        after = held(a_shipment(), known(A, B), NOW, PATIENCE)
        assert (after.held_until, after.release_at) == (None, None)

    def test_an_order_waits_as_a_whole_for_the_last_release(self):
        after = held(a_shipment(), known(coming(A_SKU), coming(B_SKU, NOW + 3 * DAY)), NOW, PATIENCE)
        assert after.held_until == after.release_at == NOW + 3 * DAY

    def test_a_set_waits_for_its_parts(self):
        shipment = a_shipment()
        shipment = replace(shipment, lines=(replace(shipment.lines[0], sku="BOX"),))
        assert held(shipment, known(SET, coming("P"), B), NOW, PATIENCE).release_at == NOW + DAY

    def test_what_was_ordered_before_the_pre_order_began_does_not_wait(self):
        shipment = replace(a_shipment(), placed_at=NOW - 2 * DAY)
        assert held(shipment, known(coming(A_SKU), B), NOW, PATIENCE).held_until is None

    def test_an_option_is_ordered_when_it_is_asked_for(self):
        """The order is older than the pre-order, the wish for it is not."""
        shipment = replace(a_shipment(), placed_at=NOW - 2 * DAY)
        first, second = shipment.lines
        shipment = replace(shipment, lines=(replace(first, changed_at=NOW), second))
        assert held(shipment, known(coming(A_SKU), coming(B_SKU, NOW + 3 * DAY)), NOW, PATIENCE).release_at == NOW + DAY

    @pytest.mark.parametrize("release_at", [NOW, NOW - DAY])
    def test_what_has_come_out_waits_no_more(self, release_at):
        waiting = replace(a_shipment(), held_until=release_at, release_at=release_at)
        after = held(waiting, known(coming(A_SKU, release_at), B), NOW, PATIENCE)
        assert (after.held_until, after.release_at) == (None, None)

    def test_a_cancelled_pre_order_lets_the_rest_go(self):
        shipment = a_shipment()
        first, second = shipment.lines
        shipment = replace(shipment, lines=(replace(first, cancelled=first.quantity), second))
        assert held(shipment, known(coming(A_SKU), B), NOW, PATIENCE).held_until is None

    def test_a_sku_nobody_told_of_is_waited_for_but_not_for_ever(self):
        after = held(a_shipment(), known(A), NOW, PATIENCE)
        assert (after.held_until, after.release_at) == (NOW + PATIENCE, None)
        assert held(after, known(A), NOW + PATIENCE, PATIENCE).held_until is None

    @pytest.mark.parametrize("status", [Status.ACCEPTED, Status.SHIPPED, Status.CANCELLED])
    def test_what_a_centre_has_in_hand_or_nobody_ships_does_not_wait(self, status):
        assert held(a_shipment(status), known(coming(A_SKU), B), NOW, PATIENCE).held_until is None
