"""The secret that lets a guest see an order."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID


def order_token(key: str, order_id: UUID) -> str:
    """Always the same for an order, so that a repeated request can be told it again and nobody has to store it.

    Who changes the key changes only what repeated requests are told: tokens handed out before stay good, because they
    are checked against their stored hash.
    """
    digest = hmac.digest(key.encode(), b"order-token:" + order_id.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
