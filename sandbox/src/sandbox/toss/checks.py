"""Reading what callers send: each reader either returns a clean value or refuses as Toss does."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.clock import KST
from sandbox.toss.errors import TossRefusal
from sandbox.toss.payment import BANKS
from sandbox.wire import read_json

MOST_WON = 10**12
ORDER_ID = re.compile(r"[A-Za-z0-9_-]{6,64}")


def body_of(raw: bytes) -> dict[str, Any]:
    try:
        parsed = read_json(raw or b"{}")
    except ValueError:
        raise TossRefusal("INVALID_REQUEST") from None
    if not isinstance(parsed, dict):
        raise TossRefusal("INVALID_REQUEST")
    return parsed


def whole(value: Any, *, least: int = 0, code: str = "INVALID_REQUEST") -> int:
    """A whole number of won. A fraction, a bool or a text is refused, never rounded."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_WON:
        raise TossRefusal(code)
    return value


def optional_whole(value: Any, *, least: int = 0, code: str = "INVALID_REQUEST") -> int | None:
    return None if value is None else whole(value, least=least, code=code)


def text(value: Any, *, most: int, code: str = "INVALID_REQUEST") -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise TossRefusal(code)
    return value


def optional_text(value: Any, *, most: int) -> str:
    return "" if value in (None, "") else text(value, most=most)


def order_id(value: Any) -> str:
    if not isinstance(value, str) or not ORDER_ID.fullmatch(value):
        raise TossRefusal("INVALID_ORDER_ID")
    return value


def bank(value: Any) -> str:
    if not isinstance(value, str):
        raise TossRefusal("INVALID_BANK")
    if value in BANKS:
        return value
    by_name = {name: code for code, name in BANKS.items()}
    if value not in by_name:
        raise TossRefusal("INVALID_BANK")
    return by_name[value]


def return_url(value: Any, code: str) -> str:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
    except ValueError:
        raise TossRefusal(code) from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise TossRefusal(code)
    return str(value)


def moment(value: Any) -> datetime:
    """ISO 8601; without an offset it is Korean time."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise TossRefusal("INVALID_DATE") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=KST)


def metadata(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) > 5:
        raise TossRefusal("INVALID_REQUEST")
    if not all(isinstance(key, str) and isinstance(word, str) for key, word in value.items()):
        raise TossRefusal("INVALID_REQUEST")
    return value
