"""CloudEvents 1.0 in binary mode on Kafka: attributes are `ce_` headers, the value is the event's JSON alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from common import ids
from common.errors import PermanentFailure
from common.transport import Headers, OutRecord, Record
from contracts.registry import EVENTS, Event

_SEQUENCE_DIGITS = 20  # ce_sequence compares as a string, so it is padded


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of a received event. `sequence` counts the events of one aggregate without gaps."""

    event_id: UUID
    type: str
    source: str
    time: datetime
    sequence: int
    key: str
    context: Mapping[str, str]


def encode(
    *,
    topic: str,
    key: str,
    event_id: UUID,
    wire_type: str,
    source: str,
    time: datetime,
    sequence: int,
    payload: bytes,
    stored: Mapping[str, str],
) -> OutRecord:
    """The record of an event. `stored` is what the outbox kept: trace context, `dataschema`, and `ce_` overrides."""
    headers = {
        "ce_specversion": "1.0",
        "ce_type": wire_type,
        "ce_source": f"/shop/{source}",
        "ce_id": str(event_id),
        "ce_time": time.isoformat(),
        "ce_subject": key,
        "ce_partitionkey": key,
        "ce_sequence": f"{sequence:0{_SEQUENCE_DIGITS}}",
        "content-type": "application/json",
    }
    for name, value in stored.items():
        if name == "dataschema":
            headers["ce_dataschema"] = value
        else:
            headers[name] = value
    if "traceparent" in headers:
        headers["ce_traceparent"] = headers["traceparent"]
    pairs: Headers = tuple((name, value.encode()) for name, value in headers.items())
    return OutRecord(topic=topic, key=key.encode(), value=payload, headers=pairs)


def header_map(headers: Headers) -> dict[str, str]:
    """Headers as text. Of a repeated header the first counts; undecodable bytes are replaced."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name, value.decode(errors="replace"))
    return found


def read_envelope(record: Record) -> Envelope:
    """Raises `PermanentFailure` with reason `envelope` when the record is no CloudEvent of ours."""
    headers = header_map(record.headers)
    try:
        return Envelope(
            event_id=UUID(headers["ce_id"]),
            type=headers["ce_type"],
            source=headers["ce_source"],
            time=datetime.fromisoformat(headers["ce_time"]),
            sequence=int(headers.get("ce_sequence", "0")),
            key=(record.key or b"").decode(),
            context=headers,
        )
    except KeyError as missing:
        raise PermanentFailure("envelope", f"the record has no header {missing}") from missing
    except ValueError as error:
        raise PermanentFailure("envelope", f"a header cannot be read: {error}") from error


def fallback_id(record: Record) -> UUID:
    """Names a record whose own id cannot be read, the same at every redelivery."""
    return ids.derived_id("record", record.topic, str(record.partition), str(record.offset))


def decode(wire_type: str, dataschema: str | None, value: bytes | None) -> Event:
    """The typed event. Raises `PermanentFailure` with reason `unknown_type`, `unknown_version` or `schema`."""
    event_class = EVENTS.get(wire_type)
    if event_class is None:
        raise PermanentFailure("unknown_type", f"no event is called {wire_type}")
    if dataschema is not None and dataschema != event_class.dataschema():
        raise PermanentFailure("unknown_version", f"{dataschema} is not {event_class.dataschema()}")
    try:
        return event_class.model_validate_json(value or b"")
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5])
        raise PermanentFailure("schema", where) from error
