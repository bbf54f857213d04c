"""OTLP/HTTP as services and the edge send it: protobuf, plain or gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # protobuf ships no types
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from console.traces.span import Span

MAX_BYTES = 16 * 1024 * 1024
_MAX_TEXT = 4000


class Unreadable(Exception):
    """The body is no OTLP request, or too large."""


def unpack(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding. Raises `Unreadable`; never makes more than `MAX_BYTES` of it."""
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise Unreadable(f"content-encoding {encoding} is not understood")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        made = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(f"not gzip: {error}") from error
    if len(made) > MAX_BYTES:
        raise Unreadable(f"more than {MAX_BYTES} bytes")
    if not unpacker.eof:
        raise Unreadable("the gzip stream ends early")
    return made


def decode(body: bytes) -> list[Span]:
    """The spans of an export request. Raises `Unreadable`."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Unreadable(f"not an ExportTraceServiceRequest: {error}") from error
    return list(_spans(request))


def answer(rejected: int) -> bytes:
    """The response body: all taken, or so many not."""
    response = ExportTraceServiceResponse()
    if rejected:
        note = ExportTracePartialSuccess(rejected_spans=rejected, error_message="the console is behind")
        response.partial_success.CopyFrom(note)
    content: bytes = response.SerializeToString()
    return content


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for group in request.resource_spans:
        resource = _values(group.resource.attributes)
        service = str(resource.get("service.name", "?"))[:100]
        for scope in group.scope_spans:
            for span in scope.spans:
                yield _span(service, span)


def _span(service: str, span: WireSpan) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        service=service,
        name=span.name[:300],
        kind=int(span.kind),
        start=span.start_time_unix_nano,
        end=max(span.end_time_unix_nano, span.start_time_unix_nano),
        error=span.status.code == Status.STATUS_CODE_ERROR,
        message=span.status.message[:_MAX_TEXT],
        attributes=_values(span.attributes),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        events=tuple(
            {"name": event.name, "time": event.time_unix_nano, "attributes": _values(event.attributes)}
            for event in span.events
        ),
    )


def _values(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value[:_MAX_TEXT]
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _values(value.kvlist_value.values)
    if kind == "bytes_value":
        return value.bytes_value.hex()[:_MAX_TEXT]
    return getattr(value, kind) if kind else None
