from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from services.scm.tests.builders import a_shipment

from common import ids
from scm.commands import CancelUnits, StopOrder
from scm.domain import cancel as cancelling
from scm.domain.cancel import CancelState, Holder, Refusal
from scm.domain.parcel import Packed
from scm.domain.shipment import Shipment, Status

OURS = Holder(released=False, cancel_after_accept=False)
LENIENT = Holder(released=False, cancel_after_accept=True)
AT_CENTRE = Holder(released=True, cancel_after_accept=False)
YES, ASK = CancelState.ACCEPTED, CancelState.PENDING


def a_stop(
    shipment: Shipment, *units: tuple[UUID, int], final: bool = False, reason: str = "changed_mind"
) -> StopOrder:
    lines = tuple(CancelUnits(line_id, quantity) for line_id, quantity in units)
    return StopOrder(ids.new_id(), shipment.order_id, "intake", not units, lines, reason, final)


def a_claims_stop(shipment: Shipment, *units: tuple[UUID, str, int]) -> StopOrder:
    """Of the replacements in `shipment`, all that are left, whatever is named."""
    lines = tuple(CancelUnits(line_id, quantity, sku) for line_id, sku, quantity in units)
    return StopOrder(ids.new_id(), shipment.order_id, "intake", True, lines, "given_up", False, ids.new_id())


def answer(cancel: cancelling.Cancel) -> CancelState | Refusal:
    return cancel.answer or cancel.state


@pytest.mark.parametrize(
    ("status", "asked", "lenient", "at_centre", "final"),
    [
        (Status.REQUESTED, YES, YES, ASK, YES),
        (Status.ACCEPTED, Refusal.CENTRE_ACCEPTED, YES, ASK, YES),
        (Status.REJECTED, YES, YES, ASK, YES),
        (Status.PARTLY_SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED),
        (Status.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED),
        (Status.IN_TRANSIT, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED),
        (Status.DELIVERED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED),
        (Status.CANCELLED, YES, YES, YES, YES),
    ],
)
def test_a_whole_order_in_every_status(status, asked, lenient, at_centre, final):
    shipment = a_shipment(status)
    assert answer(cancelling.decide(shipment, a_stop(shipment), OURS)) == asked
    assert answer(cancelling.decide(shipment, a_stop(shipment), LENIENT)) == lenient
    assert answer(cancelling.decide(shipment, a_stop(shipment), AT_CENTRE)) == at_centre
    assert answer(cancelling.decide(shipment, a_stop(shipment, final=True), OURS)) == final


