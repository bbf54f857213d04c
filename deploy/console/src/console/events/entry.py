"""One record of the log, as it is shown. Of personal data it is only told that an event came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from contracts.topics import TOPICS

PAYLOAD_MOST = 8_000
PERSONAL = "personal data: the event came, its content is not shown"
_PERSONAL_TOPICS = tuple(spec.name for spec in TOPICS.values() if spec.personal)


@dataclass(frozen=True, slots=True)
class Entry:
    """`number` counts what this process has read. `payload` is text, cut to `PAYLOAD_MOST`."""

    number: int
    topic: str
    partition: int
    offset: int
    time: datetime
    service: str
    type: str
    key: str
    order_id: str
    order_number: str
    trace_id: str
    summary: str
    headers: dict[str, str]
    payload: str
    personal: bool

    @property
    def dead(self) -> bool:
        """Whether it reports a dead letter."""
        return self.topic.endswith(".dlq")

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"time": self.time.isoformat()}


def is_personal(topic: str) -> bool:
    """Also of the dead letters of a personal topic."""
    return any(name in topic for name in _PERSONAL_TOPICS)


def read(number: int, message: Any) -> tuple[Entry, Mapping[str, Any]]:
    """The entry of an aiokafka record, and its payload as an object (empty when personal or no object)."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in message.headers}
    personal = is_personal(message.topic)
    key = (message.key or b"").decode(errors="replace")
    data = {} if personal else _object(message.value)
    text = (message.value or b"").decode(errors="replace")
    entry = Entry(
        number=number,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        time=_time(headers, message.timestamp),
        service=headers.get("ce_source", "?").rsplit("/", 1)[-1],
        type=headers.get("ce_type", "?"),
        key=key,
        order_id=str(data.get("order_id") or (key if personal else "")),
        order_number=str(data.get("order_number") or ""),
        trace_id=_sampled_trace(headers.get("traceparent", "")),
        summary="personal data" if personal else summary(headers, data),
        headers=headers,
        payload=PERSONAL if personal else text[:PAYLOAD_MOST] + (" … (cut)" if len(text) > PAYLOAD_MOST else ""),
        personal=personal,
    )
    return entry, data


def summary(headers: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """A few words about the event."""
    return " · ".join(part for part in _parts(headers, data) if part)


def _parts(headers: Mapping[str, str], data: Mapping[str, Any]) -> Iterable[str]:
    if reason := headers.get("dlq-reason"):
        yield f"dead for {headers.get('dlq-consumer-group', '?')}: {reason}"
    yield str(data.get("order_number") or "")
    yield " ".join(str(data[name]) for name in ("status", "carrier", "waybill") if data.get(name))
    amount = next((data[name] for name in ("total_amount", "refund_amount", "amount") if data.get(name)), None)
    if isinstance(amount, int):
        yield f"{amount:,} {data.get('currency', '')}".strip()
    yield " ".join(str(data[name]) for name in ("method", "template", "channel") if data.get(name))
    if "on_hand" in data:
        yield f"{data.get('sku', '')} on hand {data['on_hand']}, reserved {data.get('reserved', '?')}"
    elif lines := data.get("lines"):
        yield ", ".join(f"{line.get('sku')} × {line.get('quantity')}" for line in lines[:4] if isinstance(line, dict))
    yield str(data.get("name") or data.get("product_name") or "")
    yield str(data.get("reason") or "")


def _object(value: bytes | None) -> Mapping[str, Any]:
    try:
        found = orjson.loads(value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _time(headers: Mapping[str, str], timestamp_ms: int) -> datetime:
    try:
        moment = datetime.fromisoformat(headers["ce_time"])
    except (KeyError, ValueError):
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sampled_trace(traceparent: str) -> str:
    parts = traceparent.split("-")
    return parts[1] if len(parts) == 4 and len(parts[1]) == 32 and parts[3][-1:] in set("13579bdf") else ""
