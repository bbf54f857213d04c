"""What other services are told. Facts that only belong to the order's story are not among it."""

from __future__ import annotations

from datetime import datetime

from contracts.envelope import Event
from orders.domain import Decision
from orders.events import claims, options, orders
from orders.events.orders import address_change_requested, contact_recorded

__all__ = ["address_change_requested", "contact_recorded", "told"]


def told(decision: Decision, now: datetime) -> list[Event]:
    """The events of a decision, in its order."""
    found = []
    for fact in decision.facts:
        tellers = (orders.event_of, options.event_of, claims.event_of)
        event = next((told for teller in tellers if (told := teller(decision.order, fact, now)) is not None), None)
        if event is not None:
            found.append(event)
    return found
