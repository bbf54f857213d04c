"""Any order of events: what left, what was cancelled and what is left always add up, and nothing goes backwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from services.scm.tests.builders import NOW, a_shipment

from common import ids
from common.errors import DomainError
from scm.commands import (
    AcceptShipment,
    CancelUnits,
    DeliverParcels,
    MoveParcel,
    PackedLine,
    ReassignShipment,
    RecordWaybill,
    RejectShipment,
    StopOrder,
)
from scm.domain import cancel as cancelling
from scm.domain import steps
from scm.domain.cancel import CancelState, Holder
from scm.domain.shipment import Decision, Shipment

_step = st.tuples(
    st.sampled_from(
        ["accept", "reject", "ship", "ship_part", "move", "deliver", "reassign", "cancel", "cancel_part", "give_up"]
    ),
    st.integers(0, 1),
    st.integers(1, 2),
    st.booleans(),
)


def take(shipment: Shipment, kind: str, line: int, quantity: int, final: bool) -> Decision:
    line_id = shipment.lines[line].line_id
    parcel = shipment.parcels[line % len(shipment.parcels)].id if shipment.parcels else shipment.id
    if kind in ("cancel", "cancel_part", "give_up"):
        units = (CancelUnits(line_id, quantity),)
        claim_id = ids.new_id() if kind == "give_up" else None
        whole = kind != "cancel_part"
        stop = StopOrder(
            ids.new_id(), shipment.order_id, "intake", whole, units, "any", final and claim_id is None, claim_id
        )
        cancel = cancelling.decide(shipment, stop, Holder(released=False, cancel_after_accept=True))
        assert cancel.state is not CancelState.ACCEPTED or cancel.takes
        assert cancel.gone == (cancelling.taken_off(shipment, stop) if cancel.takes else ())
        return cancelling.apply(shipment, stop) if cancel.takes else Decision(shipment)
    lines = (PackedLine(line_id, quantity),) if kind == "ship_part" else None
    waybill = RecordWaybill(shipment.id, ids.new_id(), "cj", f"{len(shipment.parcels)}{line}", lines)
    return {
        "accept": lambda: steps.accept(shipment, AcceptShipment(shipment.id)),
        "reject": lambda: steps.reject(shipment, RejectShipment(shipment.id, "no")),
        "ship": lambda: steps.ship(shipment, waybill, NOW),
        "ship_part": lambda: steps.ship(shipment, waybill, NOW),
        "move": lambda: steps.move(shipment, MoveParcel(shipment.id, parcel)),
        "deliver": lambda: steps.deliver(shipment, DeliverParcels(shipment.id, NOW + timedelta(1), parcel)),
        "reassign": lambda: steps.reassign(shipment, ReassignShipment(shipment.id, "gimpo")),
    }[kind]()


@given(st.lists(_step, max_size=14))
def test_units_always_add_up(story):
    shipment = a_shipment()
    for step in story:
        try:
            decision = take(shipment, *step)
        except DomainError:
            continue
        after = decision.state
        for was, line in zip(shipment.lines, after.lines, strict=True):
            assert line.left >= 0
            assert (line.cancelled, line.shipped) >= (was.cancelled, was.shipped)
            packed = sum(
                unit.quantity for parcel in after.parcels for unit in parcel.lines if unit.line_id == line.line_id
            )
            assert packed == line.shipped
        assert len({parcel.id for parcel in after.parcels}) == len(after.parcels)
        assert after.order_shipped == (after.left == 0 and bool(after.parcels))
        assert after.order_delivered == (
            after.order_shipped and all(parcel.delivered_at is not None for parcel in after.parcels)
        )
        if decision.events:
            assert replace(decision.events[-1].shipment) == after
        shipment = after
