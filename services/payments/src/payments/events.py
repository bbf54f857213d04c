"""The only translator from what happened to the contracts others read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

from contracts import payments as contract
from contracts.envelope import Event
from payments.domain import facts
from payments.domain.payment import Payment


def to_contract(fact: facts.Fact, now: datetime) -> Event:
    match fact:
        case facts.Refunded() | facts.AccountNeeded() | facts.RefundTurnedDown():
            return _of_refund(fact, now)
        case _:
            return _of_payment(fact, now)


def _of_payment(fact: facts.OfPayment, now: datetime) -> Event:
    match fact:
        case facts.AccountIssued(payment):
            return contract.PaymentPending(**_common(payment), virtual_account=_account(payment), occurred_at=now)
        case facts.MoneyReceived(payment):
            return contract.PaymentConfirmed(
                **_common(payment), receipt_url=payment.receipt_url, confirmed_at=payment.confirmed_at or now
            )
        case facts.Failed(payment):
            return contract.PaymentFailed(
                **_common(payment),
                code=payment.failure_code or "refused",
                reason=payment.failure_reason or "",
                occurred_at=now,
            )
        case facts.Expired(payment):
            return contract.PaymentExpired(**_common(payment), occurred_at=now)
        case _:
            return _of_deposit(fact, now)


def _of_deposit(fact: facts.OfDeposit, now: datetime) -> Event:
    match fact:
        case facts.DepositTakenBack(payment):
            return contract.DepositReversed(**_common(payment), occurred_at=now)
        case facts.DepositDiffers(payment):
            return contract.DepositMismatch(
                **_common(payment),
                deposited_amount=payment.deposited,
                surplus_amount=payment.returnable,
                occurred_at=now,
            )
        case facts.SurplusSentBack(payment, amount):
            return contract.SurplusReturned(
                **_common(payment), returned_amount=amount, remaining_amount=payment.returnable, returned_at=now
            )
    assert_never(fact)


def _of_refund(fact: facts.OfRefund, now: datetime) -> Event:
    match fact:
        case facts.Refunded(payment, refund, refunded):
            return contract.PaymentRefunded(
                **_common(payment),
                refund_id=refund.id,
                refund_amount=refund.amount,
                refunded_amount=refunded,
                remaining_amount=payment.amount - refunded,
                reason=refund.reason,
                refunded_at=refund.refunded_at or now,
                refund_tax_free_amount=refund.tax_free_amount,
                refund_vat_amount=refund.vat_amount,
                by_hand=refund.by_hand,
            )
        case facts.AccountNeeded(payment, refund, again):
            return contract.RefundAccountNeeded(
                **_common(payment),
                refund_id=refund.id,
                refund_amount=refund.amount,
                account_was_wrong=again,
                occurred_at=now,
            )
        case facts.RefundTurnedDown(payment, refund, still_owed):
            return contract.RefundRefused(
                **_common(payment),
                refund_id=refund.id,
                refund_amount=refund.amount,
                code=refund.failure_code or "refused",
                reason=refund.failure_reason or "",
                occurred_at=now,
                still_owed=still_owed,
            )
    assert_never(fact)


def _common(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "order_number": payment.order_number,
        "mall_id": payment.mall_id,
        "currency": payment.currency,
        "amount": payment.amount,
        "provider": payment.provider,
        "method": payment.method,
    }


def _account(payment: Payment) -> contract.VirtualAccount:
    account = payment.account
    if account is None:
        raise ValueError(f"payment {payment.id} waits for a deposit without an account")
    return contract.VirtualAccount(
        bank_code=account.bank_code,
        bank_name=account.bank_name,
        account_number=account.number,
        holder=account.holder,
        due_at=account.due_at,
    )
