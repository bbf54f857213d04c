"""Hashes and seals of Inicis. Everything here is pure; what is signed is sent unchanged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# Which fields the answer to an approval signs, by the last digit of the time stamp it was asked with.
_SIGNED_BY_DIGIT = {
    "0": ("TotPrice", "tstamp", "MOID"),
    "1": ("MOID", "mid", "tstamp"),
    "2": ("MOID", "tstamp", "mid"),
    "3": ("mid", "MOID", "tstamp"),
    "4": ("mid", "tstamp", "MOID"),
    "5": ("tstamp", "mid", "MOID"),
    "6": ("tstamp", "MOID", "mid"),
    "7": ("TotPrice", "mid", "tstamp"),
    "8": ("TotPrice", "tstamp", "mid"),
    "9": ("TotPrice", "MOID", "tstamp"),
}
_BLOCK_BITS = 128


def m_key(sign_key: str) -> str:
    return _sha256(sign_key)


def signature(fields: Mapping[str, object]) -> str:
    """Over the fields by name: `oid, price, timestamp` of a window, `authToken, timestamp` of an approval.

    With `signKey` among them it is the `verification` of either.
    """
    return _sha256(_joined(sorted(fields.items())))


def answer_signature(*, mid: str, tstamp: str, order_id: str, total: str) -> str:
    """What `authSignature` of an approval must be. `total` as Inicis wrote it."""
    values = {"mid": mid, "tstamp": tstamp, "MOID": order_id, "TotPrice": total}
    return _sha256(_joined((name, values[name]) for name in _SIGNED_BY_DIGIT[tstamp[-1]]))


def same(expected: str, given: object) -> bool:
    """In constant time."""
    return isinstance(given, str) and hmac.compare_digest(expected.encode(), given.lower().encode())


def hash_v1(api_key: str, *parts: str) -> str:
    """`parts` in the order of the call: type, paymethod, timestamp, clientIp, mid, and what the type adds."""
    return hashlib.sha512("".join((api_key, *parts)).encode()).hexdigest()


def exact_json(document: Any) -> str:
    """No spaces, and neither Korean nor slashes escaped: these very bytes are hashed and sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def body_v2(api_key: str, *, mid: str, kind: str, timestamp: str, client_ip: str, data: Mapping[str, str]) -> bytes:
    """A whole request to INIAPI v2."""
    hashed = hashlib.sha512(f"{api_key}{mid}{kind}{timestamp}{exact_json(data)}".encode()).hexdigest()
    document = {
        "mid": mid, "type": kind, "timestamp": timestamp, "clientIp": client_ip, "data": dict(data), "hashData": hashed,
    }  # fmt: skip
    return exact_json(document).encode()


def sealed(api_key: str, api_iv: str, text: str) -> str:
    """AES-128-CBC with PKCS#7, base64: how INIAPI wants an account number."""
    padder = padding.PKCS7(_BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(api_key.encode()), modes.CBC(api_iv.encode())).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _joined(pairs: Any) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
