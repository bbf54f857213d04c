"""The books on the wire, for staff."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from common.wire import Body, MoneyView, View, plain_text


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


class TransferBody(Body):
    """A transfer from the mall's own bank account, as it was made."""

    amount: Annotated[int, Field(strict=True, gt=0, le=10**12)]
    transferred_on: date


class RefundTransferBody(TransferBody):
    """The same of a refund: `amount` is all of it."""

    reference: Annotated[str, StringConstraints(pattern=r"^[\w.:-]{1,60}$")] = Field(
        description="the bank's name of the transfer", examples=["20261123-0001"]
    )


class ProviderReturnBody(Body):
    """The provider's name of a return, as its console shows it."""

    reference: Annotated[str, plain_text(200)]


class RefusedRefundView(View):
    """A refund the provider will not pay, and why it said so."""

    refund_id: UUID
    payment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    provider: str
    amount: MoneyView
    code: str
    reason: str
    account_named: bool
    requested_at: datetime


class AccountView(View):
    """Where the customer wants the money. Personal: show it to nobody who does not make the transfer."""

    bank_code: str
    account_number: str
    holder_name: str


class SurplusView(View):
    """Paid in beyond any order. `owed` goes back once the account waits no more and the customer has named one."""

    payment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    status: str
    owed: MoneyView
    account_named: bool
    changed_at: datetime


class AuditView(View):
    """`balanced`: every journal sums to zero and every payment's books say what its state and refunds say."""

    balanced: bool
    counts: dict[str, int]
    balances: list[PostingView]
    wrong_payments: list[dict[str, Any]]
    unbalanced_journals: list[dict[str, Any]]
