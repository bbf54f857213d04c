"""Searching the messages, as GET /messages/v4/list does: plain filters, or criteria with conditions."""

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.solapi.auth import SolapiRefusal

FIELDS = ("messageId", "groupId", "to", "from", "type", "statusCode")
CRITERIA = (*FIELDS, "dateCreated", "dateUpdated", "replacement")
CONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip
DEFAULT_LIMIT, MOST = 20, 500


def page(messages: list[dict[str, Any]], query: dict[str, str], ids: list[str]) -> dict[str, Any]:
    """{startKey, nextKey, limit, messageList} where messageList is an object keyed by message id."""
    limit = _limit(query.get("limit"))
    found = [message for message in reversed(messages) if _matches(message, query, ids)]
    start = query.get("startKey")
    if start:
        keys = [message["messageId"] for message in found]
        found = found[keys.index(start) :] if start in keys else []
    shown, rest = found[:limit], found[limit:]
    return {
        "startKey": start,
        "nextKey": rest[0]["messageId"] if rest else None,
        "limit": limit,
        "messageList": {message["messageId"]: _shown(message) for message in shown},
    }


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isdigit() or not 0 < int(text) <= MOST:
        raise SolapiRefusal("ValidationError", "limit는 1 이상 500 이하여야 합니다.")
    return int(text)


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {"_id": message["messageId"]} | {name: value for name, value in message.items() if name != "fallsBack"}


def _matches(message: dict[str, Any], query: dict[str, str], ids: list[str]) -> bool:
    if ids and message["messageId"] not in ids:
        return False
    if any(name in query and message[name] != query[name] for name in FIELDS):
        return False
    return _in_time(message, query) and _by_criteria(message, query)


def _in_time(message: dict[str, Any], query: dict[str, str]) -> bool:
    name = "dateUpdated" if query.get("dateType", "").upper() == "UPDATED" else "dateCreated"
    moment = _moment(message[name])
    if "startDate" in query and moment < _moment(query["startDate"]):
        return False
    return not ("endDate" in query and moment > _moment(query["endDate"]))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SolapiRefusal("ValidationError", "날짜 형식이 올바르지 않습니다.") from None
    if moment.tzinfo is None:
        raise SolapiRefusal("ValidationError", "날짜에는 시간대가 있어야 합니다.")
    return moment


def _by_criteria(message: dict[str, Any], query: dict[str, str]) -> bool:
    if "criteria" not in query:
        return True
    names, values = query["criteria"].split(","), query.get("value", "").split(",")
    conditions = query.get("cond", "").split(",")
    if not len(names) == len(values) == len(conditions):
        raise SolapiRefusal("ValidationError", "criteria, cond, value의 개수가 다릅니다.")
    for name, condition, value in zip(names, conditions, values, strict=True):
        if name not in CRITERIA or condition not in CONDITIONS:
            raise SolapiRefusal("ValidationError", f"알 수 없는 검색 조건입니다: {name} {condition}")
        known = message[name]
        held = str(known).lower() if isinstance(known, bool) else str(known)
        if not CONDITIONS[condition](held, value):
            return False
    return True
