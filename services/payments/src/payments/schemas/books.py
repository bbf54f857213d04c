"""The books on the wire, for staff."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from common.wire import MoneyView, View


class PostingView(View):
    """A debit is above zero, a credit below."""

    account: str
    amount: MoneyView


class JournalView(View):
    ref: str
    kind: str
    payment_id: UUID
    posted_at: datetime
    postings: list[PostingView]


class LedgerView(View):
    """Every movement of an order's money, and the balances that follow."""

    order_id: UUID
    journals: list[JournalView]
    balances: list[PostingView]


class SettlementView(View):
    """A provider's account of the day for one merchant of ours: what it says, in sums."""

    provider: str
    merchant: str
    lines: int
    payments: MoneyView
    cancels: MoneyView
    fee: MoneyView
    payout: MoneyView
    taken_at: datetime


class DifferenceView(View):
    """A line in which the provider and our ledger differ. `ours` and `theirs` are in minor units."""

    provider: str
    merchant: str
    kind: Literal["payment", "cancel"]
    what: Literal["missing_here", "missing_there", "amount", "currency", "payout"]
    provider_key: str
    reference: str
    payment_id: UUID | None
    ours: int | None
    theirs: int | None
    found_at: datetime
    resolved_at: datetime | None


class SettlementsView(View):
    day: date
    settlements: list[SettlementView]
    differences: list[DifferenceView]


class AuditView(View):
    """`balanced`: every journal sums to zero and every payment's books say what its state and refunds say."""

    balanced: bool
    counts: dict[str, int]
    balances: list[PostingView]
    wrong_payments: list[dict[str, Any]]
    unbalanced_journals: list[dict[str, Any]]
