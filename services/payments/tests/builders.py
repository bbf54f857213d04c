"""Honest defaults: a card payment of 15,900 won, and what its provider would show."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from common import ids
from contracts.orders import OrderCancelled, OrderRefundRequested
from payments.clients.orders import Payable
from payments.commands.answers import Account, Seen, Standing
from payments.domain.payment import Payment
from payments.domain.refund import Refund
from payments.domain.status import RefundStatus, Status

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
AMOUNT = 15_900
TOKEN = "order-token"
SECRET = "ps_secret_of_the_account"
STAFF_KEY = "staff-key-for-tests-at-least-32-bytes"
MERCHANT = "shopmid"

_KEYLESS = (Status.CREATED, Status.OPEN)
_PAID_ONCE = (Status.CONFIRMED, Status.PARTLY_REFUNDED, Status.REFUNDED, Status.REVERSED)


def an_account(due_at: datetime = NOW + timedelta(hours=24)) -> Account:
    return Account("88", "신한은행", "88012345678901", "토스페이먼츠", due_at)


def a_payment(status: Status = Status.OPEN, **changes: Any) -> Payment:
    """Consistent with its status: a key once the provider gave one, an account while it waits for a deposit."""
    method = changes.setdefault("method", "virtual_account" if status is Status.WAITING else "card")
    by_deposit = method == "virtual_account" and status is not Status.CREATED
    defaults: dict[str, Any] = {
        "id": ids.new_id(),
        "order_id": ids.new_id(),
        "order_number": "20261122-00000001",
        "mall_id": "intake",
        "currency": "KRW",
        "amount": AMOUNT,
        "tax_free_amount": 0,
        "vat_amount": 1_445,
        "provider": "toss",
        "merchant": MERCHANT,
        "order_name": "그래놀라 500g 외 1건",
        "owner_hash": ids.token_hash(TOKEN),
        "due_at": NOW + timedelta(hours=24 if by_deposit else 0.5),
        "created_at": NOW - timedelta(minutes=1),
        "key": None if status in _KEYLESS else "tkey_1",
        "redirect_url": "https://pay.example/window" if status is Status.OPEN else None,
        "account": an_account() if by_deposit else None,
        "secret_hash": hashlib.sha256(SECRET.encode()).digest() if by_deposit else None,
        "confirmed_at": NOW if status in _PAID_ONCE else None,
        "confirmations": 1 if status in _PAID_ONCE else 0,
        "tries": 0 if status in _KEYLESS else 1,
    }
    return Payment(status=status, **(defaults | changes))


def shown(payment: Payment, standing: Standing, **changes: Any) -> Seen:
    """The payment as its provider shows it."""
    defaults: dict[str, Any] = {
        "order_ref": payment.order_ref,
        "key": payment.key or "tkey_1",
        "merchant": payment.merchant,
        "currency": payment.currency,
        "amount": payment.amount,
        "balance": 0 if standing is Standing.RETURNED else payment.amount,
        "account": an_account() if standing is Standing.WAITING else None,
        "secret": SECRET if standing is Standing.WAITING else None,
        "receipt_url": "https://receipt.example/1" if standing is Standing.PAID else None,
    }
    return Seen(standing=standing, **(defaults | changes))


def a_refund(payment: Payment, status: RefundStatus = RefundStatus.REQUESTED, **changes: Any) -> Refund:
    running = status in (RefundStatus.EXECUTING, RefundStatus.UNKNOWN)
    defaults: dict[str, Any] = {
        "id": ids.new_id(),
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "amount": 5_000,
        "tax_free_amount": 0,
        "reason": "changed_mind",
        "requested_at": NOW,
        "attempt": 1 if running else 0,
        "next_at": NOW if running or status is RefundStatus.REQUESTED else None,
        "refunded_at": NOW if status is RefundStatus.DONE else None,
        "vat_amount": 0,
    }
    return Refund(status=status, **(defaults | changes))


def a_payable(order_id: Any = None, **changes: Any) -> Payable:
    defaults: dict[str, Any] = {
        "order_id": order_id or ids.new_id(),
        "order_number": "20261122-00000001",
        "mall_id": "intake",
        "currency": "KRW",
        "status": "pending_payment",
        "amount": AMOUNT,
        "tax_free_amount": 0,
        "vat_amount": 1_445,
        "channel": "pc",
        "order_name": "그래놀라 500g 외 1건",
        "orderer_name": "김서연",
        "payment_due_at": NOW + timedelta(minutes=30),
    }
    return Payable(**(defaults | changes))


def _of(payment: Payment) -> dict[str, Any]:
    return {
        "order_id": payment.order_id, "order_number": payment.order_number, "mall_id": "intake", "channel": "pc",
        "currency": "KRW",
    }  # fmt: skip


def a_refund_request(payment: Payment, amount: int = 5_000, **changes: Any) -> OrderRefundRequested:
    defaults = {"refund_id": ids.new_id(), "payment_id": payment.id, "reason": "changed_mind", "requested_at": NOW}
    return OrderRefundRequested(**(_of(payment) | defaults | {"amount": amount} | changes))


def an_order_cancelled(payment: Payment, **changes: Any) -> OrderCancelled:
    defaults = {
        "cancel_id": ids.new_id(), "whole": True, "was_paid": False, "reason": "changed_mind", "lines": (),
        "refund_amount": 0, "placed_at": NOW, "cancelled_at": NOW,
    }  # fmt: skip
    return OrderCancelled(**(_of(payment) | defaults | changes))


def a_staff_header(*roles: str) -> dict[str, str]:
    # The expiry is compared with the wall clock, not with the test's.
    claims = {"sub": "staff-1", "typ": "staff", "roles": list(roles), "exp": 4_102_444_800}
    return {"Authorization": f"Bearer {jwt.encode(claims, STAFF_KEY, algorithm='HS256')}"}
