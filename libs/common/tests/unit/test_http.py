"""The app around the routes: errors nobody foresaw, and what a trace may know of an address."""

import asyncio
import socket

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, Request
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import TypeAdapter, ValidationError

from common import db, http, telemetry
from common.clock import Clock
from common.settings import ServiceSettings
from common.wire import Sku

router = APIRouter()


@router.get("/v1/breaks")
async def breaks() -> None:
    raise RuntimeError("nobody foresaw it")


@router.post("/v1/callbacks/solapi/{token}")
async def callback(token: str) -> dict[str, int]:
    return {"length": len(token)}


@router.get("/v1/payments/{payment_id}/return")
async def back(payment_id: str) -> dict[str, str]:
    return {"payment_id": payment_id}


@router.post("/v1/callbacks/raw")
async def raw(request: Request) -> dict[str, int]:
    return {"length": len(await request.body())}


@pytest.fixture
def app():
    settings = ServiceSettings(database_url="postgresql://nobody@127.0.0.1:1/none")
    database = db.connect("postgresql://nobody@127.0.0.1:1/none", "none", Clock())
    return http.create_app("probe", settings, database, [router])


@pytest.fixture
async def caller(app):
    """Any error that leaves the app is raised here: a server would cut the caller's connection."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop.test") as made:
        yield made


async def test_an_unforeseen_error_is_answered_and_does_not_leave_the_app(caller):
    answer = await caller.get("/v1/breaks")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "foresaw" not in answer.text


async def test_a_body_that_never_ends_is_no_fault_of_ours(app):
    """Its chunks were garbage, or the caller went away: either way the server says that nobody is there."""
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/callbacks/raw", "query_string": b"", "headers": []}
    await app(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.fixture
async def served(app):
    """By the server that services run in."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", server_header=False, date_header=False)
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    async with httpx.AsyncClient(base_url="http://{}:{}".format(*listener.getsockname())) as made:
        yield made
    server.should_exit = True
    await running


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/payments/7/return", 200), ("/v1/breaks", 500), ("/nope", 404), ("/v1/callbacks/raw", 405)],
)
async def test_whoever_asks_for_the_head_gets_that_of_the_answer_and_no_body(app, served, path, status):
    head, whole = await served.head(path), await served.get(path)
    assert (head.status_code, head.content) == (status, b"")
    assert dict(head.headers) == dict(whole.headers)
    assert int(head.headers["content-length"]) == len(whole.content) > 0
    assert not any("head" in methods for methods in app.openapi()["paths"].values())


async def test_spans_know_neither_tokens_nor_queries(app, caller, monkeypatch):
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    instrument = FastAPIInstrumentor.instrument_app
    monkeypatch.setattr(
        FastAPIInstrumentor,
        "instrument_app",
        lambda app, **options: instrument(app, tracer_provider=provider, **options),
    )
    telemetry.instrument_app(app, enabled=True)
    assert (await caller.post("/v1/callbacks/solapi/s3cret")).status_code == 200
    assert (await caller.get("/v1/payments/7/return?paymentKey=s3cret")).status_code == 200
    told = [span.to_json() for span in spans.get_finished_spans()]
    assert len(told) == 2
    assert not any("s3cret" in span for span in told)
    assert "/v1/payments/7/return" in told[1]


@pytest.mark.parametrize("sku", ["GRANOLA-500", "a.b_c-1", "귤-3kg", "A 1", "x+y"])
def test_skus_that_are_taken(sku):
    assert TypeAdapter(Sku).validate_python(sku) == sku


@pytest.mark.parametrize("sku", ["", "a/b", "a%b", "a;b", "?x", "a\x00b", "a\\b", "#1", "-", "a\nb"])
def test_skus_that_no_address_could_name(sku):
    with pytest.raises(ValidationError):
        TypeAdapter(Sku).validate_python(sku)
