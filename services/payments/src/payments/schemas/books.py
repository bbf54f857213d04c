"""The books on the wire, for staff."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from common.wire import Body, MoneyView, View, plain_text


class PostingView(View):
    """A debit is above zero, a credit below."""

    account: str = Field(examples=["provider_receivable:toss"])
    amount: MoneyView


class JournalView(View):
    ref: str = Field(examples=["received:01980000-0000-7000-8000-000000000000:1"])
    kind: str = Field(examples=["received"])
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

    provider: str = Field(examples=["toss"])
    merchant: str = Field(examples=["sandboxmall"])
    lines: int = Field(examples=[12])
    payments: MoneyView
    cancels: MoneyView
    fee: MoneyView
    payout: MoneyView
    taken_at: datetime


class DifferenceView(View):
    """A line in which the provider and our ledger differ. `ours` and `theirs` are in minor units."""

    provider: str = Field(examples=["toss"])
    merchant: str = Field(examples=["sandboxmall"])
    kind: Literal["payment", "cancel"]
    what: Literal["missing_here", "missing_there", "amount", "currency", "payout"]
    provider_key: str = Field(examples=["tviva20261122"])
    reference: str = Field(examples=["20261125-0001"])
    payment_id: UUID | None
    ours: int | None = Field(examples=[28800])
    theirs: int | None = Field(examples=[28000])
    found_at: datetime
    resolved_at: datetime | None


class SettlementsView(View):
    day: date
    settlements: list[SettlementView]
    differences: list[DifferenceView]


# Else a number would be taken for a moment of 1970.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class TransferBody(Body):
    """A transfer from the mall's own bank account, as it was made."""

    amount: Annotated[int, Field(strict=True, gt=0, le=10**12)] = Field(examples=[3000])
    transferred_on: Day


class RefundTransferBody(TransferBody):
    """The same of a refund: `amount` is all of it."""

    reference: Annotated[str, StringConstraints(pattern=r"^[\w.:-]{1,60}$")] = Field(
        description="the bank's name of the transfer", examples=["20261123-0001"]
    )


class ProviderReturnBody(Body):
    """The provider's name of a return, as its console shows it."""

    reference: Annotated[str, plain_text(200)] = Field(examples=["20261123-cancel-0001"])


class RefusedRefundView(View):
    """A refund the provider will not pay, and why it said so."""

    refund_id: UUID
    payment_id: UUID
    order_id: UUID
    order_number: str = Field(examples=["20261122-00000001"])
    mall_id: str = Field(examples=["intake"])
    provider: str = Field(examples=["toss"])
    amount: MoneyView
    code: str = Field(examples=["NOT_CANCELABLE_PAYMENT"])
    reason: str = Field(examples=["취소할 수 없는 결제입니다"])
    account_named: bool = Field(examples=[True])
    requested_at: datetime


class AccountView(View):
    """Where the customer wants the money. Personal: show it to nobody who does not make the transfer."""

    bank_code: str = Field(examples=["88"])
    account_number: str = Field(examples=["110-123-456789"])
    holder_name: str = Field(examples=["김하늘"])


class SurplusView(View):
    """Paid in beyond any order. `owed` goes back once the account waits no more and the customer has named one."""

    payment_id: UUID
    order_id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    mall_id: str = Field(examples=["intake"])
    status: str = Field(examples=["confirmed"])
    owed: MoneyView
    account_named: bool
    changed_at: datetime


class AuditView(View):
    """`balanced`: every journal sums to zero and every payment's books say what its state and refunds say."""

    balanced: bool
    counts: dict[str, int] = Field(examples=[{"confirmed": 42}])
    balances: list[PostingView]
    wrong_payments: list[dict[str, Any]] = Field(examples=[[]])
    unbalanced_journals: list[dict[str, Any]] = Field(examples=[[]])
