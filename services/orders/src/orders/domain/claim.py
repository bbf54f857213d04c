"""A claim: delivered units that come back, for their money or for others in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from common.errors import DomainError
from orders import errors
from orders.commands import (
    ApproveClaim,
    ClaimKind,
    ClaimReason,
    ClaimTerms,
    Fault,
    NoteReplacementUnavailable,
    NoteReturn,
    RejectClaim,
    SettleClaim,
    SettleReplacementStop,
    StopReplacement,
    WithdrawClaim,
)
from orders.domain.amounts import NOTHING, Amounts


class ClaimStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


CLAIM_TRANSITIONS: dict[ClaimStatus, frozenset[ClaimStatus]] = {
    ClaimStatus.REQUESTED: frozenset({ClaimStatus.APPROVED, ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN}),
    ClaimStatus.APPROVED: frozenset({ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN, ClaimStatus.COMPLETED}),
    ClaimStatus.REJECTED: frozenset(),
    ClaimStatus.WITHDRAWN: frozenset(),
    ClaimStatus.COMPLETED: frozenset(),
}


class May(StrEnum):
    """`DO`: the step is taken. `SAME`: it was taken before, or comes too late to matter; only the story may tell."""

    DO = "does"
    SAME = "nothing changes"


Rule = May | type[DomainError]
_R, _W, _C = errors.ClaimAlreadyRejected, errors.ClaimAlreadyWithdrawn, errors.ClaimAlreadyCompleted

# Columns in the order of ClaimStatus: requested, approved, rejected, withdrawn, completed. News is never refused for
# coming late: goods that arrive for a claim that is over are told to staff.
_TABLE: dict[type, tuple[Rule, ...]] = {
    ApproveClaim: (May.DO, May.SAME, _R, _W, _C),
    RejectClaim: (May.DO, May.DO, May.SAME, _W, _C),
    WithdrawClaim: (May.DO, May.DO, _R, May.SAME, _C),
    NoteReturn: (errors.ClaimNotApproved, May.DO, May.SAME, May.SAME, May.SAME),
    SettleClaim: (errors.ClaimNotApproved, May.DO, May.SAME, May.SAME, May.SAME),
    NoteReplacementUnavailable: (errors.ClaimNotApproved, May.DO, May.SAME, May.SAME, May.SAME),
    StopReplacement: (errors.ClaimNotCompleted, errors.ClaimNotCompleted, _R, _W, May.DO),
    SettleReplacementStop: (errors.ClaimNotCompleted, errors.ClaimNotCompleted, _R, _W, May.DO),
}
CLAIM_RULES: dict[type, dict[ClaimStatus, Rule]] = {
    command: dict(zip(ClaimStatus, row, strict=True)) for command, row in _TABLE.items()
}

_DETAIL: dict[type[DomainError], str] = {
    errors.ClaimAlreadyRejected: "the claim was rejected; a new one can be made",
    errors.ClaimAlreadyWithdrawn: "the customer withdrew the claim; a new one can be made",
    errors.ClaimAlreadyCompleted: "the claim is completed: the goods came back and what was due was done",
    errors.ClaimNotApproved: "nobody has approved the claim yet",
    errors.ClaimNotCompleted: "the goods have not come back yet, so nothing is sent in exchange",
}

SELLERS_FAULT: frozenset[ClaimReason] = frozenset(
    {"defective", "damaged_in_transit", "wrong_item", "not_as_described", "parts_missing"}
)


@dataclass(frozen=True, slots=True)
class ClaimUnits:
    """So many units of a line. What was found is zero until they came; `worth` is what goes back for those: of an
    exchange, for those that are not sent. `stopping`: the centre is asked not to send so many; `stopped`: it did not.
    """

    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str
    variant_name: str | None
    category_ids: tuple[str, ...]
    quantity: int
    replacement_sku: str | None = None
    replacement_name: str | None = None
    resellable: int = 0
    damaged: int = 0
    missing: int = 0
    stopping: int = 0
    stopped: int = 0
    worth: Amounts = NOTHING

    @property
    def came(self) -> int:
        return self.resellable + self.damaged

    @property
    def sent(self) -> int:
        """In an exchange, units that the customer has instead, or will have: nobody asked to stop them."""
        return self.came - self.stopping - self.stopped

    @property
    def instead(self) -> str:
        """What an exchange sends."""
        return self.replacement_sku or self.sku

    @property
    def instead_name(self) -> str | None:
        return self.variant_name if self.instead == self.sku else self.replacement_name


@dataclass(frozen=True, slots=True)
class ReplacementStop:
    """Staff asked the centre not to send what it has not sent of an exchange. One that was refused gives way to the
    next; one that was accepted leaves nothing to stop.
    """

    stop_id: UUID
    status: Literal["requested", "accepted", "refused"]
    refused_because: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """`worth` is the money of a completed return: the goods and `shipping_amount`, less the two fees.

    `refund_amount` is what was asked back from payments: all of it, or 0 where no money of the customer is held. The
    fees of an exchange are collected apart from any refund; its `worth` is that of the units that were stopped, and of
    shipping.
    """

    claim_id: UUID
    kind: ClaimKind
    reason: ClaimReason
    fault: Fault
    actor: str
    status: ClaimStatus
    units: tuple[ClaimUnits, ...]
    terms: ClaimTerms
    requested_at: datetime
    approved_at: datetime | None = None
    picked_up_at: datetime | None = None
    settled_at: datetime | None = None
    refused_because: str | None = None
    return_fee_amount: int = 0
    outbound_fee_amount: int = 0
    shipping_amount: int = 0
    worth: Amounts = NOTHING
    refund_amount: int = 0
    stop: ReplacementStop | None = None

    @property
    def is_open(self) -> bool:
        return bool(CLAIM_TRANSITIONS[self.status])

    @property
    def is_stopping(self) -> bool:
        """The centre has not said yet whether it can stop what was to be sent."""
        return self.stop is not None and self.stop.status == "requested"

    @property
    def was_approved(self) -> bool:
        return self.approved_at is not None

    @property
    def fee_amount(self) -> int:
        return self.return_fee_amount + self.outbound_fee_amount

    def allows(self, command: object) -> bool:
        """False: nothing is to be done. Raises the refusal of the table, with the reason in words."""
        rule = CLAIM_RULES[type(command)][self.status]
        if isinstance(rule, May):
            return rule is May.DO
        raise rule(_DETAIL[rule], claim_status=self.status.value)

    def to(self, status: ClaimStatus, **changes: Any) -> Claim:
        """The claim one step on. Raises `TransitionRefused` for a step that is not in the table."""
        if status not in CLAIM_TRANSITIONS[self.status]:
            raise errors.TransitionRefused(f"a claim does not go from {self.status} to {status}")
        return replace(self, status=status, **changes)
