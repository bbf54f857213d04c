"""What the centre does not have of units that are cancelled, or become another option, is told to catalog as heard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.orders.tests.builders import NOW, a_quote, a_quote_line, an_order, cancels, chooses, decides, settles

from contracts.orders import OrderCancelled, OrderOptionChanged
from contracts.shared import SkuQuantity
from orders import domain, events
from orders.commands import ShelfUnits
from orders.domain import Decision, Order, Status

SHORT = (ShelfUnits("PART", 3), ShelfUnits("RED", 1))
TOLD = (SkuQuantity(sku="PART", quantity=3), SkuQuantity(sku="RED", quantity=1))


@pytest.fixture
def order() -> Order:
    return an_order(Status.PAID, a_quote(a_quote_line("RED", quantity=3), a_quote_line("BAR")))


def cancelled(order: Order, *lines, accepted: bool = True) -> Decision:
    command = cancels(order, *lines)
    asked = domain.request_cancel(order, command, NOW).order
    return domain.settle_cancel(asked, replace(settles(asked, command.cancel_id, accepted=accepted), short=SHORT), NOW)


@pytest.mark.parametrize("units", [3, 1])
def test_of_a_cancel(order: Order, units: int):
    decision = cancelled(order, (order.lines[0].line_id, units))
    (event,) = [event for event in events.told(decision, NOW) if isinstance(event, OrderCancelled)]
    assert event.short == TOLD
    story = next(fact.story for fact in decision.facts if fact.name == "order-cancelled")
    assert story.endswith("; the centre does not have 3 × PART, 1 × RED")


def test_said_again_changes_nothing(order: Order):
    after = cancelled(order).order
    again = replace(settles(after, after.cancels[0].cancel_id), short=SHORT)
    assert domain.settle_cancel(after, again, NOW) == Decision(after)


def test_of_a_cancel_that_was_refused_nothing(order: Order):
    told = events.told(cancelled(order, accepted=False), NOW)
    assert not any(isinstance(event, OrderCancelled) for event in told)


def test_of_an_unpaid_order_nothing_can_be_missing():
    order = an_order(Status.PENDING_PAYMENT)
    decision = domain.request_cancel(order, cancels(order), NOW)
    (event,) = [event for event in events.told(decision, NOW) if isinstance(event, OrderCancelled)]
    assert event.short == ()
    assert "does not have" not in decision.facts[0].story


def test_of_an_option(order: Order):
    command = chooses(order, sku="BLUE")
    asked = domain.change_option(order, command, NOW).order
    answer = replace(decides(asked, command.change_id), short=SHORT)
    decision = domain.settle_option_change(asked, answer, NOW)
    (event,) = [event for event in events.told(decision, NOW) if isinstance(event, OrderOptionChanged)]
    assert event.short == TOLD
    assert decision.facts[0].story.endswith("; the centre does not have 3 × PART, 1 × RED")
    assert domain.settle_option_change(decision.order, answer, NOW) == Decision(decision.order)
