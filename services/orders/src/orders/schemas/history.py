"""The story of an order as it is told."""

from __future__ import annotations

from datetime import datetime

from common.wire import View
from orders.domain import Status
from orders.repository.history import Entry


class EntryView(View):
    at: datetime
    actor: str
    name: str
    story: str
    status: Status


class HistoryView(View):
    """What happened to the order, oldest first. `status` is what it was after each step."""

    items: list[EntryView]

    @classmethod
    def of(cls, entries: list[Entry], *, for_staff: bool) -> HistoryView:
        """Customers are told that staff did something, not who of them."""
        return cls(
            items=[
                EntryView(
                    at=entry.at,
                    actor=entry.actor if for_staff else entry.actor.partition(":")[0],
                    name=entry.name,
                    story=entry.story,
                    status=Status(entry.status),
                )
                for entry in entries
            ]
        )
