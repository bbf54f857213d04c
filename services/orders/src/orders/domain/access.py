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


def is_orderer(known: tuple[str, str] | None, email: str | None, phone: str | None) -> bool:
    """Whether what was given is the orderer's e-mail or phone, in the same time whatever is compared.

    `known` is e-mail and phone, None for an order that does not exist: then the same work leads to False.
    """
    known_email, known_phone = known or ("", "")
    same_email = hmac.compare_digest(_digest(email or ""), _digest(known_email))
    same_phone = hmac.compare_digest(_digest(phone or ""), _digest(known_phone))
    return known is not None and ((email is not None and same_email) or (phone is not None and same_phone))


def _digest(text: str) -> bytes:
    """Of equal length for texts of any."""
    return hashlib.sha256(text.strip().casefold().encode()).digest()
