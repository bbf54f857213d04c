"""Units that a centre was asked for and does not have, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.scm.tests.builders import A_SKU, B_SKU, CJ_OTHER, NOW, a_shipment

from common import ids
from scm.commands import (
    AcceptShipment,
    CancelUnits,
    PackedLine,
    ReassignShipment,
    RecordWaybill,
    RejectShipment,
    StopOrder,
)
from scm.domain import cancel as cancelling
from scm.domain import shortage, steps
from scm.domain.goods import Goods, Part, picked
from scm.domain.parcel import Packed
from scm.domain.shipment import Line, Shipment, Status, Units
from scm.errors import ShortageUnknown

BOX = Goods("BOX", (Part(A_SKU, 2), Part("CUP", 1)))
KNOWN = {"BOX": BOX}


def a_request(*lines: tuple[str, int], short: Units = ()) -> Shipment:
    """One line for each SKU and its units."""
    made = tuple(Line(ids.new_id(), sku, sku, None, quantity) for sku, quantity in lines)
    return replace(a_shipment(), lines=made, short=short)


def stopped(shipment: Shipment, *quantities: int) -> tuple[Shipment, Units]:
    """So many units of each line cancelled; without them all. Also those of them that were not there."""
    lines = tuple(CancelUnits(line.line_id, units) for line, units in zip(shipment.lines, quantities, strict=False))
    stop = StopOrder(ids.new_id(), shipment.order_id, "intake", not quantities, lines, "changed_mind", False)
    short = shortage.among(shipment, cancelling.taken_off(shipment, stop), KNOWN)
    return cancelling.apply(shipment, stop, short).state, short


class TestSaid:
    @pytest.mark.parametrize("said", [((A_SKU, 5),), (("BOX", 1),), (("CUP", 3),), (("OTHER", 1),)])
    def test_of_what_was_not_asked_for_is_refused(self, said):
        shipment = a_request(("BOX", 2))
        with pytest.raises(ShortageUnknown) as refused:
            shortage.check(shipment, said, KNOWN)
        assert refused.value.fields["pick"] == dict(picked(shipment.open_units, KNOWN)).get(said[0][0], 0)

    def test_of_the_parts_of_a_set_as_they_are_picked(self):
        shortage.check(a_request(("BOX", 2), (A_SKU, 1)), ((A_SKU, 5), ("CUP", 2)), KNOWN)

    def test_is_in_what_staff_reads_as_long_as_the_request_is_rejected(self):
        shipment = a_request((A_SKU, 3), (B_SKU, 1))
        assert shipment.refusal is None
        rejected = steps.reject(shipment, RejectShipment(shipment.id, "fire", ((A_SKU, 2), (B_SKU, 1)))).state
        assert rejected.refusal == f"icheon rejected it: fire (short of 2 × {A_SKU}, 1 × {B_SKU})"
        assert replace(rejected, short=()).refusal == "icheon rejected it: fire"
        assert steps.reassign(rejected, ReassignShipment(shipment.id, "gimpo")).state.refusal is None
        by_hand = RecordWaybill(shipment.id, ids.new_id(), "cj", CJ_OTHER, (PackedLine(shipment.lines[0].line_id),))
        assert steps.ship(rejected, by_hand, NOW).state.refusal is None
        assert stopped(rejected)[0].refusal is None

    def test_stands_with_the_request_until_another_centre_is_asked(self):
        shipment = a_shipment(Status.ACCEPTED)
        short = ((A_SKU, 1),)
        rejected = steps.reject(shipment, RejectShipment(shipment.id, "x", short)).state
        assert rejected.short == short
        corrected = steps.reject(rejected, RejectShipment(shipment.id, "x", ((B_SKU, 1),))).state
        assert (corrected.short, corrected.refusal) == (((B_SKU, 1),), f"icheon rejected it: x (short of 1 × {B_SKU})")
        assert steps.reassign(rejected, ReassignShipment(shipment.id, "gimpo")).state.short == ()
        requested = replace(a_shipment(), short=short)
        assert steps.accept(requested, AcceptShipment(requested.id)).state.short == ()

    def test_stands_while_others_leave_and_is_over_when_all_have(self):
        shipment = replace(a_shipment(Status.REJECTED), short=((A_SKU, 1),))
        whole = RecordWaybill(shipment.id, ids.new_id(), "cj", CJ_OTHER)
        part = replace(whole, lines=(PackedLine(shipment.lines[1].line_id),))
        assert steps.ship(shipment, part, NOW).state.short == ((A_SKU, 1),)
        assert steps.ship(shipment, whole, NOW).state.short == ()


class TestSeen:
    @pytest.mark.parametrize(
        ("shelves", "short"),
        [
            ({A_SKU: 9, "CUP": 9}, ()),
            ({A_SKU: 5, "CUP": 2}, ()),
            ({A_SKU: 4, "CUP": 2}, ((A_SKU, 1),)),
            ({A_SKU: -3, "CUP": 0}, ((A_SKU, 5), ("CUP", 2))),
            ({}, ((A_SKU, 5), ("CUP", 2))),
        ],
    )
    def test_is_what_the_shelves_do_not_have_of_what_is_picked(self, shelves, short):
        assert shortage.seen(a_request(("BOX", 2), (A_SKU, 1)), shelves, KNOWN) == short


class TestCancelled:
    def test_units_are_first_those_that_are_not_there(self):
        shipment = a_request((A_SKU, 3), short=((A_SKU, 2),))
        one, first = stopped(shipment, 1)
        assert (first, one.short) == (((A_SKU, 1),), ((A_SKU, 1),))
        rest, second = stopped(one)
        assert (second, rest.short, rest.status) == (((A_SKU, 1),), (), Status.CANCELLED)

    def test_of_another_line_say_nothing_of_those_that_are_short(self):
        after, short = stopped(a_request((A_SKU, 3), (B_SKU, 1), short=((A_SKU, 2),)), 0, 1)
        assert (short, after.short) == ((), ((A_SKU, 2),))

    def test_of_a_set_are_short_of_its_part(self):
        after, short = stopped(a_request(("BOX", 2), (A_SKU, 1), short=(("CUP", 1), (A_SKU, 3))), 1, 0)
        assert (short, after.short) == ((("CUP", 1), (A_SKU, 2)), ((A_SKU, 1),))

    @given(
        quantities=st.lists(st.integers(1, 5), min_size=2, max_size=2),
        missing=st.dictionaries(st.sampled_from([A_SKU, "CUP"]), st.integers(1, 9)),
        cuts=st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), max_size=4),
    )
    def test_never_more_than_was_said_and_than_is_cancelled(self, quantities, missing, cuts):
        lines = zip(("BOX", A_SKU), quantities, strict=True)
        shipment = a_request(*lines, short=tuple(missing.items()))
        for cut in [*cuts, []]:
            before = shipment
            shipment, short = stopped(before, *cut)
            gone = dict(
                picked(
                    (
                        Packed(was.line_id, was.sku, now.cancelled - was.cancelled)
                        for was, now in zip(before.lines, shipment.lines, strict=True)
                    ),
                    KNOWN,
                )
            )
            for sku, units in before.short:
                told, left = dict(short).get(sku, 0), dict(shipment.short).get(sku, 0)
                assert told == min(units, gone.get(sku, 0))
                assert told + left == units
