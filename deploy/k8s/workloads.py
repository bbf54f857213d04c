"""Manifests of one program: its roles as Deployments that scale by themselves, and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from deploy.compose.settings import PORT, STOP_SECONDS
from deploy.k8s.places import KAFKA_BOOTSTRAP, SECRET

ROLES = ("api", "relay", "consumer", "jobs")
# Time for the gateway to hear that a pod is leaving, before it does.
LEAVE_SECONDS = 5
API_REPLICAS = (2, 4)
CONSUMER_REPLICAS = (2, 6)
VERSION = "0.1.0"

# Who reads secrets from files too, and where: its Secret `<name>-secrets` may hold a file per setting. Without it there
# is an empty folder, and the variables count alone.
FILES = {"payments": "/run/secrets/payments"}

_KEY = re.compile(r"\$\(KEY_(\w+)\)")
_USER = 10001


def labels(name: str, role: str, stage: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": role,
        "app.kubernetes.io/part-of": "shop",
        "shop/stage": stage,
    }


def selector(name: str, role: str) -> dict[str, Any]:
    return {"matchLabels": {"app.kubernetes.io/name": name, "app.kubernetes.io/component": role}}


def resource(api: str, kind: str, name: str, spec: Any, marks: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": dict(marks)}, "spec": spec}


def service_manifests(name: str, settings: Mapping[str, str], topics: Iterable[str]) -> list[dict[str, Any]]:
    """Everything of one service."""
    found = [migration(name, settings), service(name, "api")]
    for role in ROLES:
        marks = labels(name, role, "serve")
        extra = [{"name": f"{name.upper()}_ROLES", "value": role}]
        found.append(deployment(name, role, pod(name, role, settings, extra=extra), replicas=_replicas(role)))
        budget = {"maxUnavailable": 1, "selector": selector(name, role)}
        found.append(resource("policy/v1", "PodDisruptionBudget", f"{name}-{role}", budget, marks))
    return [*found, _api_scaler(name), _consumer_scaler(name, topics)]


def deployment(name: str, role: str, template: dict[str, Any], *, replicas: int | None) -> dict[str, Any]:
    # Where a scaler rules, a number here would fight with it at every apply.
    count = {} if replicas is None else {"replicas": replicas}
    spec = {
        **count,
        "revisionHistoryLimit": 3,
        "selector": selector(name, role),
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": template,
    }
    return resource("apps/v1", "Deployment", f"{name}-{role}", spec, labels(name, role, "serve"))


def _replicas(role: str) -> int | None:
    return None if role in {"api", "consumer"} else 2


def pod(
    name: str,
    role: str,
    settings: Mapping[str, str],
    *,
    extra: list[dict[str, Any]] | None = None,
    ready: str = "readyz",
) -> dict[str, Any]:
    """A pod template with probes, limits, and time to drain."""
    box = _container(name, settings, extra or []) | {
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": _probe("healthz", period=2, failures=60),
        "livenessProbe": _probe("healthz", period=20, failures=3),
        "readinessProbe": _probe(ready, period=5, failures=3),
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVE_SECONDS}}},
    }
    spread = {"maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector(name, role)}
    return {
        "metadata": {"labels": labels(name, role, "serve")},
        "spec": {
            **_confined(),
            "terminationGracePeriodSeconds": LEAVE_SECONDS + STOP_SECONDS,
            "topologySpreadConstraints": [
                spread | {"topologyKey": key} for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            "containers": [box],
            "volumes": _volumes(name, "256Mi"),
        },
    }


def migration(name: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """Runs before the rollout. An old one is deleted first: a Job's template cannot be changed."""
    marks = labels(name, "migrate", "migrate")
    box = _container(name, settings, []) | {"args": ["migrate"]}
    template = {
        "metadata": {"labels": marks},
        "spec": {**_confined(), "restartPolicy": "Never", "containers": [box], "volumes": _volumes(name, "64Mi")},
    }
    spec = {"backoffLimit": 4, "activeDeadlineSeconds": 900, "template": template}
    return resource("batch/v1", "Job", f"{name}-migrate", spec, marks)


def one_shot(name: str, job: str, command: list[str], settings: Mapping[str, str]) -> dict[str, Any]:
    """A step in `name`'s image before the rollout."""
    found = migration(name, settings)
    found["metadata"]["name"] = job
    box = found["spec"]["template"]["spec"]["containers"][0]
    del box["args"]
    box["command"] = command
    return found


