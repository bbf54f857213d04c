"""Whether another variant can still be packed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.scm.tests.builders import A_SKU, NOW, a_shipment

from common import ids
from scm.commands import ChangeOption
from scm.domain.addressing import Unmoved
from scm.domain.options import Unlike, changed, refusal
from scm.domain.shipment import Shipment, Status


def a_wish(shipment: Shipment, **changes: object) -> ChangeOption:
    line = shipment.lines[0]
    made = ChangeOption(shipment.order_id, ids.new_id(), "intake", line.line_id, A_SKU, "OTHER", "다른", 2, NOW)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.REQUESTED, None),
        (Status.REJECTED, None),
        (Status.ACCEPTED, Unmoved.ACCEPTED),
        (Status.PARTLY_SHIPPED, Unmoved.SHIPPED),
        (Status.SHIPPED, Unmoved.SHIPPED),
        (Status.IN_TRANSIT, Unmoved.SHIPPED),
        (Status.DELIVERED, Unmoved.SHIPPED),
        (Status.CANCELLED, Unmoved.CANCELLED),
    ],
)
def test_as_late_as_an_address(status: Status, expected: Unmoved | None):
    shipment = a_shipment(status)
    assert refusal(shipment, a_wish(shipment), released=False) is expected


def test_a_polled_centre_that_was_asked_has_it_in_hand():
    shipment = a_shipment()
    assert refusal(shipment, a_wish(shipment), released=True) is Unmoved.ACCEPTED


def test_of_a_line_that_was_cancelled_in_part_all_that_is_left():
    shipment = a_shipment()
    first, second = shipment.lines
    shipment = replace(shipment, lines=(replace(first, cancelled=1), second))
    assert refusal(shipment, a_wish(shipment), released=False) is Unlike.UNITS
    assert refusal(shipment, a_wish(shipment, quantity=1), released=False) is None


def test_of_an_order_that_never_came_here():
    assert refusal(None, a_wish(a_shipment()), released=False) is Unlike.LINE


def test_the_line_is_the_other_variant_and_the_centre_must_read_it_again():
    shipment = a_shipment()
    after = changed(shipment, a_wish(shipment))
    assert [(line.sku, line.variant_name, line.changed_at) for line in after.lines] == [
        ("OTHER", "다른", NOW),
        (shipment.lines[1].sku, None, None),
    ]
    assert after.revision == shipment.revision + 1
