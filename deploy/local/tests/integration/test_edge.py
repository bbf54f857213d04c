"""Real Traefik with the generated configuration, before small stand-ins for the services."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest

from shop import instance, ports
from shop.instance import Instance, Options
from shop.platform.edge import BODY_LIMIT_BYTES, Edge
from shop.supervisor.engine import Engine

pytestmark = pytest.mark.integration

BEHIND = ("catalog", "orders", "scm", "sandbox", "console", "s3")


async def answer(name, reader, writer):
    """One request per connection: says who was asked for what; /edge-errors/ as the console does."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        writer.close()
        return
    request_line, *lines = head.split("\r\n")
    headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    path = request_line.split(" ")[1]
    status, kind = 200, "application/json"
    if path.startswith("/edge-errors/"):
        status, kind = int(path.rsplit("/", 1)[1]), "application/problem+json"
    if path == "/v1/products/gone":
        status, kind = 404, "application/problem+json"
    content = json.dumps({"by": name, "path": path, "size": len(body), "headers": headers}).encode()
    writer.write(
        f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nserver: secret/1.0\r\ncontent-length: {len(content)}\r\n"
        "connection: close\r\n\r\n".encode()
        + content
    )
    await writer.drain()
    writer.close()


@pytest.fixture(name="current", scope="module")
def _current(tmp_path_factory):
    options = Options(trace_sample_ratio=1.0)
    return Instance("edge", instance.home(), tmp_path_factory.mktemp("edge"), ports.unused(), options)


@pytest.fixture(name="client", scope="module")
async def _client(current):
    servers = [
        await asyncio.start_server(lambda r, w, name=name: answer(name, r, w), "127.0.0.1", current.ports[name])
        for name in BEHIND
    ]
    engine = Engine()
    await engine.start([Edge(current).part()])
    async with httpx.AsyncClient(base_url=current.edge_url) as client:
        yield client
    await engine.stop()
    for server in servers:
        server.close()


class TestPassing:
    @pytest.mark.parametrize(
        ("path", "by"),
        [
            ("/v1/products", "catalog"),
            ("/v1/products/홍삼", "catalog"),
            ("/v1/stock/A%2BB%20%3A%2C", "catalog"),
            ("/v1/orders/1", "orders"),
            ("/v1/orders/1/shipments", "scm"),
            ("/media/a.webp", "s3"),
            ("/sandbox/toss", "sandbox"),
            ("/", "console"),
        ],
    )
    async def test_reaches_the_service_with_its_path_unchanged(self, client, path, by):
        seen = (await client.get(httpx.URL(path))).json()

        assert (seen["by"], httpx.URL(seen["path"])) == (by, httpx.URL(path))

    async def test_the_head_of_an_answer_is_that_of_the_whole(self, client):
        head, whole = await client.head("/v1/products/gone"), await client.get("/v1/products/gone")

        assert (head.status_code, head.headers["content-type"]) == (404, "application/problem+json")
        assert int(head.headers["content-length"]) == len(whole.content)
        assert head.content == b""

    async def test_the_trace_begins_here(self, client):
        seen = (await client.get("/v1/products")).json()

        assert seen["headers"]["traceparent"].endswith("-01")

    async def test_answers_of_services_pass_untouched_but_for_the_headers(self, client):
        gone = await client.get("/v1/products/gone")

        assert (gone.status_code, gone.json()["by"]) == (404, "catalog")
        assert "server" not in gone.headers
        assert gone.headers["x-content-type-options"] == "nosniff"

    async def test_internal_headers_and_headers_in_disguise_are_cut(self, client):
        shown = {"X_Order_Token": "stolen", "X-Internal-Key": "stolen", "X-Cart-Token": "mine"}
        seen = (await client.get("/v1/orders/1", headers=shown)).json()

        assert not {"x_order_token", "x-internal-key"} & set(seen["headers"])
        assert seen["headers"]["x-cart-token"] == "mine"


class TestRefusing:
    @pytest.mark.parametrize(
        "path",
        ["/internal/orders", "/metrics", "/healthz", "/v1/reservations", "/v1/products/../../internal/x", "/nope"],
    )
    async def test_what_is_not_listed_is_a_404_problem(self, client, path):
        refused = await client.get(path)

        assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
        assert refused.json()["path"] == "/edge-errors/404"

    @pytest.mark.parametrize(
        "within", ["..%2f..%2finternal", "%2e%2e%2Fx", "%00", "%252f", "%25", "a%5Cb", "a%3Bb", "a%3Fb", "a%23b", "%7f"]
    )
    @pytest.mark.parametrize("under", ["/v1/products", "/media", "/nope"])
    async def test_a_path_that_could_mean_two_is_a_400_problem_and_never_reaches_the_service(
        self, client, under, within
    ):
        refused = await client.get(httpx.URL(f"{under}/{within}"))

        assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
        assert (refused.json()["by"], refused.json()["path"]) == ("console", "/edge-errors/400")

    @pytest.mark.parametrize(
        "request_line", ["GET /v1/products HTTP/1.1\r\nX-A: b\x7f", "GET /v1/products/%zz HTTP/1.1"]
    )
    async def test_what_is_no_http_is_refused_before_any_rule(self, current, client, request_line):
        reader, writer = await asyncio.open_connection("127.0.0.1", current.ports["edge"])
        writer.write(f"{request_line}\r\nHost: shop\r\n\r\n".encode("latin-1"))
        refused = (await reader.read()).decode()
        writer.close()

        assert refused.startswith("HTTP/1.1 400 ")
        assert "Content-Type: text/plain" in refused

    async def test_a_body_over_the_limit_is_a_413_problem_and_never_reaches_the_service(self, client):
        at_limit = await client.post("/v1/orders", content=b"x" * BODY_LIMIT_BYTES)
        over = await client.post("/v1/orders", content=b"x" * (BODY_LIMIT_BYTES + 1))

        assert (at_limit.status_code, at_limit.json()["size"]) == (200, BODY_LIMIT_BYTES)
        assert (over.status_code, over.headers["content-type"]) == (413, "application/problem+json")
        assert over.json()["by"] == "console"

    async def test_pictures_may_be_larger(self, client):
        uploaded = await client.post("/media", content=b"x" * (2 * BODY_LIMIT_BYTES))

        assert (uploaded.status_code, uploaded.json()["size"]) == (200, 2 * BODY_LIMIT_BYTES)

    async def test_a_service_that_is_down_is_a_502_problem(self, client):
        down = await client.get("/v1/stats/sales")

        assert (down.status_code, down.headers["content-type"]) == (502, "application/problem+json")


class TestRate:
    async def test_too_many_requests_are_a_429_problem(self, current, client, tmp_path):
        options = replace(current.options, rate_average=1, rate_burst=2)
        slow = replace(
            current, directory=tmp_path, options=options, ports=current.ports | {"edge": ports.unused()["edge"]}
        )
        engine = Engine()
        await engine.start([Edge(slow).part()])
        try:
            async with httpx.AsyncClient(base_url=slow.edge_url) as hasty:
                answers = [await hasty.get("/v1/products") for _ in range(6)]
        finally:
            await engine.stop()

        assert [answer.status_code for answer in answers[:2]] == [200, 200]
        assert answers[-1].status_code == 429
        assert answers[-1].headers["content-type"] == "application/problem+json"
