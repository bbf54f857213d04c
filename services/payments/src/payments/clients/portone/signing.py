"""Signatures of webhooks (2024-04-25), after Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from payments.errors import CallbackForged

TOLERANCE_SECONDS = 300
_SIGNATURES_MOST = 16


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> str:
    """The webhook's id. `body` as it came over the wire. Raises `CallbackForged`, also when there is no secret."""
    webhook_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not webhook_id or not given or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise CallbackForged("the webhook is not signed")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise CallbackForged("the webhook is too old or from the future")
    signed = b"%b.%b.%b" % (webhook_id.encode(), stamp.encode(), body)
    expected = [_signature(secret, signed) for secret in secrets]
    found = False
    for word in given.split(" ")[:_SIGNATURES_MOST]:
        version, _, sent = word.partition(",")
        for right in expected:
            # No early end: how long this takes tells nothing about which signature or secret fits.
            found |= version == "v1" and hmac.compare_digest(sent.encode(), right)
    if not found:
        raise CallbackForged("the webhook's signature is wrong")
    return webhook_id


def _signature(secret: str, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest())


def key_of(secret: str) -> bytes:
    """Raises ValueError for what is not such a secret: an empty key would let anybody sign."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is base64 after whsec_") from None
    if not key:
        raise ValueError("a webhook secret is empty")
    return key
