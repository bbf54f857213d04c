"""The story of an order as it is told."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from common.wire import View
from orders.domain import Status
from orders.repository.history import Entry


class EntryView(View):
    at: datetime
    actor: str = Field(examples=["customer"])
    name: str = Field(examples=["order.paid"])
    story: str = Field(examples=["결제가 확인되었습니다"])
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
