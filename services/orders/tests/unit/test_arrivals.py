"""What has arrived can be claimed, parcel by parcel, and what is on its way cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from services.orders.tests.builders import (
    DAY,
    NOW,
    a_quote,
    a_quote_line,
    an_order,
    cancels,
    claims,
    settles,
    ships,
)
from services.orders.tests.claimed import delivered, refunds, replaced, settled

from common import ids
from common.errors import DomainError
from orders import domain
from orders.commands import NoteShipment, Units
from orders.domain import Order, Status

CANCEL = ids.derived_id("cancel", "of the rest")


def parcel(order: Order, number: int, *units: tuple[UUID, int], at: datetime = NOW, last: bool = False) -> NoteShipment:
    came = ships(order, "delivered", shipped=last, delivered=last)
    lines = tuple(Units(*each) for each in units)
    return replace(came, shipment_id=ids.derived_id("parcel", str(number)), lines=lines, occurred_at=at)


def refused(order: Order, *lines: tuple, at: datetime = NOW, **changes: str) -> DomainError:
    with pytest.raises(DomainError) as error:
        domain.request_claim(order, claims(order, *lines, **changes), at)
    return error.value


class TestParcels:
    """Three units of a line, of which two have come."""

    @pytest.fixture
    def order(self) -> Order:
        order = an_order(Status.PAID, a_quote(a_quote_line("OAT", quantity=3), a_quote_line("TEA")))
        return domain.note_shipment(order, parcel(order, 1, (order.lines[0].line_id, 2))).order

    def test_a_faulty_unit_need_not_wait_for_the_last_parcel(self, order):
        oat, tea = (line.line_id for line in order.lines)
        assert order.status is Status.PREPARING
        error = refused(order, (oat, 3), reason="defective")
        assert (error.code, error.fields["open"], error.fields["line_id"]) == ("claim.not_delivered", 2, str(oat))
        assert refused(order, (tea, 1), reason="defective").code == "claim.not_delivered"
        decision = settled(order, claims(order, (oat, 2), reason="defective"))
        assert refunds(decision) == [order.lines[0].worth(2)]
        assert refused(decision.order, (oat, 1)).code == "claim.not_delivered"
        rest = parcel(order, 2, (oat, 1), (tea, 1), at=NOW + 4 * DAY, last=True)
        whole = domain.note_shipment(decision.order, rest).order
        assert (whole.status, whole.progress) == (Status.DELIVERED, "delivered")
        assert settled(whole, claims(order, (oat, 1), (tea, 1))).order.status is Status.RETURNED

    def test_each_unit_counts_from_its_own_parcel(self, order):
        oat = order.lines[0].line_id
        order = domain.note_shipment(order, parcel(order, 2, (oat, 1), at=NOW + 6 * DAY, last=True)).order
        late = NOW + 10 * DAY
        first = domain.request_claim(order, claims(order, (oat, 1)), late).order
        for known, count in ((order, 2), (first, 1)):
            error = refused(known, (oat, count), at=late)
            assert (error.code, error.fields["until"]) == ("claim.too_late", "2026-11-29")
        assert domain.request_claim(first, claims(order, (oat, 2), reason="defective"), late).order.claim_open

    def test_what_comes_back_before_the_rest_is_cancelled_ends_the_order_whole(self, order):
        oat, tea = (line.line_id for line in order.lines)
        order = settled(order, claims(order, (oat, 2), reason="defective")).order
        order = domain.request_cancel(order, cancels(order, (oat, 1), (tea, 1), cancel_id=CANCEL), NOW).order
        order = domain.settle_cancel(order, settles(order, CANCEL), NOW).order
        assert order.status is Status.PREPARING
        told = domain.note_shipment(order, parcel(order, 1, (oat, 2), last=True))
        assert told.order.status is Status.RETURNED
        assert "the order is returned" in told.facts[0].story

    def test_a_gift_that_is_still_on_its_way_is_not_waited_for(self):
        base = a_quote_line("OAT")
        gift = replace(a_quote_line("CUP", unit_price=0), kind="gift", gift_of=(base.line_id,))
        order = an_order(Status.PAID, a_quote(base, gift, a_quote_line("TEA")))
        order = domain.note_shipment(order, parcel(order, 1, (base.line_id, 1))).order
        order = domain.request_claim(order, claims(order, (base.line_id, 1)), NOW).order
        assert [units.sku for units in order.claims[0].units] == ["OAT"]


class TestReplacements:
    def exchanged(self) -> Order:
        order = delivered(a_quote(a_quote_line("SMALL", quantity=2)))
        line = order.lines[0].line_id
        return settled(order, claims(order, (line, 1, "LARGE"), kind="exchange", reason="defective")).order

    def test_what_was_not_sent_yet_cannot_come_back(self):
        order = self.exchanged()
        line = order.lines[0].line_id
        error = refused(order, (line, 1, None, "LARGE"), at=NOW + 3 * DAY)
        assert (error.code, error.fields["open"]) == ("claim.not_delivered", 0)
        assert domain.request_claim(order, claims(order, (line, 1, None, "SMALL")), NOW + 3 * DAY).order.claim_open

    def test_of_the_same_again_only_what_is_there(self):
        order = delivered(a_quote(a_quote_line("SMALL", quantity=2)))
        order = settled(order, claims(order, kind="exchange", reason="defective")).order
        line = order.lines[0].line_id
        assert refused(order, (line, 2), reason="defective").fields["open"] == 1
        order = replaced(order, order.claims[0].claim_id)
        assert domain.request_claim(order, claims(order, (line, 2), reason="defective"), NOW + 6 * DAY).order.claim_open

    def test_it_counts_from_its_own_arrival(self):
        order = self.exchanged()
        order = replaced(order, order.claims[0].claim_id, at=NOW + 20 * DAY)
        line = order.lines[0].line_id
        assert refused(order, (line, 1, None, "SMALL"), at=NOW + 27 * DAY).code == "claim.too_late"
        assert domain.request_claim(order, claims(order, (line, 1, None, "LARGE")), NOW + 27 * DAY).order.claim_open
        error = refused(order, (line, 1, None, "LARGE"), at=NOW + 28 * DAY)
        assert (error.code, error.fields["until"]) == ("claim.too_late", "2026-12-19")

    def test_its_parcel_is_no_parcel_of_the_order(self):
        order = self.exchanged()
        before = order.progress
        order = replaced(order, order.claims[0].claim_id)
        assert (order.progress, domain.units_of(order.parcels, order.lines[0].line_id, delivered=True)) == (before, 0)
