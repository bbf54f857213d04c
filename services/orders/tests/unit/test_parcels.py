"""Several parcels of one order, in whatever order their news comes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from services.orders.tests.builders import NOW, an_order, cancels, settles, ships

from common import ids
from orders import domain
from orders.commands import NoteShipment, Units
from orders.domain import Order, Status

FIRST, SECOND = ids.derived_id("parcel", "1"), ids.derived_id("parcel", "2")


def news(order: Order, parcel, status: str, *lines: tuple[int, int], last: bool = False) -> NoteShipment:
    """Units as (line, quantity). `last`: with it the whole order is so."""
    units = tuple(Units(order.lines[line].line_id, quantity) for line, quantity in lines)
    shipped, delivered = last and status == "shipped", last and status == "delivered"
    told = ships(order, status, shipped=shipped or delivered, delivered=delivered)
    return replace(told, shipment_id=parcel, lines=units)


def after(order: Order, *told: NoteShipment) -> Order:
    for each in told:
        order = domain.note_shipment(order, each).order
    return order


def test_each_parcel_moves_the_order_on():
    order = an_order(Status.PAID)
    steps = [
        (news(order, FIRST, "shipped", (0, 1), (1, 1)), "preparing", "partly_shipped"),
        (news(order, FIRST, "delivered", (0, 1), (1, 1)), "preparing", "partly_delivered"),
        (news(order, SECOND, "shipped", (1, 2), last=True), "shipped", "partly_delivered"),
        (news(order, SECOND, "delivered", (1, 2), last=True), "delivered", "delivered"),
    ]
    assert order.progress == "nothing_shipped"
    for told, status, progress in steps:
        order = domain.note_shipment(order, told).order
        assert (order.status, order.progress) == (status, progress)
    line = order.lines[1].line_id
    assert domain.units_of(order.parcels, line, delivered=False) == 3


def test_late_and_repeated_news_ends_the_same_way():
    order = an_order(Status.PAID)
    told = (
        news(order, FIRST, "shipped", (0, 1)),
        news(order, FIRST, "delivered", (0, 1)),
        news(order, SECOND, "delivered", (1, 3), last=True),
    )
    ends = {after(order, *shuffled, *shuffled).status for shuffled in permutations(told)}
    assert ends == {Status.DELIVERED}
    for shuffled in permutations(told):
        assert after(order, *shuffled, *shuffled).progress == "delivered"


def test_units_that_were_cancelled_are_not_waited_for():
    order = after(an_order(Status.PAID), news(an_order(), FIRST, "accepted"))
    command = cancels(order, (order.lines[1].line_id, 2))
    order = domain.request_cancel(order, command, NOW).order
    order = domain.settle_cancel(order, settles(order, command.cancel_id), NOW).order
    order = after(order, news(order, FIRST, "shipped", (0, 1), (1, 1), last=True))
    assert (order.status, order.progress) == (Status.SHIPPED, "shipped")


@pytest.mark.parametrize("status", ["requested", "accepted", "rejected", "cancelled"])
def test_what_has_not_left_is_no_parcel(status):
    order = an_order(Status.PREPARING)
    assert after(order, news(order, FIRST, status, (0, 1))).parcels == ()
