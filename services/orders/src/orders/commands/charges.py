"""About money that comes apart from the payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

# What a customer owes apart from the order itself, and how it was settled: outside the payments, to the mall's account,
# or not at all.
ChargeFor = Literal["exchange_fee", "surcharge"]
PaidBy = Literal["bank_transfer", "waived"]


@dataclass(frozen=True, slots=True)
class NoteChargeReturned:
    """Staff has sent the money of a charge back that led to nothing. `subject`: its claim or address change."""

    order_id: UUID
    subject: UUID
    actor: str