@pytest.mark.parametrize(
    ("status", "asked", "lenient", "at_centre", "left"),
    [
        (Status.REQUESTED, YES, YES, ASK, 3),
        (Status.ACCEPTED, Refusal.CENTRE_ACCEPTED, YES, ASK, 3),
        (Status.REJECTED, YES, YES, ASK, 3),
        (Status.PARTLY_SHIPPED, Refusal.CENTRE_ACCEPTED, YES, ASK, 1),
        (Status.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, 0),
        (Status.IN_TRANSIT, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, 0),
        (Status.DELIVERED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, 0),
        (Status.CANCELLED, Refusal.SHIPPED, Refusal.SHIPPED, Refusal.SHIPPED, 0),
    ],
)
class TestReplacementsInEveryStatus:
    def test_are_stopped_or_not(self, status, asked, lenient, at_centre, left):
        shipment = a_shipment(status)
        for holder, expected in ((OURS, asked), (LENIENT, lenient), (AT_CENTRE, at_centre)):
            cancel = cancelling.decide(shipment, a_claims_stop(shipment), holder)
            assert answer(cancel) == expected
            assert cancel.takes == (expected is YES)
            assert sum(unit.quantity for unit in cancel.gone) == (left if cancel.takes else 0)

    def test_never_twice(self, status, asked, lenient, at_centre, left):
        shipment = a_shipment(status)
        before = replace(LENIENT, stopped=True)
        assert answer(cancelling.decide(shipment, a_claims_stop(shipment), before)) is Refusal.SHIPPED

    def test_by_the_centres_word(self, status, asked, lenient, at_centre, left):
        shipment = a_shipment(status)
        stop = a_claims_stop(shipment)
        stopped = cancelling.settle(shipment, stop, stopped=True)
        assert answer(stopped) is (YES if left else Refusal.SHIPPED)
        goes_on = cancelling.settle(shipment, stop, stopped=False)
        assert answer(goes_on) is (Refusal.CENTRE_REFUSED if left else Refusal.SHIPPED)
        assert not goes_on.gone

    def test_wait_for_it_as_long_as_any_are_here(self, status, asked, lenient, at_centre, left):
        shipment = a_shipment(status)
        refused = cancelling.overtaken(shipment, a_claims_stop(shipment))
        assert (refused.answer if refused else None) is (None if left else Refusal.SHIPPED)

    def test_are_all_gone_afterwards(self, status, asked, lenient, at_centre, left):
        shipment = a_shipment(status)
        stop = a_claims_stop(shipment, (shipment.lines[0].line_id, "ANY", 1))
        decision = cancelling.apply(shipment, stop)
        assert decision.state.left == 0
        assert (
            sum(line.cancelled for line in decision.state.lines) - sum(line.cancelled for line in shipment.lines)
            == left
        )
        assert [(event.status, event.reason) for event in decision.events] == [(Status.CANCELLED, "given_up")] * bool(
            left
        )
        assert decision.state.refusal is None


class TestReplacementsThatNeverCame:
    def test_are_kept_back_as_they_were_named_and_no_more(self):
        shipment = a_shipment()
        first, second = shipment.lines
        stop = a_claims_stop(shipment, (first.line_id, "RED", 1))
        cancel = cancelling.decide(None, stop, OURS)
        assert (cancel.state, cancel.gone) == (YES, (Packed(first.line_id, "RED", 1),))
        after = cancelling.apply(shipment, cancel.stop).state
        assert [line.left for line in after.lines] == [1, second.quantity]

    def test_are_kept_back_once(self):
        stop = a_claims_stop(a_shipment(), (ids.new_id(), "RED", 1))
        assert answer(cancelling.decide(None, stop, replace(OURS, stopped=True))) is Refusal.SHIPPED


