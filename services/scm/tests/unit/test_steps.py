"""Every status × every command, then what each step does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from services.scm.tests.builders import CJ, CJ_OTHER, NOW, a_shipment

from common import ids
from scm import errors
from scm.commands import (
    AcceptShipment,
    DeliverParcels,
    MoveParcel,
    PackedLine,
    ReassignShipment,
    RecordWaybill,
    RejectShipment,
)
from scm.domain import steps
from scm.domain.shipment import TRANSITIONS, Decision, IllegalMove, Shipment, Stage, Status
from scm.domain.steps import RULES, May

LATER = NOW + timedelta(hours=5)


def run(shipment: Shipment, command: type) -> Decision:
    """The plainest command of that kind."""
    parcel_id = shipment.parcels[0].id if shipment.parcels else shipment.id
    calls: dict[type, Any] = {
        AcceptShipment: lambda: steps.accept(shipment, AcceptShipment(shipment.id)),
        RejectShipment: lambda: steps.reject(shipment, RejectShipment(shipment.id, "no stock")),
        RecordWaybill: lambda: steps.ship(shipment, RecordWaybill(shipment.id, ids.new_id(), "cj", CJ_OTHER), LATER),
        MoveParcel: lambda: steps.move(shipment, MoveParcel(shipment.id, parcel_id)),
        DeliverParcels: lambda: steps.deliver(shipment, DeliverParcels(shipment.id, LATER)),
        ReassignShipment: lambda: steps.reassign(shipment, ReassignShipment(shipment.id, "gimpo")),
    }
    return calls[command]()


# What each command makes of each status; None where it changes nothing.
_A, _R, _P, _S, _T, _D = (
    Status.ACCEPTED, Status.REJECTED, Status.PARTLY_SHIPPED, Status.SHIPPED, Status.IN_TRANSIT, Status.DELIVERED,
)  # fmt: skip
_STOP, _GONE, _NOT = errors.ShipmentCancelled, errors.ShipmentAlreadyShipped, errors.ShipmentNotShipped
EXPECTED: dict[type, dict[Status, Any]] = {
    AcceptShipment: {
        Status.REQUESTED: _A, _A: None, _R: errors.ShipmentRejected, _P: None, _S: None, _T: None, _D: None,
        Status.CANCELLED: _STOP,
    },
    RejectShipment: {
        Status.REQUESTED: _R, _A: _R, _R: _R, _P: _R, _S: _GONE, _T: _GONE, _D: _GONE, Status.CANCELLED: _STOP,
    },
    RecordWaybill: {
        Status.REQUESTED: _S, _A: _S, _R: _S, _P: _S, _S: _GONE, _T: _GONE, _D: _GONE, Status.CANCELLED: _STOP,
    },
    # While a part is still to be shipped, the whole stays partly shipped whatever its parcels do.
    MoveParcel: {
        Status.REQUESTED: errors.ParcelUnknown, _A: _NOT, _R: errors.ParcelUnknown, _P: _P, _S: _T, _T: None, _D: None,
        Status.CANCELLED: _STOP,
    },
    DeliverParcels: {
        Status.REQUESTED: _NOT, _A: _NOT, _R: _NOT, _P: _P, _S: _D, _T: _D, _D: None, Status.CANCELLED: _STOP,
    },
    ReassignShipment: {
        Status.REQUESTED: Status.REQUESTED, _A: errors.ShipmentAlreadyAccepted, _R: Status.REQUESTED,
        _P: errors.ShipmentAlreadyAccepted, _S: _GONE, _T: _GONE, _D: _GONE, Status.CANCELLED: _STOP,
    },
}  # fmt: skip


@pytest.mark.parametrize("command", EXPECTED, ids=lambda command: command.__name__)
@pytest.mark.parametrize("status", Status)
class TestEveryStatusAndCommand:
    def test_ends_where_it_should(self, command, status):
        shipment = a_shipment(status)
        assert shipment.status is status
        expected = EXPECTED[command][status]
        if expected is None:
            assert run(shipment, command) == Decision(shipment)
        elif isinstance(expected, Status):
            decision = run(shipment, command)
            assert decision.state.status is expected
            assert decision.state != shipment
            assert decision.events
        else:
            with pytest.raises(expected):
                run(shipment, command)

    def test_the_table_says_the_same(self, command, status):
        rule, expected = RULES[command][status], EXPECTED[command][status]
        if expected is None:
            # A parcel in transit cannot be moved again, though others of the shipment could.
            assert rule is May.SAME or (command, status) == (MoveParcel, Status.IN_TRANSIT)
        elif isinstance(expected, Status) or expected is errors.ParcelUnknown or (command, status) in REMAINDERS:
            assert rule is May.DO
        else:
            assert rule is expected


# Allowed by the table for what is left of a request whose first parcels are on the road; refused when there are none.
REMAINDERS = {(DeliverParcels, Status.REQUESTED), (DeliverParcels, Status.REJECTED)}


class TestTransitions:
    def test_name_every_status(self):
        assert set(TRANSITIONS) == set(Status)

    def test_a_jump_outside_the_table_is_a_defect_and_raises(self):
        delivered = a_shipment(Status.DELIVERED)
        with pytest.raises(IllegalMove):
            delivered.to(parcels=(), lines=a_shipment().lines)


class TestAccept:
    def test_refuses_a_revision_that_is_over(self):
        shipment = a_shipment()
        with pytest.raises(errors.ShipmentChanged) as refused:
            steps.accept(shipment, AcceptShipment(shipment.id, revision=2))
        assert refused.value.fields == {"revision": 1}

    def test_says_what_is_to_be_shipped(self):
        shipment = a_shipment()
        (event,) = steps.accept(shipment, AcceptShipment(shipment.id, revision=1)).events
        assert (event.part_id, event.status, event.lines) == (shipment.id, Status.ACCEPTED, shipment.open_units)


class TestShip:
    def waybill(self, shipment, number=CJ, lines=None, **more):
        return RecordWaybill(shipment.id, ids.new_id(), "cj", number, lines, **more)

    def test_everything_at_once_bears_the_requests_id_and_ships_the_order(self):
        shipment = a_shipment(Status.ACCEPTED)
        decision = steps.ship(shipment, self.waybill(shipment), LATER)
        (parcel,) = decision.state.parcels
        assert (parcel.id, parcel.shipped_at, parcel.lines) == (shipment.id, LATER, shipment.open_units)
        assert decision.state.left == 0
        assert decision.events[0].shipment.order_shipped

    def test_a_part_splits_a_parcel_off_and_the_order_is_not_shipped(self):
        shipment = a_shipment(Status.ACCEPTED)
        first = shipment.lines[0]
        decision = steps.ship(shipment, self.waybill(shipment, lines=(PackedLine(first.line_id, 1),)), LATER)
        (parcel,) = decision.state.parcels
        assert parcel.id != shipment.id
        assert [(line.shipped, line.left) for line in decision.state.lines] == [(1, 1), (0, 1)]
        assert decision.state.status is Status.PARTLY_SHIPPED
        (event,) = decision.events
        assert (event.part_id, event.status) == (parcel.id, Status.SHIPPED)
        assert not event.shipment.order_shipped

    def test_the_last_part_ships_the_order(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        rest = shipment.open_units
        decision = steps.ship(shipment, self.waybill(shipment, CJ_OTHER), LATER)
        assert decision.state.parcels[-1].lines == rest
        assert decision.events[0].shipment.order_shipped
        assert not decision.events[0].shipment.order_delivered

    def test_the_same_waybill_again_changes_nothing_even_when_all_has_arrived(self):
        shipment = a_shipment(Status.DELIVERED)
        assert steps.ship(shipment, self.waybill(shipment), LATER) == Decision(shipment)

    def test_the_same_waybill_again_with_its_lines_changes_nothing(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        lines = (PackedLine(shipment.lines[0].line_id, 2),)
        assert steps.ship(shipment, self.waybill(shipment, lines=lines), LATER) == Decision(shipment)

    def test_the_same_waybill_for_other_lines_is_refused(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        with pytest.raises(errors.WaybillUsed):
            steps.ship(shipment, self.waybill(shipment, lines=(PackedLine(shipment.lines[1].line_id, 1),)), LATER)

    def test_another_waybill_for_shipped_lines_is_refused(self):
        shipment = a_shipment(Status.PARTLY_SHIPPED)
        lines = (PackedLine(shipment.lines[0].line_id),)
        with pytest.raises(errors.LineNotOpen):
            steps.ship(shipment, self.waybill(shipment, CJ_OTHER, lines), LATER)

    @pytest.mark.parametrize("quantity", [0, 3])
    def test_more_units_than_are_left_are_refused(self, quantity):
        shipment = a_shipment()
        lines = (PackedLine(shipment.lines[0].line_id, quantity),)
        with pytest.raises(errors.LineNotOpen):
            steps.ship(shipment, self.waybill(shipment, lines=lines), LATER)

    def test_a_line_of_another_request_or_with_another_sku_is_refused(self):
        shipment = a_shipment()
        for line in (PackedLine(ids.new_id()), PackedLine(shipment.lines[0].line_id, 1, "OTHER")):
            with pytest.raises(errors.LineUnknown):
                steps.ship(shipment, self.waybill(shipment, lines=(line,)), LATER)

    def test_a_revision_that_is_over_is_refused(self):
        shipment = a_shipment()
        with pytest.raises(errors.ShipmentChanged):
            steps.ship(shipment, self.waybill(shipment, revision=7), LATER)


class TestDeliver:
    def test_the_order_is_delivered_with_its_last_parcel_only(self):
        partly = a_shipment(Status.PARTLY_SHIPPED)
        shipped = steps.ship(partly, RecordWaybill(partly.id, ids.new_id(), "cj", CJ_OTHER), NOW).state
        decision = steps.deliver(shipped, DeliverParcels(shipped.id, LATER))
        assert [event.shipment.order_delivered for event in decision.events] == [False, True]
        assert {parcel.delivered_at for parcel in decision.state.parcels} == {LATER}

    def test_one_parcel_by_its_waybill(self):
        partly = a_shipment(Status.PARTLY_SHIPPED)
        shipped = steps.ship(partly, RecordWaybill(partly.id, ids.new_id(), "cj", CJ_OTHER), NOW).state
        decision = steps.deliver(shipped, DeliverParcels(shipped.id, LATER, waybill=CJ_OTHER))
        assert [parcel.status for parcel in decision.state.parcels] == ["shipped", "delivered"]
        assert decision.state.status is Status.IN_TRANSIT

    def test_an_unknown_waybill_is_refused(self):
        shipped = a_shipment(Status.SHIPPED)
        with pytest.raises(errors.ParcelUnknown):
            steps.deliver(shipped, DeliverParcels(shipped.id, LATER, waybill="1"))

    def test_parcels_of_a_request_whose_rest_was_rejected_arrive(self):
        partly = a_shipment(Status.PARTLY_SHIPPED)
        rejected = steps.reject(partly, RejectShipment(partly.id, "broken")).state
        decision = steps.deliver(rejected, DeliverParcels(partly.id, LATER))
        assert decision.state.status is Status.REJECTED
        assert not decision.events[0].shipment.order_delivered


class TestMove:
    def test_a_delivered_parcel_never_goes_back(self):
        partly = a_shipment(Status.PARTLY_SHIPPED)
        arrived = steps.deliver(partly, DeliverParcels(partly.id, LATER)).state
        assert steps.move(arrived, MoveParcel(partly.id, arrived.parcels[0].id)) == Decision(arrived)


class TestReject:
    def rejected(self, *short: tuple[str, int]) -> Shipment:
        shipment = a_shipment()
        return steps.reject(shipment, RejectShipment(shipment.id, "no stock", short)).state

    def test_the_same_again_changes_nothing_in_whatever_order_it_is_said(self):
        shipment = self.rejected(("A", 1), ("B", 2))
        again = RejectShipment(shipment.id, "no stock", (("B", 2), ("A", 1)))
        assert steps.reject(shipment, again) == Decision(shipment)

    def test_another_reason_takes_the_place_of_the_first_and_is_told(self):
        shipment = self.rejected(("A", 1))
        decision = steps.reject(shipment, RejectShipment(shipment.id, "fire"))
        assert (decision.state.reason, decision.state.short, decision.state.stage) == ("fire", (), Stage.REJECTED)
        (event,) = decision.events
        assert (event.status, event.reason, event.lines) == (Status.REJECTED, "fire", shipment.open_units)

    def test_other_missing_units_are_kept_and_told_to_nobody(self):
        shipment = self.rejected(("A", 1))
        decision = steps.reject(shipment, RejectShipment(shipment.id, "no stock", (("A", 2),)))
        assert (decision.state.short, decision.events) == ((("A", 2),), ())

    def test_what_was_said_before_a_cancel_and_comes_again_is_no_news(self):
        """Of two that are missing one was cancelled meanwhile: one is missing still, not two."""
        shipment = replace(self.rejected(("A", 2)), short=(("A", 1),))
        assert steps.reject(shipment, RejectShipment(shipment.id, "no stock", (("A", 2),))) == Decision(shipment)

    def test_a_centre_that_is_asked_again_and_rejects_again_says_so(self):
        shipment = self.rejected(("A", 1))
        asked = steps.reassign(shipment, ReassignShipment(shipment.id, "icheon")).state
        decision = steps.reject(asked, RejectShipment(shipment.id, "no stock", (("A", 1),)))
        assert (decision.state.short, len(decision.events)) == ((("A", 1),), 1)


class TestReassign:
    def test_gives_what_is_left_of_a_rejected_request_to_another_centre(self):
        rejected = a_shipment(Status.REJECTED)
        decision = steps.reassign(rejected, ReassignShipment(rejected.id, "gimpo"))
        assert (decision.state.centre, decision.state.stage) == ("gimpo", Stage.REQUESTED)

    def test_to_the_centre_that_has_it_changes_nothing(self):
        shipment = a_shipment()
        assert steps.reassign(shipment, ReassignShipment(shipment.id, "icheon")) == Decision(shipment)
