"""Manifests of what the services stand on: Kafka by Strimzi, PostgreSQL by CloudNativePG, the gateway, the network."""

from __future__ import annotations

import re
from typing import Any

from deploy.compose.settings import PORT, PROGRAMS
from deploy.k8s.workloads import resource

from common.kafka_admin import wanted_topics
from shop.platform import edge
from shop.platform.roles import AUDITOR, DATABASE, _rights
from shop.services import SERVICES

KAFKA = "shop"
POSTGRES = "postgres"
MAX_CONNECTIONS = 700
_PLATFORM = {"app.kubernetes.io/part-of": "shop-platform", "shop/stage": "platform"}
_SERVE = {"app.kubernetes.io/part-of": "shop", "shop/stage": "serve"}
_OURS = {"matchLabels": {"app.kubernetes.io/part-of": "shop"}}


def kafka() -> list[dict[str, Any]]:
    """Three nodes that are broker and controller; a record is acknowledged when two have it."""
    strimzi = "kafka.strimzi.io/v1"
    settings = {
        "auto.create.topics.enable": False,
        "default.replication.factor": 3,
        "min.insync.replicas": 2,
        "offsets.topic.replication.factor": 3,
        "transaction.state.log.replication.factor": 3,
        "transaction.state.log.min.isr": 2,
    }
    # Only our pods and KEDA may ask.
    peers = [{"podSelector": _OURS}, _namespace("keda")]
    listener = {"name": "plain", "port": 9092, "type": "internal", "tls": False, "networkPolicyPeers": peers}
    cluster = {
        "kafka": {"version": "4.3.1", "metadataVersion": "4.3-IV0", "listeners": [listener], "config": settings},
        "entityOperator": {"topicOperator": {}},
    }
    volume = {"id": 0, "type": "persistent-claim", "size": "100Gi", "deleteClaim": False, "kraftMetadata": "shared"}
    nodes = {
        "replicas": 3,
        "roles": ["controller", "broker"],
        "storage": {"type": "jbod", "volumes": [volume]},
        "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
    }
    owned = _PLATFORM | {"strimzi.io/cluster": KAFKA}
    pool = resource(strimzi, "KafkaNodePool", "nodes", nodes, owned)
    return [resource(strimzi, "Kafka", KAFKA, cluster, _PLATFORM), pool, *_topics(strimzi, owned)]


def _topics(api: str, marks: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for spec in wanted_topics():
        settings = {"retention.ms": spec.retention_ms, "cleanup.policy": "delete", "min.insync.replicas": 2}
        body = {"topicName": spec.name, "partitions": spec.partitions, "replicas": 3, "config": settings}
        found.append(resource(api, "KafkaTopic", spec.name, body, marks))
    return found


def postgres() -> list[dict[str, Any]]:
    """Three instances, one of two others confirms each commit. Roles get their passwords from `<role>-database`."""
    names = [service.name for service in SERVICES]
    roles = [*names, AUDITOR]
    first = [*(f'create role "{role}" login' for role in roles), *_rights(DATABASE, names)]
    cluster = {
        "instances": 3,
        "imageName": "ghcr.io/cloudnative-pg/postgresql:18",
        "bootstrap": {
            "initdb": {
                "database": DATABASE,
                "owner": "shop_owner",
                "encoding": "UTF8",
                "localeProvider": "builtin",
                "builtinLocale": "C.UTF-8",
                "postInitApplicationSQL": first,
            }
        },
        "managed": {"roles": [_role(role) for role in roles]},
        "postgresql": {
            "parameters": {"max_connections": str(MAX_CONNECTIONS), "jit": "off", "timezone": "UTC"},
            "synchronous": {"method": "any", "number": 1, "dataDurability": "required"},
        },
        "storage": {"size": "50Gi"},
        "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "4", "memory": "2Gi"}},
    }
    return [resource("postgresql.cnpg.io/v1", "Cluster", POSTGRES, cluster, _PLATFORM)]


def _role(name: str) -> dict[str, Any]:
    member = {"inRoles": ["pg_read_all_data"]} if name == AUDITOR else {}
    return {"name": name, "ensure": "present", "login": True, "passwordSecret": {"name": f"{name}-database"}, **member}


def gateway(host: str) -> list[dict[str, Any]]:
    """Where requests come in. Its certificate is in the Secret `shop-tls`."""
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "shop-tls"}]}
    listener = {
        "name": "https",
        "port": 443,
        "protocol": "HTTPS",
        "hostname": host,
        "tls": tls,
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    spec = {"gatewayClassName": "envoy", "listeners": [listener]}
    return [resource("gateway.networking.k8s.io/v1", "Gateway", "shop", spec, _SERVE)]


def routes() -> list[dict[str, Any]]:
    """The public paths of the local edge. What is not listed meets no route and is answered with 404."""
    found = []
    for name, paths in edge.API_ROUTES.items():
        matches = [{"path": {"type": "PathPrefix", "value": path}} for path in paths]
        for rule in edge.API_EXCEPTIONS.get(name, ()):
            pattern = re.fullmatch(r"PathRegexp\(`\^(.+)\$`\)", rule)
            if pattern is None:
                raise ValueError(f"this exception of the edge has no form for a Gateway yet: {rule}")
            matches.append({"path": {"type": "RegularExpression", "value": pattern[1]}})
        found.append(_route(name, matches, PORT))
    return found


def pages() -> list[dict[str, Any]]:
    """What only a place for trying out shows: sandbox, console, and pictures straight from object storage."""
    found = []
    for name, paths in edge.PAGES.items():
        matches = [{"path": {"type": "PathPrefix", "value": path}} for path in paths]
        if name == "console":
            matches.append({"path": {"type": "Exact", "value": "/"}})
        found.append(_route(name, matches, 8333 if name == "s3" else PORT))
    return found


def _route(name: str, matches: list[dict[str, Any]], port: int) -> dict[str, Any]:
    headers = edge._HEADERS  # noqa: SLF001 - the same words at both edges
    shown = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": headers["customFrameOptionsValue"],
        "Referrer-Policy": headers["referrerPolicy"],
    }
    answers = {"set": [{"name": key, "value": value} for key, value in shown.items()], "remove": ["Server"]}
    filters = [
        # Services show it to each other; nobody outside has it to show.
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["X-Internal-Key"]}},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": answers},
    ]
    rule = {"matches": matches, "filters": filters, "backendRefs": [{"name": name, "port": port}]}
    spec = {"parentRefs": [{"name": "shop", "sectionName": "https"}], "rules": [rule]}
    return resource("gateway.networking.k8s.io/v1", "HTTPRoute", name, spec, _SERVE)