class TestDecide:
    def test_an_order_that_never_came_can_be_stopped(self):
        assert cancelling.decide(None, a_stop(a_shipment()), OURS).state is YES

    @pytest.mark.parametrize("reason", ["deposit_reversed", "stock_unavailable"])
    def test_goods_without_money_or_owed_to_others_are_stopped_after_the_centre_accepted(self, reason):
        shipment = a_shipment(Status.ACCEPTED)
        stop = a_stop(shipment, reason=reason)
        assert cancelling.decide(shipment, stop, OURS).state is YES

    @pytest.mark.parametrize("reason", ["deposit_reversed", "stock_unavailable"])
    def test_but_not_called_back_once_they_left(self, reason):
        shipment = a_shipment(Status.SHIPPED)
        stop = a_stop(shipment, reason=reason)
        assert answer(cancelling.decide(shipment, stop, OURS)) is Refusal.SHIPPED

    def test_a_line_that_has_not_left_can_be_stopped_while_another_is_on_the_road(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        gone, left = shipment.lines
        assert cancelling.decide(shipment, a_stop(shipment, (left.line_id, 1)), LENIENT).state is YES
        assert answer(cancelling.decide(shipment, a_stop(shipment, (gone.line_id, 1)), LENIENT)) is Refusal.SHIPPED

    def test_more_units_than_are_left_are_refused(self):
        shipment = a_shipment()
        assert answer(cancelling.decide(shipment, a_stop(shipment, (shipment.lines[0].line_id, 3)), OURS)) is (
            Refusal.SHIPPED
        )

    def test_a_line_of_another_order_is_refused(self):
        shipment = a_shipment()
        assert answer(cancelling.decide(shipment, a_stop(shipment, (ids.new_id(), 1)), OURS)) is Refusal.UNKNOWN_LINE

    def test_a_final_cancel_asks_a_centre_that_holds_the_goods(self):
        shipment = a_shipment(Status.ACCEPTED)
        assert cancelling.decide(shipment, a_stop(shipment, final=True), AT_CENTRE).state is ASK

    def test_a_final_cancel_takes_what_has_not_left(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        stop = a_stop(shipment, final=True)
        cancel = cancelling.decide(shipment, stop, OURS)
        assert (answer(cancel), cancel.takes) == (Refusal.SHIPPED, True)
        assert cancelling.apply(shipment, stop).state.left == 0


class TestSettle:
    @pytest.mark.parametrize("final", [False, True])
    def test_follows_the_centres_word(self, final):
        shipment = a_shipment(Status.ACCEPTED)
        stopped = cancelling.settle(shipment, a_stop(shipment, final=final), stopped=True)
        assert (stopped.state, stopped.takes) == (YES, True)
        goes_on = cancelling.settle(shipment, a_stop(shipment, final=final), stopped=False)
        assert (goes_on.answer, goes_on.takes) == (Refusal.CENTRE_REFUSED, False)

    def test_of_two_cancels_for_the_same_units_one_wins(self):
        shipment = a_shipment(Status.ACCEPTED)
        first = a_stop(shipment, (shipment.lines[1].line_id, 1))
        after = cancelling.apply(shipment, first).state
        second = cancelling.settle(after, a_stop(shipment, (shipment.lines[1].line_id, 1)), stopped=True)
        assert second.answer is Refusal.SHIPPED


class TestOvertaken:
    def test_a_cancel_waits_on_while_its_units_are_here(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        assert cancelling.overtaken(shipment, a_stop(shipment, (shipment.lines[1].line_id, 1))) is None

    @pytest.mark.parametrize("final", [False, True])
    def test_a_cancel_whose_goods_left_is_refused(self, final):
        shipment = a_shipment(Status.SHIPPED)
        refused = cancelling.overtaken(shipment, a_stop(shipment, final=final))
        assert refused is not None
        assert refused.answer is Refusal.SHIPPED


class TestApply:
    def test_the_whole_request_is_cancelled_and_says_so(self):
        shipment = a_shipment()
        decision = cancelling.apply(shipment, a_stop(shipment))
        assert (decision.state.status, decision.state.revision) == (Status.CANCELLED, 2)
        (event,) = decision.events
        assert (event.status, event.part_id, event.lines) == (Status.CANCELLED, shipment.id, shipment.open_units)
        assert not event.shipment.order_shipped

    def test_a_line_is_taken_off_and_the_rest_goes_on_in_silence(self):
        shipment = a_shipment()
        decision = cancelling.apply(shipment, a_stop(shipment, (shipment.lines[0].line_id, 1)))
        assert [line.left for line in decision.state.lines] == [1, 1]
        assert (decision.state.status, decision.state.revision, decision.events) == (Status.REQUESTED, 2, ())

    def test_the_last_open_units_end_the_request_and_tell_that_the_order_has_left(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        decision = cancelling.apply(shipment, a_stop(shipment, (shipment.lines[1].line_id, 1)))
        assert decision.state.status is Status.SHIPPED
        (event,) = decision.events
        assert (event.status, event.shipment.order_shipped) == (Status.CANCELLED, True)

    def test_never_takes_more_than_is_left(self):
        shipment = a_shipment()
        line = shipment.lines[0]
        decision = cancelling.apply(shipment, a_stop(shipment, (line.line_id, 9)))
        assert decision.state.lines[0] == replace(line, cancelled=2)

    def test_the_same_cancel_on_a_cancelled_request_changes_nothing(self):
        shipment = a_shipment(Status.CANCELLED)
        assert cancelling.apply(shipment, a_stop(shipment)).state == shipment
