"""Writes the manifests: `python -m deploy.k8s.render`, from the root of the checkout.

`python -m deploy.k8s.render secrets` prints Secrets with fresh random values for a cluster to try out. Settings,
routes, topics and rights come from the tables that a local instance runs by.
"""

from __future__ import annotations

import importlib
import pkgutil
import secrets
import sys
from pathlib import Path
from typing import Any

import yaml
from deploy.compose import parts
from deploy.compose.settings import PORT, PROGRAMS, Place
from deploy.k8s import places, platform, workloads

from contracts.envelope import Event
from shop.keys import FORMATS
from shop.platform.roles import AUDITOR
from shop.services import HELPERS, SERVICES

ROOT = Path(__file__).parent
_WRITTEN = "# Written by `python -m deploy.k8s.render`; change that or the tables it reads, not this file.\n"


def topics_of(service: str) -> list[str]:
    """The topics a service listens to: those of the events its consumer imports."""
    room = importlib.import_module(f"{service}.consumer")
    parts = pkgutil.iter_modules(getattr(room, "__path__", ()), f"{room.__name__}.")
    modules = [room, *(importlib.import_module(part.name) for part in parts)]
    items = [item for module in modules for item in vars(module).values()]
    heard = [item for item in items if isinstance(item, type) and issubclass(item, Event)]
    return sorted({event.topic for event in heard if event is not Event})


def calls() -> dict[str, set[str]]:
    """Who calls whom inside the shop, as the settings say: caller to called."""
    place = places.place("prod")
    found: dict[str, set[str]] = {}
    for service in SERVICES:
        told = set(place.settings(service).values())
        found[service.name] = {other.name for other in SERVICES if place.urls[other.name] in told}
    return found


def base() -> dict[str, str]:
    """What is the same in every cluster, by path below `base`."""
    place = places.place("prod")
    found = {
        f"services/{service.name}.yaml": _yaml(
            workloads.service_manifests(service.name, place.settings(service), topics_of(service.name))
        )
        for service in SERVICES
    }
    return found | {
        "kafka.yaml": _yaml(platform.kafka()),
        "postgres.yaml": _yaml(platform.postgres()),
        "routes.yaml": _yaml(platform.routes()),
        "network.yaml": _yaml(platform.network(calls())),
    }


def overlay(name: str) -> dict[str, str]:
    """What differs in the cluster `name`, by path below its overlay."""
    place = places.place(name)
    found = {"gateway.yaml": _yaml(platform.gateway(places.HOSTS[name]))}
    for program in PROGRAMS:
        if program.name in places.programs(name):
            lines = [f"{key}={value}\n" for key, value in workloads.plain(place.settings(program)).items()]
            found[f"settings/{program.name}.env"] = "".join(lines)
    if name == "dev":
        found["helpers.yaml"] = _yaml([*_helpers(place), *_storage(place), *platform.pages(), *platform.dev_network()])
    return found


def _helpers(place: Place) -> list[dict[str, Any]]:
    found = []
    for program in HELPERS:
        name = program.name
        template = workloads.pod(name, "api", place.settings(program), ready="healthz")
        template["spec"]["volumes"].append({"name": "data", "emptyDir": {"sizeLimit": "1Gi"}})
        box = template["spec"]["containers"][0]
        box["volumeMounts"].append({"name": "data", "mountPath": "/data"})
        ports = {"http": PORT} | ({"smtp": places.SMTP_PORT} if name == "console" else {})
        found += [workloads.service(name, "api", ports=ports), _alone(name, template)]
    return found


def _storage(place: Place) -> list[dict[str, Any]]:
    """SeaweedFS whose pictures go with its pod, and the bucket."""
    catalog = next(service for service in SERVICES if service.name == "catalog")
    bucket = ["python", "/app/deploy/compose/bucket.py"]
    template = workloads.pod("s3", "api", {})
    box = template["spec"]["containers"][0]
    keys = {"AWS_ACCESS_KEY_ID": "$(KEY_S3_ACCESS_KEY)", "AWS_SECRET_ACCESS_KEY": "$(KEY_S3_SECRET_KEY)"}
    listens = {"tcpSocket": {"port": "http"}, "periodSeconds": 5, "failureThreshold": 24}
    box |= {
        "image": "chrislusf/seaweedfs:4.48",
        "command": ["weed"],
        # Its parts find each other on the pod's own address.
        "args": [word.replace("-ip=s3", "-ip=127.0.0.1") for word in parts.weed_arguments()],
        "env": workloads.secret_variables(keys),
        "ports": [{"name": "http", "containerPort": parts.S3_PORT}],
        **dict.fromkeys(("startupProbe", "livenessProbe", "readinessProbe"), listens),
    }
    del box["envFrom"]
    template["spec"]["volumes"].append({"name": "data", "emptyDir": {"sizeLimit": "5Gi"}})
    box["volumeMounts"].append({"name": "data", "mountPath": "/data"})
    found = [workloads.service("s3", "api", ports={"http": parts.S3_PORT}), _alone("s3", template)]
    for manifest in found:
        # The bucket is made together with the migrations, before anything is served.
        manifest["metadata"]["labels"]["shop/stage"] = "platform"
    return [*found, workloads.one_shot("catalog", "bucket", bucket, place.settings(catalog))]


def _alone(name: str, template: dict[str, Any]) -> dict[str, Any]:
    """One pod whose data is its own: the old one goes before the new one comes."""
    found = workloads.deployment(name, "api", template, replicas=1)
    found["spec"]["strategy"] = {"type": "Recreate"}
    return found


def secret_manifests() -> list[dict[str, Any]]:
    """A Secret with every key, and one with the password of each role in PostgreSQL. New values at each call."""
    roles = [*(service.name for service in SERVICES), AUDITOR]
    names = [name for name in FORMATS if not name.endswith("_db_password") and name != "postgres_password"]
    values = {name: FORMATS[name]() for name in names}
    values |= {"tracker_key": f"shop:{values['tracker_secret']}", "smtp_password": secrets.token_hex(16)}
    found = [_secret(places.SECRET, "Opaque", values)]
    for role in roles:
        login = {"username": role, "password": secrets.token_hex(16)}
        found.append(_secret(f"{role}-database", "kubernetes.io/basic-auth", login))
    return found


def _secret(name: str, kind: str, values: dict[str, str]) -> dict[str, Any]:
    # The label makes PostgreSQL's operator notice a changed password.
    marks = {"app.kubernetes.io/part-of": "shop", "cnpg.io/reload": "true"}
    head = {"name": name, "namespace": places.NAMESPACE, "labels": marks}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": head, "type": kind, "stringData": values}


def files() -> dict[Path, str]:
    """Everything this writes, by path."""
    found = {ROOT / "base" / path: text for path, text in base().items()}
    for name in places.HOSTS:
        found |= {ROOT / "overlays" / name / path: text for path, text in overlay(name).items()}
    return found


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _yaml(manifests: list[dict[str, Any]]) -> str:
    return _WRITTEN + yaml.dump_all(manifests, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


def main() -> None:
    if sys.argv[1:] == ["secrets"]:
        sys.stdout.write(yaml.dump_all(secret_manifests(), sort_keys=False))
        return
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
