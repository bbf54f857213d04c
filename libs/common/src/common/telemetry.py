"""Traces over OTLP. A trace goes on through the outbox: the context stored with an event is its consumer's parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

tracer = trace.get_tracer("shop.common")

_CALLBACKS = "/v1/callbacks/"


def configure(service: str, *, endpoint: str, sample_ratio: float) -> TracerProvider | None:
    """Sends spans to `{endpoint}/v1/traces`. An empty endpoint leaves tracing off; the context still travels on."""
    if not endpoint:
        return None
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "shop"}),
        sampler=ParentBased(TraceIdRatioBased(sample_ratio)),
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500, max_queue_size=8192))
    trace.set_tracer_provider(provider)
    return provider


def instrument_app(app: FastAPI, *, enabled: bool) -> None:
    """A SERVER span per request, continuing the caller's trace. Health and metrics are left out."""
    if enabled:
        FastAPIInstrumentor.instrument_app(
            app,
            excluded_urls="healthz,readyz,metrics",
            exclude_spans=["receive", "send"],
            server_request_hook=_hide_secrets,
        )


def _hide_secrets(span: Span, scope: Mapping[str, Any]) -> None:
    """Queries hold payment keys, and a callback's address may be its password: neither belongs in a trace."""
    path = str(scope.get("path", ""))
    if path.startswith(_CALLBACKS):
        path = "/".join(path.split("/")[:4])
    for name in ("http.url", "url.full", "http.target", "url.path"):
        span.set_attribute(name, path)
    span.set_attribute("url.query", "")


def extract(context: Mapping[str, str]) -> Context:
    """The remote context of stored or received headers."""
    return propagate.extract(context)


@contextmanager
def send_span(topic: str, contexts: list[Mapping[str, str]]) -> Iterator[Span]:
    """One span for a batch sent to a topic, linked to the work that caused each event (messaging semconv)."""
    links = []
    for context in contexts[:32]:
        remote = trace.get_current_span(extract(context)).get_span_context()
        if remote.is_valid and remote.trace_flags.sampled:
            links.append(Link(remote))
    if not links:
        yield trace.INVALID_SPAN
        return
    with tracer.start_as_current_span(
        f"send {topic}",
        # One event: its span stands in the trace that caused it. Several traces in one batch: linked.
        context=extract(contexts[0]) if len(contexts) == 1 else Context(),
        kind=SpanKind.CLIENT,
        links=links,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
            "messaging.batch.message_count": len(contexts),
        },
    ) as span:
        yield span


@contextmanager
def process_span(
    group: str, topic: str, wire_type: str, context: Mapping[str, str], **attributes: str
) -> Iterator[Span]:
    """The handling of one event, as a child of the work that caused it."""
    with tracer.start_as_current_span(
        f"process {topic}",
        context=extract(context),
        kind=SpanKind.CONSUMER,
        record_exception=False,
        set_status_on_exception=False,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
            "shop.event.type": wire_type,
            **attributes,
        },
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
