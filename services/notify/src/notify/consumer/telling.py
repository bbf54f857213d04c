"""What all that listens to facts needs to tell them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common import ids
from common.db import Tx
from notify import handlers as does
from notify.commands import Tell
from notify.domain.delivery import Policy
from notify.domain.messages import Plan


@dataclass(frozen=True)
class Teller:
    """`wake` is called after the commit that may have made something due."""

    plan: Plan
    policy: Policy
    wake: Callable[[], None]

    async def tell(self, command: Tell, tx: Tx) -> None:
        await does.tell(command, self.plan, self.policy, tx)
        tx.then(self.wake)


def at(subject: UUID, when: datetime) -> UUID:
    """A fact that can come true several times is named by its moment too."""
    return ids.derived_id("fact", str(subject), when.isoformat())


def some_of(lines: Sequence[Any]) -> list[dict[str, Any]]:
    """Which lines of the order, and how many units of each."""
    return [{"line_id": line.line_id, "quantity": line.quantity} for line in lines]


def parcel(event: Any) -> dict[str, Any]:
    return {"carrier_name": event.carrier_name, "waybill": event.waybill, "tracking_url": event.tracking_url}
