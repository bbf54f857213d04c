"""The one place where ids and secrets come from."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID, uuid5

import uuid_utils.compat

_NAMESPACE = UUID("6f6b3f3e-5e0c-5d2a-9c55-3c1c7a1d5b10")


def new_id() -> UUID:
    """A UUIDv7: unique, and sorts by the time it was made."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: str) -> UUID:
    """Always the same id for the same parts: names a thing made in answer to another, so a repeat finds it."""
    return uuid5(_NAMESPACE, "\x1f".join(parts))


def new_token() -> str:
    """A secret for a guest: 32 random bytes, URL-safe. Only its `token_hash` is stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token. Tokens are random, so an unsalted SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def same_token(token: str | None, stored: bytes) -> bool:
    """Compares in constant time."""
    return token is not None and secrets.compare_digest(token_hash(token), stored)
