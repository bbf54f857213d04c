"""A provider's account of a day against our own, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from payments.domain.ledger import Journal, Posting

Kind = Literal["payment", "cancel"]


@dataclass(frozen=True, slots=True)
class Line:
    """What the provider says. Amounts as in `SettledRow` of the port."""

    kind: Kind
    key: str
    reference: str
    amount: int
    fee: int
    payout: int
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What our ledger says. `due`: it was posted on the day and must be in the provider's account of it.

    `settled`: it was found in an account before, of this day or of another. `ref` names its journal.
    """

    ref: str
    kind: Kind
    payment_id: UUID
    order_id: UUID
    key: str
    reference: str
    amount: int
    currency: str
    due: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """`what`: missing_here, missing_there, amount, currency, or payout (the line does not add up in itself)."""

    kind: Kind
    what: str
    key: str
    reference: str
    payment_id: UUID | None = None
    ours: int | None = None
    theirs: int | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """`agreed`: lines that are as our ledger says, each with its entry."""

    differences: tuple[Difference, ...]
    agreed: tuple[tuple[Line, Entry], ...]


def compare(lines: Sequence[Line], entries: Iterable[Entry]) -> Compared:
    left = list(entries)
    differences: list[Difference] = []
    agreed: list[tuple[Line, Entry]] = []
    for line in lines:
        entry = _entry_of(line, left)
        if entry is None:
            differences.append(Difference(line.kind, "missing_here", line.key, line.reference, theirs=line.amount))
            continue
        left.remove(entry)
        wrong = _wrong(line, entry)
        if wrong is None:
            agreed.append((line, entry))
        else:
            differences.append(wrong)
    differences.extend(
        Difference(entry.kind, "missing_there", entry.key, entry.reference, entry.payment_id, ours=entry.amount)
        for entry in left
        if entry.due and not entry.settled
    )
    return Compared(tuple(differences), tuple(agreed))


def _entry_of(line: Line, left: Sequence[Entry]) -> Entry | None:
    """By the provider's names. A cancel without a name of its own is known by its amount."""
    same = [entry for entry in left if (entry.kind, entry.key) == (line.kind, line.key)]
    if line.kind == "cancel":
        same = [
            entry
            for entry in same
            if entry.reference == line.reference or (not line.reference and entry.amount == line.amount)
        ]
    return same[0] if same else None


def _wrong(line: Line, entry: Entry) -> Difference | None:
    ours, theirs = entry.amount, line.amount
    due = (line.amount if line.kind == "payment" else -line.amount) - line.fee
    if line.currency != entry.currency:
        what = "currency"
    elif ours != theirs:
        what = "amount"
    elif line.payout != due:
        what, ours, theirs = "payout", due, line.payout
    else:
        return None
    return Difference(line.kind, what, line.key, line.reference, entry.payment_id, ours, theirs)


def journal(provider: str, line: Line, entry: Entry) -> Journal:
    """What the provider owes us for the line, and what it keeps. `settled:` stands against `provider_receivable:`."""
    sign = 1 if line.kind == "payment" else -1
    postings = (
        Posting(f"payouts_due:{provider}", line.payout),
        Posting(f"fees:{provider}", line.fee),
        Posting(f"settled:{provider}", -sign * line.amount),
    )
    return Journal(
        ref=f"settled:{entry.ref}",
        kind=f"settled_{line.kind}",
        payment_id=entry.payment_id,
        order_id=entry.order_id,
        currency=entry.currency,
        postings=tuple(posting for posting in postings if posting.amount),
    )
