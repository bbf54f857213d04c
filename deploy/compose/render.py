"""Writes docker-compose.yml and the files it mounts: `python -m deploy.compose.render`, from the root of the checkout.

Settings come from `shop.environment`, routes from `shop.platform.edge`, rights in PostgreSQL from
`shop.platform.roles`: what a container is told and what a local process is told cannot drift apart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from deploy.compose import parts
from deploy.compose.settings import PORT, PROGRAMS, STOP_SECONDS, Place

from shop import ports
from shop.instance import Instance
from shop.platform import storage
from shop.platform.edge import Edge
from shop.platform.roles import AUDITOR, DATABASE, _rights
from shop.services import SERVICES, Service

ROOT = Path(__file__).parents[2]
EDGE_PORT = 8080
SMTP_PORT = 8025
_WRITTEN = "# Written by `python -m deploy.compose.render`; change that or the tables it reads, not this file.\n"

# Browsers know the shop by another address than its own containers do.
_BEHIND = f"http://edge:{EDGE_PORT}"
_CHANGES: dict[str, dict[str, str | None]] = {
    # Doubled braces: these are for compose to fill.
    "common": {"OTLP_ENDPOINT": "${{SHOP_OTLP_ENDPOINT:-http://console:8000/otlp}}"},
    "notify": {"SMTP_HOST": "console"},
    "sandbox": {
        "TOSS_WEBHOOK_URL": f"{_BEHIND}/v1/callbacks/toss",
        "INICIS_NOTICE_URL": f"{_BEHIND}/v1/callbacks/inicis",
        "PORTONE_WEBHOOK_URL": f"{_BEHIND}/v1/callbacks/portone",
        "PORTONE_V1_WEBHOOK_URL": f"{_BEHIND}/v1/callbacks/portone_v1",
        "SOLAPI_WEBHOOK_URL": f"{_BEHIND}/v1/callbacks/solapi/{{key[solapi_callback_token]}}",
        "LOGISTICS_URL": _BEHIND,
    },
}


def variable(secret: str) -> str:
    """How docker-compose.yml asks for a secret. A missing one ends the start with a word on what to do."""
    return f"${{SHOP_{secret.upper()}:?see deploy/compose/.env.example}}"


def place() -> Place:
    """Where everything is inside the compose network."""
    return Place(
        urls={program.name: f"http://{program.name}:{PORT}" for program in PROGRAMS} | {"s3": "http://s3:8333"},
        ports={"smtp": SMTP_PORT, "sandbox": PORT, "console": PORT},
        edge="${SHOP_EDGE_URL:-http://127.0.0.1:8080}",
        kafka="kafka:9092",
        postgres="postgres:5432",
        directory="/data",
        home="/app",
        spell=variable,
        changes=_CHANGES,
    )


def compose() -> dict[str, Any]:
    """docker-compose.yml."""
    settings = {program.name: place().settings(program) for program in PROGRAMS}
    services: dict[str, Any] = {
        "postgres": parts.postgres([service.name for service in SERVICES], variable),
        "kafka": parts.kafka(),
        "s3": parts.s3(variable),
        "edge": parts.edge(EDGE_PORT),
        "jaeger": parts.jaeger(),
        "topics": _once("catalog", ["python", "-m", "common.kafka_admin", "kafka:9092"], {}, after="kafka"),
        "bucket": _once("catalog", ["python", "/app/deploy/compose/bucket.py"], settings["catalog"], after="s3"),
    }
    for service in SERVICES:
        step = _once(service.name, None, settings[service.name], after="postgres")
        services[f"migrate-{service.name}"] = step | {"command": ["migrate"]}
    for program in PROGRAMS:
        services[program.name] = _program(program, settings[program.name])
    volumes: dict[str, Any] = dict.fromkeys(("postgres-data", "kafka-data", "s3-data", "sandbox-data"))
    return {"name": "shop", "services": services, "volumes": volumes}


def _program(program: Service, settings: dict[str, str]) -> dict[str, Any]:
    probe = "readyz" if program.kind == "service" else "healthz"
    body = _ours(program.name, settings) | {
        "restart": "unless-stopped",
        "stop_grace_period": f"{STOP_SECONDS}s",
        "mem_limit": "512m",
        "healthcheck": parts.health(
            [
                "CMD",
                "python",
                "-c",
                f"import urllib.request as r; r.urlopen('http://127.0.0.1:{PORT}/{probe}', timeout=4)",
            ]
        ),
    }
    if program.kind == "service":
        done = {"condition": "service_completed_successfully"}
        waits = {f"migrate-{program.name}": done, "topics": done}
        body["depends_on"] = waits | ({"bucket": done} if program.name == "catalog" else {})
    if program.name == "sandbox":
        body["volumes"] = ["sandbox-data:/data"]
    return body


def _once(name: str, entrypoint: list[str] | None, settings: dict[str, str], *, after: str) -> dict[str, Any]:
    body = _ours(name, settings) | {"restart": "no", "depends_on": {after: {"condition": "service_healthy"}}}
    return body | ({"entrypoint": entrypoint} if entrypoint else {})


def _ours(name: str, settings: dict[str, str]) -> dict[str, Any]:
    member = {"sandbox": "sandbox", "console": "deploy/console"}.get(name)
    arguments = {"SERVICE": name} | ({"MEMBER": member} if member else {})
    return {
        "image": f"shop/{name}:${{SHOP_TAG:-dev}}",
        "build": {"context": ".", "dockerfile": "deploy/Dockerfile", "args": arguments},
        **parts.confined("10001:10001"),
        **({"environment": dict(settings)} if settings else {}),
    }


def roles_sql() -> str:
    """What the postgres image runs on an empty volume: roles with passwords from the environment, schemas, rights."""
    names = [service.name for service in SERVICES]
    lines = [f"-- {_WRITTEN[2:]}"]
    for role in [*names, AUDITOR]:
        lines += [
            f"\\getenv password {role.upper()}_DB_PASSWORD\n",
            f"create role \"{role}\" login nosuperuser nocreatedb nocreaterole password :'password';\n",
        ]
    return "".join([*lines, *(f"{statement};\n" for statement in _rights(DATABASE, names))])


def edge_files() -> dict[str, str]:
    """Traefik's two files: those of a local instance, with containers in place of ports."""
    local = Edge(Instance("compose", ROOT, Path("/etc/traefik"), ports.derive(EDGE_PORT)))
    static, dynamic = local.static(), local.dynamic()
    static["entryPoints"]["edge"]["address"] = f":{EDGE_PORT}"
    static["providers"]["file"]["filename"] = "/etc/traefik/routes.yml"
    static["tracing"]["otlp"]["http"]["endpoint"] = f"{place().urls['console']}/otlp/v1/traces"
    for name, service in dynamic["http"]["services"].items():
        service["loadBalancer"]["servers"] = [{"url": place().urls[name]}]
    return {"traefik.yml": _yaml(static), "routes.yml": _yaml(dynamic)}


def files() -> dict[Path, str]:
    """Everything this writes, by path."""
    folder = ROOT / "deploy" / "compose"
    bucket = json.dumps({"policy": storage.POLICY, "cors": storage.CORS}, indent=2) + "\n"
    return {
        ROOT / "docker-compose.yml": _yaml(compose()),
        folder / "bucket.json": bucket,
        folder / "postgres" / "roles.sql": roles_sql(),
        **{folder / "edge" / name: text for name, text in edge_files().items()},
    }


class _Plain(yaml.SafeDumper):
    """Without anchors: a line that stands twice is easier to read than a reference."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _yaml(content: Any) -> str:
    return _WRITTEN + yaml.dump(content, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


def main() -> None:
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
