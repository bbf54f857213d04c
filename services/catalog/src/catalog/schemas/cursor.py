"""Cursors of lists: opaque to clients, checked on the way back in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from catalog.domain.search import Question, boil_down
from catalog.errors import CursorInvalid
from catalog.repository.listing import Position, Sort


def encode(*parts: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def decode(cursor: str, *lengths: int) -> Sequence[Any]:
    """The parts as JSON knows them. Raises `CursorInvalid` for anything `encode` did not make."""
    try:
        parts = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid("the cursor is not one of ours") from error
    if not isinstance(parts, list) or len(parts) not in lengths:
        raise CursorInvalid("the cursor is not one of ours")
    return parts


def of_products(sort: Sort, last: Position, corrected: Question | None = None) -> str:
    """`corrected`: what is searched for in place of the words that were asked for."""
    return encode(sort, last.value, str(last.id), None if corrected is None else corrected.words)


def to_products(cursor: str, sort: Sort) -> tuple[Position, Question | None]:
    """Where a list goes on. Raises `CursorInvalid` when the cursor belongs to another sort order."""
    made_for, value, last_id, *more = decode(cursor, 3, 4)
    if made_for != sort:
        raise CursorInvalid("the cursor belongs to another sort order")
    try:
        return Position(_value(sort, value), UUID(last_id)), _question(more[0] if more else None)
    except (TypeError, ValueError, AttributeError) as error:
        raise CursorInvalid("the cursor is not one of ours") from error


def _question(words: Any) -> Question | None:
    if words is None:
        return None
    if not isinstance(words, list) or not 0 < len(words) <= 20 or not all(isinstance(word, str) for word in words):
        raise ValueError("not words")
    if any(not word or boil_down(word) != word for word in words):
        raise ValueError("not words as they are searched for")
    return Question(tuple(words))


def _value(sort: Sort, value: Any) -> datetime | int | str:
    if sort == "newest":
        return _moment(value)
    if sort == "name":
        if not isinstance(value, str) or "\x00" in value:
            raise ValueError("not a name")
        return value
    if type(value) is not int or abs(value) >= (2**31 if sort == "recommended" else 2**63):
        raise ValueError("not a price and not a rank")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or not 1970 <= moment.year <= 9000:
        raise ValueError("a moment without its zone, or none of ours")
    return moment


def of_counts(counted_at: datetime, count_id: UUID, sku: str) -> str:
    return encode(counted_at, str(count_id), sku)


def to_counts(cursor: str) -> tuple[datetime, UUID, str]:
    counted_at, count_id, sku = decode(cursor, 3)
    try:
        return _moment(counted_at), UUID(count_id), str(sku)
    except (TypeError, ValueError, AttributeError) as error:
        raise CursorInvalid("the cursor is not one of ours") from error


def of_story(*last: Any) -> str:
    return encode(*last)


def to_prices(cursor: str) -> int:
    (last,) = decode(cursor, 1)
    return _row(last)


def to_movements(cursor: str) -> tuple[datetime, int]:
    at, last = decode(cursor, 2)
    try:
        return _moment(at), _row(last)
    except (TypeError, ValueError) as error:
        raise CursorInvalid("the cursor is not one of ours") from error


def _row(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 2**63:
        raise CursorInvalid("the cursor is not one of ours")
    return number


def to_upload(cursor: str) -> UUID:
    (last,) = decode(cursor, 1)
    try:
        return UUID(last)
    except (TypeError, ValueError, AttributeError) as error:
        raise CursorInvalid("the cursor is not one of ours") from error
