import gzip
import zlib

import pytest
from deploy.console.tests.builders import a_process, a_span, an_export
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from console.traces import otlp


class TestUnpack:
    def test_takes_plain_and_gzip(self):
        assert otlp.unpack(b"spans", "") == b"spans"
        assert otlp.unpack(b"spans", "identity") == b"spans"
        assert otlp.unpack(gzip.compress(b"spans"), "gzip") == b"spans"

    def test_refuses_another_encoding(self):
        with pytest.raises(otlp.Unreadable, match="br is not understood"):
            otlp.unpack(b"spans", "br")

    def test_refuses_what_is_no_gzip_or_ends_early(self):
        with pytest.raises(otlp.Unreadable, match="not gzip"):
            otlp.unpack(b"spans", "gzip")
        with pytest.raises(otlp.Unreadable, match="ends early"):
            otlp.unpack(gzip.compress(b"spans" * 100)[:-12], "gzip")

    def test_never_makes_more_than_the_limit_of_a_small_body(self):
        bomb = zlib.compressobj(wbits=31)
        body = bomb.compress(bytes(otlp.MAX_BYTES + 1)) + bomb.flush()
        assert len(body) < 100_000
        with pytest.raises(otlp.Unreadable, match="more than"):
            otlp.unpack(body, "gzip")


class TestDecode:
    def test_reads_what_was_sent(self):
        parent = a_span("POST /v1/orders")
        child = a_process("shop.orders.v1", "order-placed", service="scm", parent=parent, links=(("c" * 32, "d" * 16),))
        assert otlp.decode(an_export(parent, child)) == [parent, child]

    def test_reads_every_kind_of_value(self):
        request = ExportTraceServiceRequest()
        span = request.resource_spans.add().scope_spans.add().spans.add(trace_id=b"\1" * 16, span_id=b"\2" * 8)
        numbers = ArrayValue(values=[AnyValue(int_value=1), AnyValue(double_value=2.5)])
        for name, value in {
            "text": AnyValue(string_value="x"),
            "flag": AnyValue(bool_value=True),
            "list": AnyValue(array_value=numbers),
            "bytes": AnyValue(bytes_value=b"\xff"),
            "none": AnyValue(),
        }.items():
            span.attributes.append(KeyValue(key=name, value=value))
        (found,) = otlp.decode(request.SerializeToString())
        assert found.attributes == {"text": "x", "flag": True, "list": [1, 2.5], "bytes": "ff", "none": None}
        assert found.service == "?"

    def test_a_span_never_ends_before_it_starts(self):
        (found,) = otlp.decode(an_export(a_span(ms=-5)))
        assert found.end == found.start

    def test_refuses_what_is_no_request(self):
        with pytest.raises(otlp.Unreadable, match="ExportTraceServiceRequest"):
            otlp.decode(b"\xff\xff\xff")


def test_the_answer_says_how_many_were_refused():
    response = ExportTraceServiceResponse()
    response.ParseFromString(otlp.answer(3))
    assert response.partial_success.rejected_spans == 3
    assert otlp.answer(0) == b""
