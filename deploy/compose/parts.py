"""The containers of docker-compose.yml that are not ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shop.platform.broker import _PROPERTIES
from shop.platform.roles import AUDITOR, DATABASE
from shop.platform.storage import Storage
from shop.ports import derive

S3_PORT = 8333
_PORT_SWITCH = re.compile(r"-\w+\.(port|port\.grpc|localSocket)=(?!0$)")
_KAFKA_DATA = "/var/lib/kafka/data"


def health(test: list[str]) -> dict[str, Any]:
    """A check that is quick to see a start and slow to burden what runs."""
    return {
        "test": test,
        "interval": "15s",
        "timeout": "5s",
        "retries": 4,
        "start_period": "120s",
        "start_interval": "2s",
    }


def confined(user: str, *, read_only: bool = True) -> dict[str, Any]:
    """No root, no capabilities, and nothing to write to but /tmp and volumes."""
    return {
        "user": user,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        **({"read_only": True, "tmpfs": ["/tmp"]} if read_only else {}),  # noqa: S108
    }


def postgres(services: list[str], variable: Callable[[str], str]) -> dict[str, Any]:
    """PostgreSQL 18 as the local one: builtin C.UTF-8, because trigrams of Korean are empty under plain C."""
    secrets = ("postgres_password", *(f"{name}_db_password" for name in (*services, AUDITOR)))
    body = confined("999:999")
    body["tmpfs"] = [*body["tmpfs"], "/var/run/postgresql:uid=999,gid=999,mode=0775"]
    return {
        "image": "postgres:18.6",
        **body,
        "command": ["postgres", "-c", "max_connections=300", "-c", "jit=off", "-c", "timezone=UTC"],
        "environment": {
            "POSTGRES_DB": DATABASE,
            "POSTGRES_INITDB_ARGS": "--locale-provider=builtin --locale=C.UTF-8 --encoding=UTF8",
            **{name.upper(): variable(name) for name in secrets},
        },
        "volumes": [
            "postgres-data:/var/lib/postgresql",
            "./deploy/compose/postgres:/docker-entrypoint-initdb.d:ro",
        ],
        "healthcheck": health(["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d", DATABASE]),
        "shm_size": "256m",
        "stop_grace_period": "60s",
        "restart": "unless-stopped",
    }


def kafka() -> dict[str, Any]:
    """One KRaft node with the settings of the local broker. Its image writes its configuration at each start."""
    return {
        "image": "apache/kafka:4.3.1",
        **confined("1000:1000", read_only=False),
        "environment": {"CLUSTER_ID": "c2hvcC1jb21wb3NlLTAwMQ", "KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m"}
        | {f"KAFKA_{name.replace('.', '_').upper()}": value for name, value in kafka_properties().items()},
        "volumes": [f"kafka-data:{_KAFKA_DATA}"],
        "healthcheck": health(
            ["CMD", "/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", "kafka:9092"]
        )
        | {"timeout": "20s", "interval": "30s", "start_interval": "5s"},
        "stop_grace_period": "60s",
        "restart": "unless-stopped",
    }


def kafka_properties() -> dict[str, str]:
    """The local broker's server.properties, listening for the other containers."""
    text = _PROPERTIES.format(port=9092, controller=9093, data=_KAFKA_DATA)
    properties = dict(line.split("=", 1) for line in text.splitlines())
    return properties | {
        "listeners": "CLIENT://:9092,CONTROLLER://:9093",
        "advertised.listeners": "CLIENT://kafka:9092",
        "controller.quorum.voters": "1@kafka:9093",
    }


def s3(variable: Callable[[str], str]) -> dict[str, Any]:
    """SeaweedFS with the switches of the local one."""
    return {
        "image": "chrislusf/seaweedfs:4.48",
        **confined("1000:1000"),
        "entrypoint": ["weed"],
        "command": weed_arguments(),
        "environment": {
            "AWS_ACCESS_KEY_ID": variable("s3_access_key"),
            "AWS_SECRET_ACCESS_KEY": variable("s3_secret_key"),
        },
        "volumes": ["s3-data:/data"],
        # Strangers are refused: that is an answer too.
        "healthcheck": health(
            ["CMD-SHELL", "wget -q -S -O /dev/null http://127.0.0.1:8333/ 2>&1 | grep -qE ' (200|403) '"]
        ),
        "stop_grace_period": "20s",
        "restart": "unless-stopped",
    }


def weed_arguments() -> list[str]:
    """The local storage's command line, at home in a container: its own address and the usual ports."""
    unused = Path("/unused")
    local = Storage(Path("/data"), derive(1), "", "", unused).part().argv[1:]
    moved = {"-ip=127.0.0.1": "-ip=s3", "-ip.bind=127.0.0.1": "-ip.bind=0.0.0.0"}
    return [*(moved.get(word, word) for word in local if not _PORT_SWITCH.match(word)), f"-s3.port={S3_PORT}"]


def edge(port: int) -> dict[str, Any]:
    """Traefik: the only container with a port outside."""
    return {
        "image": "traefik:v3.7.15",
        **confined("65532:65532"),
        "command": ["--configFile=/etc/traefik/traefik.yml"],
        "volumes": ["./deploy/compose/edge:/etc/traefik:ro"],
        "ports": [f"127.0.0.1:${{SHOP_EDGE_PORT:-{port}}}:{port}"],
        "healthcheck": health(["CMD", "wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{port}/edge-ping"]),
        "depends_on": {"console": {"condition": "service_healthy"}},
        "stop_grace_period": "15s",
        "restart": "unless-stopped",
    }


def jaeger() -> dict[str, Any]:
    """Traces in Jaeger instead of the console, with SHOP_OTLP_ENDPOINT=http://jaeger:4318."""
    return {
        "image": "jaegertracing/jaeger:2.11.0",
        "profiles": ["observability"],
        **confined("10001:10001"),
        "environment": {"JAEGER_LISTEN_HOST": "0.0.0.0"},  # noqa: S104
        "ports": ["127.0.0.1:16686:16686"],
        "mem_limit": "512m",
    }
