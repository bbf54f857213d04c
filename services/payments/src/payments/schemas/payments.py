"""Payments on the wire: bodies in, views out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AnyHttpUrl, ConfigDict, Field, RootModel, StringConstraints

from common.wire import Body, MoneyView, View, plain_text
from payments.commands.answers import RefundAccount
from payments.domain import by_hand
from payments.domain.payment import Payment
from payments.domain.refund import Refund, given_back
from payments.domain.status import RefundStatus, Status

Method = Literal["card", "transfer", "virtual_account", "easy_pay"]
Text = Annotated[str, plain_text(60)]


class OpenBody(Body):
    """How the customer wants to pay an order."""

    order_id: UUID
    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,20}$")] = Field(examples=["toss"])
    method: Method
    return_url: AnyHttpUrl | None = Field(
        default=None,
        max_length=500,
        description="where the browser goes after the provider's window, with `payment_id` and `status` added",
    )
    device: Literal["pc", "mobile"] | None = Field(
        default=None, description="which window the provider should open; without it the order's channel tells"
    )
    depositor_name: Text | None = Field(
        default=None, description="handed on to the provider and not kept", examples=["김하늘"]
    )
    bank: Text | None = Field(
        default=None, description="for a virtual account: the bank by code or name", examples=["88"]
    )


class ConfirmBody(RootModel[dict[Annotated[str, StringConstraints(max_length=100)], Any]]):
    """The provider's return parameters as they came; those its adapter does not know are ignored."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {"paymentKey": "tviva20261122", "orderId": "01980000-0000-7000-8000-000000000000", "amount": 15900},
                {"pg_token": "0123456789abcdef"},
            ]
        },
    )

    def fields(self) -> dict[str, str]:
        """As text, which is how a browser brings them; storefronts hand on whole numbers too. Others are left out."""
        return {
            name: str(value)
            for name, value in self.root.items()
            if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
        }


class RefundAccountBody(Body):
    """Where the customer wants a deposit back."""

    bank: Text = Field(description="by code or name", examples=["88"])
    account_number: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9 -]{4,28}[0-9]$")] = Field(
        examples=["110-123-456789"]
    )
    holder_name: Text = Field(examples=["김하늘"])

    def to_account(self, bank_code: str) -> RefundAccount:
        return RefundAccount(bank_code, "".join(filter(str.isdigit, self.account_number)), self.holder_name)


class RedirectView(View):
    """Send the browser to the provider's window."""

    type: Literal["redirect"] = "redirect"
    url: str = Field(examples=["https://pay.example/window"])


class DepositView(View):
    """Pay exactly this amount into this account before `due_at`."""

    type: Literal["deposit"] = "deposit"
    bank_code: str = Field(examples=["88"])
    bank_name: str = Field(examples=["신한은행"])
    account_number: str = Field(examples=["110-123-456789"])
    holder: str = Field(examples=["(주)인테이크"])
    amount: MoneyView
    due_at: datetime


class WaitView(View):
    """The provider has not answered yet: ask for the payment again in a moment."""

    type: Literal["wait"] = "wait"


class AccountWantedView(View):
    """A refund, one that the provider refused, or a surplus waits for `POST /v1/payments/{id}/refund-account`."""

    type: Literal["refund_account"] = "refund_account"


NextAction = Annotated[RedirectView | DepositView | WaitView | AccountWantedView, Field(discriminator="type")]


class FailureView(View):
    code: str = Field(examples=["payment.refused"])
    reason: str = Field(examples=["한도를 넘었습니다"])


class RefundView(View):
    id: UUID
    status: str = Field(examples=["done"])
    amount: MoneyView
    reason: str = Field(examples=["order_cancelled"])
    requested_at: datetime
    refunded_at: datetime | None
    by_hand: bool = Field(description="paid by bank transfer, after the provider had refused it")


class PaymentView(View):
    """A payment as its customer sees it. `attention` is for staff."""

    id: UUID
    order_id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    provider: str = Field(examples=["toss"])
    method: str = Field(examples=["card"])
    status: str = Field(examples=["open"])
    amount: MoneyView
    refunded: MoneyView
    next_action: NextAction | None
    failure: FailureView | None
    closed_reason: str | None = Field(examples=["replaced"])
    receipt_url: str | None = Field(examples=["https://pay.example/receipts/1"])
    due_at: datetime
    created_at: datetime
    confirmed_at: datetime | None
    refunds: list[RefundView]
    surplus: MoneyView = Field(description="paid in beyond any order, and still to go back by bank transfer")
    attention: str | None = Field(default=None, examples=["refund_refused"])

    @classmethod
    def of(cls, payment: Payment, refunds: Sequence[Refund] = (), *, for_staff: bool = False) -> PaymentView:
        failure = None
        if payment.failure_code is not None:
            failure = FailureView(code=payment.failure_code, reason=payment.failure_reason or "")
        return cls(
            id=payment.id,
            order_id=payment.order_id,
            order_number=payment.order_number,
            provider=payment.provider,
            method=payment.method,
            status=payment.status,
            amount=MoneyView.of(payment.amount, payment.currency),
            refunded=MoneyView.of(given_back(refunds), payment.currency),
            next_action=_next_action(payment, refunds),
            failure=failure,
            closed_reason=payment.closed_reason,
            receipt_url=payment.receipt_url,
            due_at=payment.due_at,
            created_at=payment.created_at,
            confirmed_at=payment.confirmed_at,
            refunds=[_refund(refund, payment.currency) for refund in refunds],
            surplus=MoneyView.of(payment.returnable, payment.currency),
            attention=payment.attention if for_staff else None,
        )


def _next_action(payment: Payment, refunds: Sequence[Refund]) -> NextAction | None:
    match payment.status:
        case Status.OPEN if payment.redirect_url is not None:
            return RedirectView(url=payment.redirect_url)
        case Status.WAITING if payment.account is not None:
            return DepositView(
                bank_code=payment.account.bank_code,
                bank_name=payment.account.bank_name,
                account_number=payment.account.number,
                holder=payment.account.holder,
                amount=MoneyView.of(payment.amount, payment.currency),
                due_at=payment.account.due_at,
            )
        case Status.CREATED | Status.CONFIRMING | Status.UNKNOWN:
            return WaitView()
        case _ if payment.returnable or _waits_for_account(payment, refunds):
            return AccountWantedView()
        case _:
            return None


def _waits_for_account(payment: Payment, refunds: Sequence[Refund]) -> bool:
    return by_hand.is_any_owed(payment, refunds) or any(
        refund.status is RefundStatus.NEEDS_ACCOUNT for refund in refunds
    )


def _refund(refund: Refund, currency: str) -> RefundView:
    return RefundView(
        id=refund.id,
        status=refund.status,
        amount=MoneyView.of(refund.amount, currency),
        reason=refund.reason,
        requested_at=refund.requested_at,
        refunded_at=refund.refunded_at,
        by_hand=refund.by_hand,
    )
