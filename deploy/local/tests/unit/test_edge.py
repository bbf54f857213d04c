"""What passes the edge and what does not: a small reading of Traefik's rules against the generated routes."""

import re
from typing import get_args

import pytest

from common.errors import DomainError, Kind
from common.problems import of_domain_error
from shop.platform.edge import BODY_LIMIT_BYTES, Edge


def route(dynamic, path):
    """The service a path is sent to, by Traefik's order: priority, else the longest rule."""

    def matches(rule):
        for term in rule.split(" || "):
            kind, argument = re.fullmatch(r"(\w+)\(`(.+)`\)", term).groups()
            if kind == "Path" and path == argument:
                return True
            if kind == "PathPrefix" and path.startswith(argument):
                return True
            if kind == "PathRegexp" and re.search(argument, path):
                return True
        return False

    routers = [router for router in dynamic["http"]["routers"].values() if matches(router["rule"])]
    chosen = max(routers, key=lambda router: router.get("priority") or len(router["rule"]))
    return "refused" if {"not-found", "bad-path"} & set(chosen.get("middlewares", [])) else chosen["service"]


@pytest.fixture(name="edge")
def _edge(an_instance):
    return Edge(an_instance())


class TestRoutes:
    @pytest.mark.parametrize(
        ("path", "service"),
        [
            ("/v1/products", "catalog"),
            ("/v1/products/red-ginseng", "catalog"),
            ("/v1/categories", "catalog"),
            ("/v1/malls/intake", "catalog"),
            ("/v1/media/uploads", "catalog"),
            ("/v1/carts/1/lines", "cart"),
            ("/v1/orders", "orders"),
            ("/v1/orders/1/cancel", "orders"),
            ("/v1/orders/1/shipments", "scm"),
            ("/v1/orders/1/shipments/2", "orders"),
            ("/v1/payments/1/confirm", "payments"),
            ("/v1/callbacks/toss", "payments"),
            ("/v1/callbacks/toss/deposit", "payments"),
            ("/v1/callbacks/solapi", "notify"),
            ("/v1/logistics/stock-counts", "scm"),
            ("/v1/carriers", "scm"),
            ("/v1/stats/sales", "stats"),
            ("/media/a/b.webp", "s3"),
            ("/sandbox", "sandbox"),
            ("/dev/traces", "console"),
            ("/", "console"),
        ],
    )
    def test_public_paths_reach_their_service(self, edge, path, service):
        assert route(edge.dynamic(), path) == service

    @pytest.mark.parametrize(
        "path",
        [
            "/internal/orders/1",
            "/metrics",
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/docs",
            "/v1/reservations",
            "/v1/reservations/1",
            "/v1/productsx",
            "/v1/callbacks/other",
            "/v1",
            "/mediax",
            "/otlp/v1/traces",
            "/v1/products/..%2f..%2finternal",
            "/media/\x00",
        ],
    )
    def test_everything_else_is_refused(self, edge, path):
        assert route(edge.dynamic(), path) == "refused"

    def test_every_service_named_by_a_route_exists(self, edge):
        http = edge.dynamic()["http"]

        named = {router["service"] for router in http["routers"].values()} - {"ping@internal"}

        assert named <= set(http["services"])
        used = {word for router in http["routers"].values() for word in router.get("middlewares", [])}
        assert used == set(http["middlewares"])


class TestLimits:
    def test_api_routes_limit_rate_and_body_and_uploads_of_pictures_do_not(self, edge):
        routers = edge.dynamic()["http"]["routers"].values()

        for router in routers:
            if router["service"] in {"s3", "ping@internal"} or "not-found" in router.get("middlewares", []):
                assert "body" not in router.get("middlewares", [])
            elif router["rule"].startswith(("Path(`/v1", "PathRegexp(`^/v1")):
                assert router["middlewares"] == ["problems", "rate", "headers", "body"]
        assert edge.dynamic()["http"]["middlewares"]["body"]["buffering"]["maxRequestBodyBytes"] == BODY_LIMIT_BYTES

    def test_rate_is_an_option(self, an_instance):
        edge = Edge(an_instance(rate_average=5, rate_burst=7))

        assert edge.dynamic()["http"]["middlewares"]["rate"] == {"rateLimit": {"average": 5, "burst": 7}}


class TestProblems:
    def test_the_edge_speaks_over_no_service_but_where_both_say_the_same(self, edge):
        """Traefik cannot tell whose status it is: a service's own body would be lost."""
        spoken_over = {int(status) for status in edge.dynamic()["http"]["middlewares"]["problems"]["errors"]["status"]}

        said = {kind: of_domain_error(type("Refusal", (DomainError,), {"kind": kind})("no")) for kind in get_args(Kind)}

        assert {kind for kind, answer in said.items() if answer.status_code in spoken_over} == {"too_large"}


class TestStatic:
    def test_listens_on_the_loopback_address_only(self, edge):
        assert edge.static()["entryPoints"]["edge"]["address"] == "127.0.0.1:8080"

    def test_traces_go_to_the_console_with_the_chosen_share(self, an_instance):
        tracing = Edge(an_instance(trace_sample_ratio=0.25)).static()["tracing"]

        assert tracing["sampleRate"] == 0.25
        assert tracing["otlp"]["http"]["endpoint"] == "http://127.0.0.1:8121/otlp/v1/traces"

    def test_a_path_with_a_secret_is_not_traced(self, edge):
        untraced = [
            router["rule"] for router in edge.dynamic()["http"]["routers"].values() if "observability" in router
        ]

        assert any("/v1/callbacks/solapi" in rule for rule in untraced)
        assert not any("/v1/orders" in rule for rule in untraced)

    def test_tracing_can_be_off(self, an_instance):
        assert "tracing" not in Edge(an_instance(edge_tracing=False)).static()
