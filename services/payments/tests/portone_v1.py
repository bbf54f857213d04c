"""PortOne V1 as its public documents show it, for tests of the adapter."""

from __future__ import annotations

import json

import httpx
from services.payments.tests.builders import AMOUNT, a_payment

from payments.clients.gateway import Cancel, Terms
from payments.clients.portone_v1 import PortOneV1Access
from payments.domain.status import Status

API = "https://iamport.example"
OURS = "https://shop.example/v1/payments/1"
TERMS = Terms("김서연", None, f"{OURS}/return", f"{OURS}/return/fail", f"{OURS}/window", "https://shop.example/hook")
CHANNELS = {"card": "ch-card", "transfer": "ch-transfer", "virtual_account": "ch-account", "easy_pay": "ch-easy"}
ACCESS = PortOneV1Access(API, "imp00000000", "key-1", "secret-1", CHANNELS, refund_banks={"88": "26"})
NOTE = "refund 0199"
LIVES = 1800


def body(payment, status="paid", **changes):
    """The payment object of V1's reference."""
    return {
        "imp_uid": "imp_1", "merchant_uid": payment.order_ref, "name": payment.order_name, "amount": payment.amount,
        "cancel_amount": 0, "currency": "KRW", "status": status, "pay_method": "card", "pg_provider": "html5_inicis",
        "pg_tid": "pg_1", "buyer_name": "김서연", "card_number": "53275020****463*", "vbank_num": None,
        "vbank_date": 0, "started_at": 1795316400, "paid_at": 1795316405, "failed_at": 0, "cancelled_at": 0,
        "fail_reason": None, "receipt_url": "https://receipt.example/1", "cancel_history": [],
    } | changes  # fmt: skip


VBANK = {
    "pay_method": "vbank", "vbank_num": "110000000001", "vbank_code": "088", "vbank_name": "신한(통합)",
    "vbank_holder": "테스트몰", "vbank_date": 1795402800, "paid_at": 0,
}  # fmt: skip


def a_return(amount=5_000, reason=NOTE, **changes):
    return {
        "pg_tid": "pg_c1", "amount": amount, "cancelled_at": 1795320000, "reason": reason,
        "cancellation_id": "cancel-1", "receipt_url": None,
    } | changes  # fmt: skip


def yes(response) -> httpx.Response:
    return httpx.Response(200, json={"code": 0, "message": None, "response": response})


def no(message="안 됩니다", code=1, status=200) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": message, "response": None})


def a_token(value="token-1", lives=LIVES) -> httpx.Response:
    return yes({"access_token": value, "now": 1000, "expired_at": 1000 + lives})


UNAUTHORIZED = no("Unauthorized", -1, 401)
NOT_FOUND = no("존재하지 않는 결제정보입니다.", -1, 404)


def sent(route):
    request = route.calls.last.request
    return request.headers, json.loads(request.content)


def mine(status=Status.OPEN, **changes):
    key = {} if "key" in changes or status in (Status.CREATED, Status.OPEN) else {"key": "imp_1"}
    return a_payment(status, provider="portone_v1", merchant="imp00000000", **key, **changes)


def a_cancel(**changes) -> Cancel:
    return Cancel(**({"note": NOTE, "amount": 5_000, "balance": AMOUNT, "idempotency_key": "k"} | changes))
