"""PortOne V2 as its public documents show it, for tests of the adapter."""

from __future__ import annotations

import json
import re

from services.payments.tests.builders import AMOUNT, a_payment

from payments.clients.gateway import Cancel, Terms
from payments.clients.portone import PortOneAccess, PortOneGateway
from payments.commands.answers import (
    Standing,
)
from payments.domain.status import Status

API = "https://portone.example"
OURS = "https://shop.example/v1/payments/1"
TERMS = Terms("김서연", None, f"{OURS}/return", f"{OURS}/return/fail", f"{OURS}/window", "https://shop.example/hook")
CHANNELS = {"card": "ch-card", "transfer": "ch-transfer", "virtual_account": "ch-account", "easy_pay": "ch-easy"}
ACCESS = PortOneAccess(API, "store-1", "portone-secret", CHANNELS)
NOTE = "refund 0199"
STANDINGS = {
    "READY": Standing.NOT_STARTED,
    "VIRTUAL_ACCOUNT_ISSUED": Standing.WAITING,
    "PAID": Standing.PAID,
    "FAILED": Standing.FAILED,
    "PARTIAL_CANCELLED": Standing.PARTLY_RETURNED,
    "CANCELLED": Standing.RETURNED,
}


def body(payment, status="PAID", cancelled=0, **changes):
    """A payment with the fields of the public reference."""
    amount = {
        "total": payment.amount, "taxFree": 0, "vat": 1445, "supply": 14455, "discount": 0, "paid": payment.amount,
        "cancelled": cancelled, "cancelledTaxFree": 0,
    }  # fmt: skip
    return {
        "status": status, "id": payment.order_ref, "transactionId": "tx-1", "merchantId": "merchant-1",
        "storeId": "store-1", "method": {"type": "PaymentMethodCard", "card": {"number": "53275020****463*"}},
        "channel": {"type": "LIVE", "key": "ch-card", "pgProvider": "TOSSPAYMENTS"}, "version": "V2",
        "requestedAt": "2026-11-22T03:00:00Z", "updatedAt": "2026-11-22T03:00:05Z",
        "statusChangedAt": "2026-11-22T03:00:05Z", "orderName": payment.order_name, "amount": amount,
        "currency": "KRW", "customer": {"name": "김서연"}, "paidAt": "2026-11-22T03:00:05Z",
        "receiptUrl": "https://receipt.example/1",
    } | changes  # fmt: skip


def an_account(**changes):
    return {
        "type": "PaymentMethodVirtualAccount", "bank": "SHINHAN", "accountNumber": "110000000001",
        "accountType": "NORMAL", "remitteeName": "테스트몰", "remitterName": "김서연",
        "expiredAt": "2026-11-23T12:00:00+09:00", "issuedAt": "2026-11-22T12:00:00+09:00",
    } | changes  # fmt: skip


def a_cancellation(status="SUCCEEDED", amount=5_000, reason=NOTE, **changes):
    return {
        "status": status, "id": "cancellation-1", "pgCancellationId": "pg-1", "totalAmount": amount,
        "taxFreeAmount": 0, "vatAmount": 455, "reason": reason, "requestedAt": "2026-11-22T03:01:00Z",
        "cancelledAt": "2026-11-22T03:01:01Z",
    } | changes  # fmt: skip


def made(http, **changes) -> PortOneGateway:
    values = {name: getattr(ACCESS, name) for name in PortOneAccess.__dataclass_fields__}
    return PortOneGateway(http, PortOneAccess(**(values | changes)))


def sent(route):
    request = route.calls.last.request
    return request.headers, json.loads(request.content)


def mine(status=Status.OPEN, **changes):
    return a_payment(status, provider="portone", merchant="store-1", **changes)


def blocks(page) -> dict:
    found = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', page.html, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def a_cancel(**changes) -> Cancel:
    values = {"note": NOTE, "amount": 5_000, "balance": AMOUNT, "idempotency_key": "refund-0199-1234-1"} | changes
    return Cancel(**values)
