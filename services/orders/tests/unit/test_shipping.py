from __future__ import annotations

from datetime import timedelta

import pytest
from services.orders.tests.builders import DAY, NOW, an_order, cancels, completes, ships

from orders import domain
from orders.domain import CancelStatus, Status
from orders.errors import CancelInProgress, CompletionTooEarly


class TestShipping:
    def test_late_news_does_not_move_the_order_back(self):
        order = an_order(Status.DELIVERED)
        late = domain.note_shipment(order, ships(order, "in_transit", shipped=True))
        assert late.order == order

    def test_news_may_skip_steps(self):
        order = an_order(Status.PAID)
        arrived = domain.note_shipment(order, ships(order, "delivered", shipped=True, delivered=True)).order
        assert arrived.status is Status.DELIVERED
        assert arrived.delivered_at == NOW + timedelta(hours=5)

    def test_part_of_the_goods_on_their_way_is_still_preparing(self):
        order = an_order(Status.PAID)
        assert domain.note_shipment(order, ships(order, "shipped")).order.status is Status.PREPARING

    def test_goods_of_a_cancelled_order_that_move_are_noticed(self):
        order = an_order(Status.CANCELLED)
        assert domain.note_shipment(order, ships(order, "shipped", shipped=True)).facts[0].unexpected
        assert not domain.note_shipment(order, ships(order, "cancelled")).facts[0].unexpected

    def test_an_open_cancel_holds_completion_back(self):
        order = an_order(Status.PAID)
        order = domain.request_cancel(order, cancels(order), NOW).order
        order = domain.note_shipment(order, ships(order, "delivered", delivered=True)).order
        assert order.cancels[0].status is CancelStatus.REQUESTED
        with pytest.raises(CancelInProgress):
            domain.complete(order, completes(order), NOW + 30 * DAY)

    def test_completes_once_the_time_to_object_is_over(self):
        order = an_order(Status.DELIVERED)
        with pytest.raises(CompletionTooEarly):
            domain.complete(order, completes(order), order.delivered_at + 7 * DAY - timedelta(seconds=1))
        assert domain.complete(order, completes(order), order.delivered_at + 7 * DAY).order.completed_at
