"""A cart's token that a repeated request can be given again although only its hash is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac


def replayable_token(salt: bytes, key: str) -> str:
    """The token made from the cart's stored `salt` and the caller's idempotency `key`.

    Neither is enough alone: the database keeps the salt and only a hash of the key, the caller keeps the key.
    """
    digest = hmac.new(salt, key.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def stored_key(key: str) -> str:
    """What stands in the idempotency table instead of the key itself."""
    return hashlib.sha256(key.encode()).hexdigest()