def service(name: str, role: str, *, ports: Mapping[str, int] | None = None) -> dict[str, Any]:
    spec = {
        "selector": selector(name, role)["matchLabels"],
        "ports": [{"name": use, "port": port, "targetPort": port} for use, port in (ports or {"http": PORT}).items()],
    }
    return resource("v1", "Service", name, spec, labels(name, role, "serve"))


def _container(name: str, settings: Mapping[str, str], extra: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"shop/{name}:{VERSION}",
        "env": [*secret_variables(settings), *_files(name), *extra],
        "envFrom": [{"configMapRef": {"name": f"{name}-settings"}}],
        "resources": {
            "requests": {"cpu": "100m", "memory": "192Mi"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
            *([{"name": "secrets", "mountPath": FILES[name], "readOnly": True}] if name in FILES else []),
        ],
    }


def _files(name: str) -> list[dict[str, Any]]:
    return [{"name": f"{name.upper()}_SECRETS_DIR", "value": FILES[name]}] if name in FILES else []


def _volumes(name: str, scratch: str) -> list[dict[str, Any]]:
    secrets = {"name": "secrets", "secret": {"secretName": f"{name}-secrets", "optional": True}}
    return [{"name": "tmp", "emptyDir": {"sizeLimit": scratch}}, *([secrets] if name in FILES else [])]


def _confined() -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def plain(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings without a secret in them."""
    return {name: value for name, value in settings.items() if not _KEY.search(value)}


def secret_variables(settings: Mapping[str, str]) -> list[dict[str, Any]]:
    """Variables read from Secrets. A pod does not start while one is missing, instead of running with an empty key."""
    hidden = {setting: value for setting, value in settings.items() if _KEY.search(value)}
    parts = {key for value in hidden.values() if not _KEY.fullmatch(value) for key in _KEY.findall(value)}
    found = [_from_secret(f"KEY_{key}", key) for key in sorted(parts)]
    for setting, value in hidden.items():
        whole = _KEY.fullmatch(value)
        found.append(_from_secret(setting, whole[1]) if whole else {"name": setting, "value": value})
    return found


def _from_secret(variable: str, key: str) -> dict[str, Any]:
    # A role's password has a Secret of its own, which PostgreSQL's operator reads too.
    role = key.removesuffix("_DB_PASSWORD").lower()
    source = {"name": f"{role}-database", "key": "password"} if key.endswith("_DB_PASSWORD") else None
    return {"name": variable, "valueFrom": {"secretKeyRef": source or {"name": SECRET, "key": key.lower()}}}


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    asks = {"httpGet": {"path": f"/{path}", "port": "http"}}
    return asks | {"periodSeconds": period, "timeoutSeconds": 4, "failureThreshold": failures}


def _api_scaler(name: str) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": 70}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{name}-api"},
        "minReplicas": API_REPLICAS[0],
        "maxReplicas": API_REPLICAS[1],
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return resource("autoscaling/v2", "HorizontalPodAutoscaler", f"{name}-api", spec, labels(name, "api", "serve"))


def _consumer_scaler(name: str, topics: Iterable[str]) -> dict[str, Any]:
    """By lag. Slow to shrink: each change of the group stops its consumption for a moment."""
    common = {
        "bootstrapServers": KAFKA_BOOTSTRAP,
        "consumerGroup": name,
        "lagThreshold": "200",
        "offsetResetPolicy": "earliest",
        "limitToPartitionsWithLag": "true",
        # A partition that stands still because of one event gains nothing from more pods.
        "excludePersistentLag": "true",
    }
    spec = {
        "scaleTargetRef": {"name": f"{name}-consumer"},
        "minReplicaCount": CONSUMER_REPLICAS[0],
        "maxReplicaCount": CONSUMER_REPLICAS[1],
        "pollingInterval": 30,
        "cooldownPeriod": 600,
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
            }
        },
        "triggers": [{"type": "kafka", "metadata": common | {"topic": topic}} for topic in topics],
    }
    marks = labels(name, "consumer", "serve")
    return resource("keda.sh/v1alpha1", "ScaledObject", f"{name}-consumer", spec, marks)
