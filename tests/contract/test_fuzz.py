"""No service answers a call with a 5xx or with what its document does not say, whatever it is sent.

A bounded look, the same calls at every run; `make fuzz` looks for minutes.
"""

import socket

import pytest
from tests.contract.http import journey
from tests.contract.http.fuzzing import Plan, fuzz
from tests.contract.http.shop import NAMES, running

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

QUICK = Plan(examples=2)


@pytest.fixture(scope="module")
def world():
    """The shop, and what exists in it."""
    with running() as (portal, shop):
        yield portal, shop, portal.call(journey.travel, shop)


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_documented(world, name):
    _, shop, known = world
    report = fuzz(shop.url(name), known, QUICK)
    assert report.calls
    assert not report.found, "\n".join(f"{what}\n    {again}" for what, again in report.found.items())


@pytest.mark.parametrize(
    "rest",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"Content-Length: 10\r\n\r\n{}",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
    ],
)
@pytest.mark.parametrize(("name", "path"), [("payments", "/v1/callbacks/toss"), ("cart", "/v1/carts")])
def test_a_body_that_is_none_hurts_nobody(world, name, path, rest):
    _, shop, _ = world
    head = f"POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n".encode()
    with socket.create_connection(("127.0.0.1", shop.instance.ports[name]), timeout=10) as caller:
        caller.sendall(head + rest)
        caller.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: caller.recv(65536), b""))
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer


def test_what_the_calls_wrote_is_understood_by_all(world):
    """Every event that a call led to passes through every service that hears of it."""
    portal, shop, _ = world
    portal.call(shop.hear)
    assert portal.call(shop.unheard) == []
