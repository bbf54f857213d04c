"""What is paid apart from an order for a farther place: once, and back where the order comes to nothing."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from services.orders.tests.builders import NOW, a_quote, an_order, cancels, claims, expires, settles, ships
from services.orders.tests.claimed import settled

from common import ids
from common.errors import DomainError
from orders import domain
from orders.commands import ChangeAddress, NoteChargeReturned, SettleAddressChange, ShipTo
from orders.domain import Decision, Order, Status

CANCEL = ids.derived_id("cancel", "of a moved order")
JEJU, ISLAND = 3000, 5000


def moves(order: Order, costs: int, *, now: int = 0, pending: tuple[UUID, ...] = (), **changes: str) -> ChangeAddress:
    """To a place that costs so much, from one that costs `now`."""
    made = ChangeAddress(
        order.order_id, ids.new_id(), "staff:1", ShipTo("", "", "63122", "", None, "", None),
        surcharge=costs, surcharge_now=now, surcharge_paid_by="bank_transfer", pending=frozenset(pending),
    )  # fmt: skip
    return replace(made, **changes)


def moved(order: Order, costs: int, *, now: int = 0, accepted: bool = True, paid_by: str = "bank_transfer") -> Order:
    command = moves(order, costs, now=now, surcharge_paid_by=paid_by)
    order = domain.change_address(order, command, NOW).order
    return domain.settle_address_change(
        order, SettleAddressChange(order.order_id, command.change_id, accepted), NOW
    ).order


def statuses(order: Order) -> list[tuple[int, str]]:
    return [(each.amount, each.status) for each in order.charges]


class TestTheOrderIsOff:
    def the_ends(self, status: Status) -> list[Decision]:
        order = moved(an_order(status), JEJU)
        if status is Status.PENDING_PAYMENT:
            late = NOW + 2 * expires(order).account_grace
            return [domain.request_cancel(order, cancels(order), NOW), domain.expire(order, expires(order), late)]
        asked = domain.request_cancel(order, cancels(order, cancel_id=CANCEL), NOW).order
        return [domain.settle_cancel(asked, settles(order, CANCEL), NOW)]

    @pytest.mark.parametrize("status", [Status.PENDING_PAYMENT, Status.PAID, Status.PREPARING])
    def test_a_cancelled_order_owes_what_was_paid_for_its_farther_place(self, status):
        for end in self.the_ends(status):
            assert (end.order.status, statuses(end.order)) == (Status.CANCELLED, [(JEJU, "owed")])
            assert sum(fact.name == "charge-owed" for fact in end.facts) == 1
            (charge,) = end.order.charges
            back = NoteChargeReturned(end.order.order_id, charge.subject, "staff:1")
            assert statuses(domain.note_returned(end.order, back, NOW).order) == [(JEJU, "returned")]

    def test_a_part_that_is_cancelled_owes_nothing_of_it(self):
        order = moved(an_order(Status.PAID), JEJU)
        order = domain.request_cancel(order, cancels(order, (order.lines[1].line_id, 1), cancel_id=CANCEL), NOW).order
        assert statuses(domain.settle_cancel(order, settles(order, CANCEL), NOW).order) == [(JEJU, "kept")]

    @pytest.mark.parametrize(("reason", "ends"), [("defective", "owed"), ("change_of_mind", "kept")])
    def test_the_sellers_fault_brings_it_back_with_the_last_unit(self, reason, ends):
        order = moved(an_order(Status.PAID), JEJU)
        order = domain.note_shipment(order, ships(order, "delivered", shipped=True, delivered=True)).order
        whole = [(line.line_id, line.quantity) for line in order.lines]
        first = settled(order, claims(order, whole[0], reason=reason)).order
        assert statuses(first) == [(JEJU, "kept")]
        rest = settled(first, claims(order, whole[1], reason=reason)).order
        assert (rest.status, statuses(rest)) == (Status.RETURNED, [(JEJU, ends)])


class TestPaidOnce:
    def test_there_and_back_and_there_again_costs_once(self):
        order = moved(an_order(Status.PAID), JEJU)
        order = moved(order, 0, now=JEJU)
        assert statuses(moved(order, JEJU)) == [(JEJU, "kept")]
        assert statuses(moved(order, ISLAND)) == [(JEJU, "kept"), (ISLAND - JEJU, "kept")]

    def test_what_the_order_paid_in_its_total_counts(self):
        order = an_order(Status.PAID, a_quote(shipping=3000 + JEJU, surcharge_amount=JEJU))
        order = moved(order, 0, now=JEJU)
        assert statuses(moved(order, JEJU)) == []
        assert statuses(moved(order, ISLAND)) == [(ISLAND - JEJU, "kept")]

    def test_what_was_sent_back_or_waived_does_not(self):
        refused = moved(an_order(Status.PAID), JEJU, accepted=False)
        assert statuses(moved(refused, JEJU)) == [(JEJU, "owed"), (JEJU, "kept")]
        waived = moved(an_order(Status.PAID), JEJU, paid_by="waived")
        assert statuses(moved(waived, JEJU, now=JEJU)) == [(0, "kept")], "the place it goes to is settled"
        assert statuses(moved(moved(waived, 0, now=JEJU), JEJU)) == [(0, "kept"), (JEJU, "kept")]

    @pytest.mark.parametrize("paid_by", ["bank_transfer", "waived"])
    def test_while_the_centre_thinks_nothing_more_is_taken_and_nothing_goes_there_for_nothing(self, paid_by):
        first = moves(an_order(Status.PAID), JEJU, surcharge_paid_by=paid_by)
        order = domain.change_address(an_order(Status.PAID), first, NOW).order
        for costs in (JEJU, ISLAND):
            with pytest.raises(DomainError) as refused:
                domain.change_address(order, moves(order, costs, pending=(first.change_id,)), NOW)
            assert refused.value.code == "order.address_change_pending"
        near = domain.change_address(order, moves(order, 0, pending=(first.change_id,)), NOW).order
        assert near.charges == order.charges
