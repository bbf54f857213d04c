"""Another option for a line: the variant that was bought, the one that is wanted, and how far the wish has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class OptionStatus(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OptionChange:
    """`quantity` units of the line, all that were kept when it was asked for, are to be `new_sku` instead of `sku`.

    The new units are held at catalog under `change_id`. `variant_name` and `new_variant_name` are for people.
    """

    change_id: UUID
    line_id: UUID
    sku: str
    variant_name: str | None
    new_sku: str
    new_variant_name: str | None
    quantity: int
    actor: str
    requested_at: datetime
    status: OptionStatus = OptionStatus.REQUESTED
    refused_because: str | None = None
    settled_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.status is OptionStatus.REQUESTED
