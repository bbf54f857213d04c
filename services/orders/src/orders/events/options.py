"""What other services are told of another option for a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.envelope import Event
from contracts.orders import OrderOptionChanged, OrderOptionChangeRefused, OrderOptionChangeRequested
from orders.domain import Fact, OptionChange, Order, option_facts
from orders.events.orders import about, by_shelf


def event_of(order: Order, fact: Fact, now: datetime) -> Event | None:
    """None for what is about something else."""
    event: Event | None = None
    match fact:
        case option_facts.OptionChangeRequested(change=change):
            event = OrderOptionChangeRequested(**_about(order, change), requested_at=change.requested_at)
        case option_facts.OptionChanged(change=change):
            event = OrderOptionChanged(
                **_about(order, change),
                category_ids=order.line(change.line_id).category_ids,
                amount=fact.amount,
                short=by_shelf(fact.short),
                changed_at=change.settled_at or now,
            )
        case option_facts.OptionChangeRefused(change=change):
            event = OrderOptionChangeRefused(
                **_about(order, change),
                reason=change.refused_because or "refused",
                refused_at=change.settled_at or now,
            )
        case _:
            pass
    return event


def _about(order: Order, change: OptionChange) -> dict[str, Any]:
    line = order.line(change.line_id)
    return {
        **about(order),
        "change_id": change.change_id,
        "line_id": line.line_id,
        "product_id": line.product_id,
        "product_name": line.product_name,
        "sku": change.sku,
        "variant_name": change.variant_name,
        "new_sku": change.new_sku,
        "new_variant_name": change.new_variant_name,
        "quantity": change.quantity,
    }
