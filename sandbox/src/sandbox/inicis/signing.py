"""Hashes as the company reckons them, from korea.md: written down apart from the mall's."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sha512(text: str) -> str:
    return hashlib.sha512(text.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def window_signature(oid: str, price: str, timestamp: str) -> str:
    return sha256(f"oid={oid}&price={price}&timestamp={timestamp}")


def window_verification(oid: str, price: str, sign_key: str, timestamp: str) -> str:
    return sha256(f"oid={oid}&price={price}&signKey={sign_key}&timestamp={timestamp}")


def approval_signature(token: str, timestamp: str) -> str:
    return sha256(f"authToken={token}&timestamp={timestamp}")


def approval_verification(token: str, sign_key: str, timestamp: str) -> str:
    return sha256(f"authToken={token}&signKey={sign_key}&timestamp={timestamp}")


def answer_signature(*, mid: str, oid: str, price: str, timestamp: str) -> str:
    """The last digit of the time stamp chooses what is signed and in which order."""
    at, order, merchant, total = f"tstamp={timestamp}", f"MOID={oid}", f"mid={mid}", f"TotPrice={price}"
    parts = {
        "1": (order, merchant, at), "2": (order, at, merchant), "3": (merchant, order, at), "4": (merchant, at, order),
        "5": (at, merchant, order), "6": (at, order, merchant), "7": (total, merchant, at), "8": (total, at, merchant),
        "9": (total, order, at), "0": (total, at, order),
    }  # fmt: skip
    return sha256("&".join(parts[timestamp[-1]]))


def data_of(raw: str) -> tuple[dict[str, Any], str]:
    """The `data` of a v2 request and its very text. ValueError if there is none, or it is not compact JSON."""
    _, mark, rest = raw.partition('"data":')
    if not mark:
        raise ValueError("no data")
    value, end = json.JSONDecoder().raw_decode(rest)
    text = rest[:end]
    if not isinstance(value, dict) or text != json.dumps(value, ensure_ascii=False, separators=(",", ":")):
        raise ValueError("data is not compact JSON with its letters and slashes as they are")
    return value, text


def opened(api_key: str, api_iv: str, sealed: str) -> str:
    """The account number INIAPI was sent. ValueError if it is not sealed with these keys."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not raw or len(raw) % BLOCK:
        raise ValueError("not whole blocks")
    decryptor = Cipher(algorithms.AES(api_key.encode()), modes.CBC(api_iv.encode())).decryptor()
    padded = decryptor.update(raw) + decryptor.finalize()
    padding = padded[-1]
    if not 1 <= padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise ValueError("not padded")
    return padded[:-padding].decode()
