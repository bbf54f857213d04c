"""Every state of a payment and of a refund, and every move between them. STATES.md is drawn from these tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Status(StrEnum):
    CREATED = "created"  # ours alone so far: the provider is being asked to open it
    OPEN = "open"  # the customer is at the provider's window
    CONFIRMING = "confirming"
    UNKNOWN = "unknown"  # the confirmation went out and its outcome is not known yet
    WAITING = "waiting_for_deposit"
    CONFIRMED = "confirmed"
    PARTLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # closed before any money moved: replaced by another try, or the order was cancelled
    REVERSED = "reversed"  # the bank took a confirmed deposit back


# Confirming and unknown lead back to open when the key named was not this payment's: anybody can name one.
# Failed, expired and cancelled lead to confirmed and nowhere else: money that arrives late is money all the same, and
# orders sends it back if nobody wants it. Reversed is the one legal way backwards.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.CREATED: frozenset({Status.OPEN, Status.WAITING, Status.CONFIRMED, Status.FAILED, Status.CANCELLED}),
    Status.OPEN: frozenset({Status.CONFIRMING, Status.CONFIRMED, Status.FAILED, Status.EXPIRED, Status.CANCELLED}),
    Status.CONFIRMING: frozenset(
        {Status.CONFIRMED, Status.WAITING, Status.UNKNOWN, Status.OPEN, Status.FAILED, Status.CANCELLED}
    ),
    Status.UNKNOWN: frozenset({Status.CONFIRMED, Status.WAITING, Status.OPEN, Status.FAILED, Status.CANCELLED}),
    Status.WAITING: frozenset({Status.CONFIRMED, Status.FAILED, Status.EXPIRED, Status.CANCELLED}),
    Status.CONFIRMED: frozenset({Status.PARTLY_REFUNDED, Status.REFUNDED, Status.REVERSED}),
    Status.PARTLY_REFUNDED: frozenset({Status.PARTLY_REFUNDED, Status.REFUNDED}),
    Status.REFUNDED: frozenset(),
    Status.FAILED: frozenset({Status.CONFIRMED}),
    Status.EXPIRED: frozenset({Status.CONFIRMED}),
    Status.CANCELLED: frozenset({Status.CONFIRMED}),
    Status.REVERSED: frozenset({Status.CONFIRMED}),
}

# One payment per order may be in one of these: it can still bring money by itself.
LIVE = frozenset({Status.CREATED, Status.OPEN, Status.CONFIRMING, Status.UNKNOWN, Status.WAITING})
# We hold the customer's money, or part of it.
HOLDING = frozenset({Status.CONFIRMED, Status.PARTLY_REFUNDED})


class RefundStatus(StrEnum):
    REQUESTED = "requested"
    NEEDS_ACCOUNT = "needs_account"  # a deposit goes back to an account the customer has to name
    EXECUTING = "executing"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"  # by the provider, for good; done once staff have paid it by hand
    VOID = "void"  # the bank took the deposit back first: there is nothing left to refund


REFUND_TRANSITIONS: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.REQUESTED: frozenset({RefundStatus.EXECUTING, RefundStatus.VOID}),
    RefundStatus.NEEDS_ACCOUNT: frozenset({RefundStatus.REQUESTED, RefundStatus.VOID}),
    RefundStatus.EXECUTING: frozenset(
        {
            RefundStatus.DONE, RefundStatus.UNKNOWN, RefundStatus.REQUESTED, RefundStatus.NEEDS_ACCOUNT,
            RefundStatus.REFUSED,
        }
    ),
    RefundStatus.UNKNOWN: frozenset({RefundStatus.DONE, RefundStatus.REQUESTED, RefundStatus.REFUSED}),
    RefundStatus.DONE: frozenset(),
    RefundStatus.REFUSED: frozenset({RefundStatus.DONE}),
    RefundStatus.VOID: frozenset(),
}  # fmt: skip

# Refused for want of money; void because the bank took back the money that was meant.
_REFUND_STARTS = (RefundStatus.REQUESTED, RefundStatus.NEEDS_ACCOUNT, RefundStatus.REFUSED, RefundStatus.VOID)
# Promised and not yet given back: counts against what is left.
PENDING = frozenset({RefundStatus.REQUESTED, RefundStatus.NEEDS_ACCOUNT, RefundStatus.EXECUTING, RefundStatus.UNKNOWN})
RUNNING = frozenset({RefundStatus.EXECUTING, RefundStatus.UNKNOWN})


class IllegalMove(Exception):
    """A move the table does not have: a defect of ours. Nothing is saved."""


def check_move(before: Status, after: Status) -> None:
    if after not in TRANSITIONS[before]:
        raise IllegalMove(f"a payment does not go from {before} to {after}")


def check_refund_move(before: RefundStatus, after: RefundStatus) -> None:
    if after not in REFUND_TRANSITIONS[before]:
        raise IllegalMove(f"a refund does not go from {before} to {after}")


def drawn() -> str:
    """The content of STATES.md."""
    return (
        "# States of a payment and of a refund\n\n"
        "Drawn from `payments.domain.status`; a test compares them. Draw again:\n"
        "`.venv/bin/python -c \"from payments.domain.status import drawn; print(drawn(), end='')\""
        " > services/payments/STATES.md`\n\n"
        f"## Payment\n\n{_mermaid([Status.CREATED], TRANSITIONS)}\n"
        f"## Refund\n\n"
        f"{_mermaid(_REFUND_STARTS, REFUND_TRANSITIONS)}"
    )


def _mermaid(
    starts: Iterable[str], table: Mapping[Status, frozenset[Status]] | Mapping[RefundStatus, frozenset[RefundStatus]]
) -> str:
    lines = ["```mermaid", "stateDiagram-v2", *(f"    [*] --> {start}" for start in starts)]
    for before, afters in table.items():
        lines += [f"    {before} --> {after}" for after in sorted(afters)]
        if not afters:
            lines.append(f"    {before} --> [*]")
    return "\n".join([*lines, "```", ""])
