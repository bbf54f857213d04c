"""Reading what callers send: each reader either returns a clean value or refuses as KakaoPay does."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.wire import read_json

MOST_WON = 10**12
INVALID = -2


def body_of(raw: bytes) -> dict[str, Any]:
    """The new API is JSON only; the old one's form encoding is refused."""
    try:
        parsed = read_json(raw)
    except ValueError:
        raise KakaoPayRefusal(INVALID) from None
    if not isinstance(parsed, dict):
        raise KakaoPayRefusal(INVALID)
    return parsed


def whole(value: Any, *, least: int = 0, code: int = INVALID) -> int:
    """A whole number of won. A fraction, a bool or a text is refused, never rounded."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_WON:
        raise KakaoPayRefusal(code)
    return value


def optional_whole(value: Any, *, least: int = 0) -> int | None:
    return None if value is None else whole(value, least=least)


def text(value: Any, *, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise KakaoPayRefusal(INVALID)
    return value


def optional_text(value: Any, *, most: int) -> str | None:
    return None if value is None else text(value, most=most)


def return_url(value: Any) -> str:
    url = text(value, most=255)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise KakaoPayRefusal(INVALID) from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise KakaoPayRefusal(INVALID)
    return url
