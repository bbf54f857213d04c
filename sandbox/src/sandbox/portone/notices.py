"""Webhooks. V2 signs after Standard Webhooks (2024-04-25) and retries; V1 sends three fields and signs nothing."""

import base64
import hashlib
import hmac
import json
import secrets
import sqlite3
from typing import Any

from sandbox.clock import Clock, epoch, wire_time
from sandbox.courier import Courier, Manner, Sent
from sandbox.portone.payment import V1_STATUS, Payment
from sandbox.settings import Settings, listed

# The first attempt goes at once; korea.md counts it as minute 0. The jitter is left out, so that tests can wait.
RETRY_MINUTES = (1, 4, 16, 64, 256)
V2_TYPES = {
    "READY": "Ready", "PENDING": "PayPending", "VIRTUAL_ACCOUNT_ISSUED": "VirtualAccountIssued", "PAID": "Paid",
    "FAILED": "Failed", "PARTIAL_CANCELLED": "PartialCancelled", "CANCELLED": "Cancelled",
}  # fmt: skip


def key_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def signature(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over id.timestamp.body, in base64."""
    signed = webhook_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


def raw_of(body: Any) -> bytes:
    """What is signed and sent, to the byte."""
    return json.dumps(body, ensure_ascii=False).encode()


class Notices:
    def __init__(self, settings: Settings, clock: Clock, courier: Courier) -> None:
        self._settings = settings
        self._clock = clock
        self._courier = courier
        minute, patience = settings.minute_seconds, settings.portone.webhook_timeout_seconds
        v2 = tuple(m * minute for m in RETRY_MINUTES)
        courier.register("portone", Manner(v2, self._signed, answer_seconds=patience))
        v1 = tuple(float(m) * minute for m in listed(settings.portone.v1_retry_minutes))
        plain = Manner(v1, lambda row, _: Sent({}, json.loads(row["body"])), answer_seconds=patience)
        courier.register("portone_v1", plain)

    def changed(self, payment: Payment, *, cancellation_id: str | None = None, pending: bool = False) -> None:
        """`pending`: a cancel was taken on and is not done."""
        if payment.api == "v1":
            self._changed_v1(payment, cancellation_id)
            return
        kind = "CancelPending" if pending else V2_TYPES[payment.status]
        data = {"storeId": payment.store_id, "paymentId": payment.payment_id, "transactionId": payment.tx_id}
        if cancellation_id is not None:
            data["cancellationId"] = cancellation_id
        body = {"type": f"Transaction.{kind}", "timestamp": wire_time(self._clock.now()), "data": data}
        self._owe("portone", body["type"], payment, self._settings.portone.webhook_url, body)

    def _changed_v1(self, payment: Payment, cancellation_id: str | None) -> None:
        """Nothing is said of a failure, nor of a window that was only opened."""
        if payment.status in ("FAILED", "READY", "PENDING"):
            return
        body: dict[str, Any] = {
            "imp_uid": payment.tx_id, "merchant_uid": payment.payment_id, "status": V1_STATUS[payment.status],
        }  # fmt: skip
        if cancellation_id is not None:
            body |= {"status": "cancelled", "cancellation_id": cancellation_id}
        self._owe("portone_v1", str(body["status"]), payment, self._settings.portone.v1_webhook_url, body)

    def _owe(self, party: str, event: Any, payment: Payment, registered: str, body: Any) -> None:
        for url in payment.notice_urls or [registered]:
            self._courier.owe(
                party=party, event=str(event), subject=f"{party}:{payment.payment_id}",
                transmission=f"msg_{secrets.token_hex(12)}", url=url, body=body,
            )  # fmt: skip

    def forge(self, url: str, subject: str, body: Any, how: str) -> None:
        """A webhook that is not what it should be; `how` travels in the transmission's name."""
        self._courier.owe(
            party="portone", event="forged", subject=subject, transmission=f"forged_{how}_{secrets.token_hex(8)}",
            url=url, body=body,
        )  # fmt: skip

    def _signed(self, row: sqlite3.Row, _: int) -> Sent:
        """Signed anew at each attempt, as the timestamp is part of it. All live secrets sign: the old may be gone."""
        body, webhook_id = json.loads(row["body"]), row["transmission"]
        how = webhook_id.split("_")[1] if webhook_id.startswith("forged_") else ""
        now = int(epoch(self._clock.now()))
        timestamp = str(now - 301 if how == "old" else now + 301 if how == "future" else now)
        headers = {"webhook-id": webhook_id, "webhook-timestamp": timestamp}
        if how == "unsigned":
            return Sent(headers, raw_of(body))
        live = list(listed(self._settings.portone.webhook_secrets))
        if how == "wrong":
            live = ["whsec_" + base64.b64encode(b"not the key of anybody").decode()]
        elif how == "last":
            live = live[-1:]
        raw = raw_of(body)
        over = b"{}" if how == "tampered" else raw
        signed = " ".join(signature(secret, webhook_id, timestamp, over) for secret in live)
        return Sent(headers | {"webhook-signature": signed}, raw)
