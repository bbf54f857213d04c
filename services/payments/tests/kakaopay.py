"""What KakaoPay answers, with the fields of korea.md 1.2."""

from __future__ import annotations

import json
from datetime import date

from services.payments.tests.builders import AMOUNT, a_payment

from payments.clients.gateway import Cancel, Terms
from payments.clients.kakaopay import KakaoPayAccess
from payments.domain.status import Status

API = "https://pay.example/online/v1"
BACK = "https://shop.example/v1/payments/1/return"
TERMS = Terms("김서연", None, BACK, f"{BACK}/fail", "https://shop.example/window", "https://shop.example/notice")
ACCESS = KakaoPayAccess("https://pay.example/", "dev-key", "TC0ONETIME")
TID = "T1234567890123456789"
AID = "A5678901234567890123"
GRANT = {"pg_token": "f00d"}
CANCEL = Cancel("refund 1", amount=5_000, balance=AMOUNT, idempotency_key="refund-1-1")
OPENED = {
    "tid": TID, "next_redirect_pc_url": "https://online-pay.example/info",
    "next_redirect_mobile_url": "https://online-pay.example/mInfo",
    "next_redirect_app_url": "https://online-pay.example/aInfo", "created_at": "2026-11-22T12:00:00",
}  # fmt: skip
DAY = date(2026, 11, 22)
SETTLED = {
    "tid": TID, "aid": AID, "partner_order_id": "order-1", "payment_method_type": "CARD", "type": "PAYMENT",
    "amount": 10_000, "fee": 330, "payout_amount": 9_670, "payout_date": "2026-11-24",
    "approved_at": "2026-11-22T12:00:05",
}  # fmt: skip
WITH_LIST = KakaoPayAccess("https://pay.example", "dev-key", "TC0ONETIME", settlement_path="/online/v1/settlements")


def parts(total, tax_free=0):
    return {"total": total, "tax_free": tax_free, "vat": total // 11, "point": 0, "discount": 0, "green_deposit": 0}


def kakao(status=Status.OPEN, **changes):
    defaults = {"provider": "kakaopay", "merchant": "TC0ONETIME", "method": "easy_pay", "key": TID, "prepared_key": TID}
    return a_payment(status, **(defaults | changes))


def head(payment, **changes):
    return {
        "tid": TID, "cid": "TC0ONETIME", "partner_order_id": payment.order_ref,
        "partner_user_id": str(payment.order_id), "item_name": payment.order_name, "quantity": 1,
        "amount": parts(payment.amount), "payment_method_type": "CARD", "created_at": "2026-11-22T12:00:00",
        "approved_at": "2026-11-22T12:00:05",
    } | changes  # fmt: skip


def approval(payment, **changes):
    card = {"bin": "621640", "approved_id": "70123456", "card_type": "신용"}
    return head(payment, aid=AID, card_info=card) | changes


def paid_row(**changes):
    return {
        "aid": AID, "approved_at": "2026-11-22T12:00:05", "amount": AMOUNT, "point_amount": 0, "discount_amount": 0,
        "payment_action_type": "PAYMENT", "payload": "order-ref",
    } | changes  # fmt: skip


def cancel_row(amount=5_000, payload="refund 1 KRW5000", aid="A2"):
    row = paid_row(aid=aid, payment_action_type="CANCEL", amount=amount, payload=payload)
    return {name: value for name, value in row.items() if value is not None}


def order(payment, status="SUCCESS_PAYMENT", *rows, gone=None, **changes):
    gone = sum(row.get("amount", 0) for row in rows) if gone is None else gone
    return head(payment, status=status, canceled_amount=parts(gone)) | {
        "cancel_available_amount": parts(payment.amount - gone),
        "payment_action_details": [paid_row(), *rows],
    } | changes  # fmt: skip


def cancelled(payment, amount=5_000, status="PART_CANCEL_PAYMENT", **changes):
    return head(payment, status=status, aid="A2", payload="refund 1 KRW5000") | {
        "approved_cancel_amount": parts(amount), "canceled_amount": parts(amount),
        "cancel_available_amount": parts(payment.amount - amount), "canceled_at": "2026-11-22T13:00:00",
    } | changes  # fmt: skip


def sent(route):
    """Headers and body of the last request."""
    request = route.calls.last.request
    return request.headers, json.loads(request.content)
