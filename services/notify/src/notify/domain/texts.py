"""Rules of Korean text messages: what a carrier can show, how it counts, and how people and money are written."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone

SMS_BYTES, LMS_BYTES, SUBJECT_BYTES, ALIMTALK_CHARS = 90, 2000, 40, 1000

_KST = timezone(timedelta(hours=9))
_WEEKDAYS = "월화수목금토일"
# Characters that cp949 lacks but that have an equal in it.
_EQUALS = {"–": "-", "—": "-", "₩": "원", "\u00a0": " ", "©": "(c)", "\u2011": "-", "•": "·", "✔": "√"}
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,255}")
_PHONE = re.compile(r"0\d{7,11}")


def plain(text: str) -> str:
    """The text with everything a carrier cannot show replaced: emoji become one `?`, control characters nothing."""
    made: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        known = _EQUALS.get(letter, letter)
        if known != "\n" and unicodedata.category(known[0]) in {"Cc", "Cf", "Mn", "Me"}:
            continue
        if _encodable(known):
            made.append(known)
        elif not made or made[-1] != "?":
            made.append("?")
    return "".join(made)


def text_bytes(text: str) -> int:
    """Length as carriers count it. The text must be `plain`."""
    return len(text.encode("cp949"))


def is_long(text: str) -> bool:
    """Whether it is too long for an SMS and must go as an LMS."""
    return text_bytes(text) > SMS_BYTES


def cut(text: str, most_bytes: int) -> str:
    """The beginning of a plain text in at most so many bytes, never half a letter; `..` stands for what is missing."""
    if text_bytes(text) <= most_bytes:
        return text
    kept = text.encode("cp949")[: most_bytes - 2]
    return kept.decode("cp949", errors="ignore").rstrip() + ".."


def usable_phone(text: str | None) -> str | None:
    """A Korean number as providers want it: digits alone, from 0. None when it cannot be one."""
    digits = re.sub(r"[\s().+-]", "", text or "")
    if digits.startswith("82"):
        digits = "0" + digits[2:].removeprefix("0")
    return digits if _PHONE.fullmatch(digits) else None


def usable_email(text: str | None) -> str | None:
    """An address that can stand in a mail's header. Whether anybody reads it, only its server knows."""
    address = (text or "").strip()
    return address if _EMAIL.fullmatch(address) and ".." not in address.partition("@")[2] else None


def masked(recipient: str | None) -> str | None:
    """`k***@example.com`, `010****5678`: enough for staff to tell two customers apart."""
    if recipient is None:
        return None
    local, at, host = recipient.partition("@")
    if at:
        return f"{local[:1]}***@{host}"
    return f"{recipient[:3]}{'*' * max(len(recipient) - 7, 1)}{recipient[-4:]}"


def money(amount: int, currency: str) -> str:
    """`12,900원`; other currencies without decimals of their own are written with their code."""
    return f"{amount:,}원" if currency == "KRW" else f"{amount:,} {currency}"


def as_moment(when: datetime | str) -> datetime:
    """A moment, also where it comes out of stored JSON."""
    return when if isinstance(when, datetime) else datetime.fromisoformat(when)


def moment(when: datetime) -> str:
    """`2026년 11월 22일(일) 18:30`, Korean time."""
    local = when.astimezone(_KST)
    return f"{local.year}년 {local.month}월 {local.day}일({_WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def short_moment(when: datetime) -> str:
    """`11/22(일) 18:30`, Korean time."""
    local = when.astimezone(_KST)
    return f"{local.month}/{local.day}({_WEEKDAYS[local.weekday()]}) {local:%H:%M}"


def shortened(text: str, letters: int) -> str:
    """At most so many letters."""
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def _encodable(text: str) -> bool:
    try:
        text.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True
