"""Spans, messages and events with honest defaults."""

from __future__ import annotations

import itertools
import socket
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from console.traces.span import CLIENT, CONSUMER, SERVER, Span

T0 = 1_763_800_000_000_000_000
MS = 1_000_000
TRACE = "a" * 32
ORDER = "019ab3c2-1111-7aaa-8bbb-0123456789ab"
NUMBER = "20261122-00000012"

_numbers = itertools.count(1)


def a_span(name: str = "work", *, at: float = 0, ms: float = 10, parent: Span | str = "", **fields: Any) -> Span:
    """`at` and `ms` in milliseconds after T0."""
    start = T0 + int(at * MS)
    values: dict[str, Any] = {
        "trace_id": parent.trace_id if isinstance(parent, Span) else TRACE,
        "span_id": f"{next(_numbers):016x}",
        "parent_id": parent.span_id if isinstance(parent, Span) else parent,
        "service": "orders",
        "name": name,
        "kind": SERVER,
        "start": start,
        "end": start + int(ms * MS),
    }
    return Span(**(values | fields))


def a_statement(parent: Span | str, **fields: Any) -> Span:
    return a_span("SELECT shop", parent=parent, kind=CLIENT, attributes={"db.system": "postgresql"}, **fields)


def a_send(topic: str, **fields: Any) -> Span:
    attributes = {"messaging.operation.type": "send", "messaging.destination.name": topic}
    return a_span(f"send {topic}", **({"kind": CLIENT, "attributes": attributes} | fields))


def a_process(topic: str, event: str, *, key: str = ORDER, **fields: Any) -> Span:
    attributes = {
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.kafka.message.key": key,
        "shop.event.type": event,
    }
    return a_span(f"process {topic}", **({"kind": CONSUMER, "attributes": attributes} | fields))


def an_export(*spans: Span) -> bytes:
    """The body a service would send."""
    request = ExportTraceServiceRequest()
    for span in spans:
        group = request.resource_spans.add()
        group.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=span.service)))
        wire = group.scope_spans.add().spans.add(
            trace_id=bytes.fromhex(span.trace_id),
            span_id=bytes.fromhex(span.span_id),
            parent_span_id=bytes.fromhex(span.parent_id),
            name=span.name,
            kind=span.kind,
            start_time_unix_nano=span.start,
            end_time_unix_nano=span.end,
        )
        for name, value in span.attributes.items():
            wire.attributes.append(KeyValue(key=name, value=AnyValue(string_value=str(value))))
        for trace_id, span_id in span.links:
            wire.links.add(trace_id=bytes.fromhex(trace_id), span_id=bytes.fromhex(span_id))
    return request.SerializeToString()


def a_message(event: str = "order-placed", data: Any = None, **fields: Any) -> Any:
    """A record as aiokafka hands it over."""
    headers = {
        "ce_type": event,
        "ce_source": "/shop/orders",
        "ce_id": "019ab3c2-9999-7aaa-8bbb-0123456789ab",
        "ce_time": "2026-11-22T03:00:00+00:00",
        "traceparent": f"00-{TRACE}-{'b' * 16}-01",
    } | fields.pop("headers", {})
    payload = {"order_id": ORDER, "order_number": NUMBER} if data is None else data
    values = {
        "topic": "shop.orders.v1",
        "partition": 3,
        "offset": 7,
        "timestamp": int(datetime(2026, 11, 22, 3, tzinfo=UTC).timestamp() * 1000),
        "key": ORDER.encode(),
        "value": payload if isinstance(payload, bytes) else orjson.dumps(payload),
        "headers": [(name, value.encode()) for name, value in headers.items()],
    }
    return SimpleNamespace(**(values | fields))


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