def network(calls: dict[str, set[str]]) -> list[dict[str, Any]]:
    """Nothing of ours is reached or reaches out, except for what stands here. `calls`: caller to called."""
    policies = [_policy("default-deny", _OURS, ingress=[], egress=[])]
    platform = [
        {"to": [_namespace("kube-system")], "ports": _ports(53, "UDP") + _ports(53)},
        {"to": [{"podSelector": {"matchLabels": {"cnpg.io/cluster": POSTGRES}}}], "ports": _ports(5432)},
        {"to": [{"podSelector": {"matchLabels": {"strimzi.io/cluster": KAFKA}}}], "ports": _ports(9092)},
        {"to": [_namespace("observability")], "ports": _ports(4318)},
        # Providers, object storage and the mail server, outside the cluster's own networks.
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": _PRIVATE}}], "ports": _ports(443) + _ports(587)},
    ]
    policies.append(_policy("platform", _OURS, egress=platform))
    seen = [{"from": [_namespace("observability")], "ports": _ports(PORT)}]
    policies.append(_policy("metrics", _OURS, ingress=seen))
    for service in SERVICES:
        callers = sorted(caller for caller, called in calls.items() if service.name in called)
        sources = [_namespace("envoy-gateway-system"), *({"podSelector": _pods(caller)} for caller in callers)]
        asked = [{"from": sources, "ports": _ports(PORT)}]
        policies.append(_policy(service.name, _pods(service.name), ingress=asked, egress=_calls(calls, service.name)))
    return [*policies, _postgres_policy()]


_PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]


def dev_network() -> list[dict[str, Any]]:
    """Sandbox, console and object storage: reached by the gateway and by each other and the services."""
    both = [{"podSelector": _OURS}]
    inside = [{"from": [*both, _namespace("envoy-gateway-system")]}]
    helpers = [program.name for program in PROGRAMS if program.kind == "helper"]
    found = [_policy(name, _pods(name), ingress=inside, egress=[{"to": both}]) for name in (*helpers, "s3")]
    # Traces and mail to the console, calls to the sandbox, pictures to object storage; and their callbacks.
    names = {"key": "app.kubernetes.io/name", "operator": "In", "values": [*helpers, "s3"]}
    to = {"podSelector": {"matchExpressions": [names]}}
    return [*found, _policy("to-helpers", _OURS, egress=[{"to": [to]}], ingress=[{"from": [to]}])]


def _calls(calls: dict[str, set[str]], caller: str) -> list[dict[str, Any]]:
    return [{"to": [{"podSelector": _pods(name)}], "ports": _ports(PORT)} for name in sorted(calls.get(caller, ()))]


def _postgres_policy() -> dict[str, Any]:
    own = {"matchLabels": {"cnpg.io/cluster": POSTGRES}}
    allowed = [
        {"from": [{"podSelector": _OURS}], "ports": _ports(5432)},
        {"from": [{"podSelector": own}, _namespace("cnpg-system")]},
        {"from": [_namespace("observability")], "ports": _ports(9187)},
    ]
    return _policy("postgres", own, ingress=allowed) | {"metadata": {"name": "postgres", "labels": dict(_PLATFORM)}}


def _policy(
    name: str,
    pods: dict[str, Any],
    *,
    ingress: list[dict[str, Any]] | None = None,
    egress: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    ways = {"Ingress": ingress, "Egress": egress}
    types = [way for way, rules in ways.items() if rules is not None]
    rules = {way.lower(): found for way, found in ways.items() if found}
    spec = {"podSelector": pods, "policyTypes": types, **rules}
    return resource("networking.k8s.io/v1", "NetworkPolicy", name, spec, _SERVE)


def _pods(name: str) -> dict[str, Any]:
    return {"matchLabels": {"app.kubernetes.io/name": name}}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _ports(number: int, protocol: str = "TCP") -> list[dict[str, Any]]:
    return [{"port": number, "protocol": protocol}]
