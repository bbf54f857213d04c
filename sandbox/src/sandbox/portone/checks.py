"""Reading what callers send: a clean value, or PortOne's refusal."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.clock import KST
from sandbox.portone.refusals import PortOneRefusal
from sandbox.wire import read_json

MOST_WON = 10**12
PAYMENT_ID = re.compile(r"[\x21-\x7e]{1,64}")
QUOTED = re.compile(r'"([\x20\x21\x23-\x7e]{16,256})"')


def body_of(raw: bytes) -> dict[str, Any]:
    try:
        parsed = read_json(raw or b"{}")
    except ValueError:
        raise PortOneRefusal("INVALID_REQUEST") from None
    if not isinstance(parsed, dict):
        raise PortOneRefusal("INVALID_REQUEST")
    return parsed


def whole(value: Any, *, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_WON:
        raise PortOneRefusal("INVALID_REQUEST")
    return value


def optional_whole(value: Any, *, least: int = 0) -> int | None:
    return None if value is None else whole(value, least=least)


def text(value: Any, *, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise PortOneRefusal("INVALID_REQUEST")
    return value


def payment_id(value: Any) -> str:
    if not isinstance(value, str) or not PAYMENT_ID.fullmatch(value):
        raise PortOneRefusal("INVALID_REQUEST")
    return value


def url(value: Any) -> str:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
    except ValueError:
        raise PortOneRefusal("INVALID_REQUEST") from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise PortOneRefusal("INVALID_REQUEST")
    return str(value)


def moment(value: Any) -> datetime:
    """ISO 8601; without an offset it is Korean time."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise PortOneRefusal("INVALID_REQUEST") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=KST)


def idempotency_key(header: str | None) -> str | None:
    """16 to 256 ASCII characters inside double quotes; anything else is refused, not ignored."""
    if header is None:
        return None
    found = QUOTED.fullmatch(header)
    if found is None:
        raise PortOneRefusal("INVALID_REQUEST")
    return found.group(1)
