"""What must not be readable in the database or a backup of it."""

from __future__ import annotations

import hashlib
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Seal:
    """AES-256-GCM with a key per purpose, bound to an owner: what is sealed for another row does not open here."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._ciphers: dict[str, AESGCM] = {}

    def close(self, purpose: str, owner: bytes, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(purpose).encrypt(nonce, plain, owner)

    def open(self, purpose: str, owner: bytes, sealed: bytes) -> bytes:
        """Raises `cryptography.exceptions.InvalidTag` when the key, the purpose or the owner is another."""
        return self._cipher(purpose).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner)

    def _cipher(self, purpose: str) -> AESGCM:
        if purpose not in self._ciphers:
            key = hashlib.sha256(f"{purpose}\x1f{self._secret}".encode()).digest()
            self._ciphers[purpose] = AESGCM(key)
        return self._ciphers[purpose]
