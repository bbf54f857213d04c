"""Everything that runs in an instance, as one list of parts. Read it to see what needs what."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from shop import environment
from shop.instance import Instance
from shop.platform import broker, faults, storage
from shop.platform.broker import Broker
from shop.platform.disk import Disk
from shop.platform.edge import Edge
from shop.platform.postgres import Postgres
from shop.services import HELPERS, SERVICES, Service
from shop.supervisor import probes
from shop.supervisor.part import Part, Say

# What `up --only` understands besides names of parts.
GROUPS = {
    "platform": ("postgres", "roles", "kafka", "topics"),
    "storage": ("s3", "bucket"),
}


def disk_of(instance: Instance) -> Disk | None:
    """The small disk PostgreSQL lives on, if it does."""
    megabytes = instance.options.postgres_disk_mb
    return Disk(instance.directory / "disk", megabytes, instance.logs / "disk.log") if megabytes else None


def postgres_of(instance: Instance) -> Postgres:
    """The instance's own server."""
    disk = disk_of(instance)
    return Postgres(
        (disk.directory if disk else instance.directory) / "postgres",
        instance.ports["postgres"],
        instance.secrets["postgres_password"],
        instance.logs / "postgres.log",
        fsync=instance.options.fsync,
        disk=disk,
    )


def broker_of(instance: Instance) -> Broker:
    """The broker this machine can run. Raises PartError."""
    return broker.choose(
        instance.ports,
        directory=instance.directory / "kafka",
        cache=instance.cache,
        pom=instance.pom,
        log=instance.logs / "kafka.log",
        brokers=instance.options.brokers,
        fault_proxy=instance.options.fault_proxy,
        disk_megabytes=instance.options.kafka_disk_mb,
    )


def storage_of(instance: Instance) -> storage.Storage:
    """The instance's own object storage."""
    keys = instance.secrets
    return storage.Storage(
        instance.directory / "s3",
        instance.ports,
        keys["s3_access_key"],
        keys["s3_secret_key"],
        instance.logs / "s3.log",
    )


def all_parts(instance: Instance) -> list[Part]:
    """In the order of the table. Raises PartError when this machine lacks something."""
    disk = disk_of(instance)
    events = broker_of(instance)
    own_brokers = events.parts()
    broker_needs = tuple(part.name for part in own_brokers)
    proxy = [faults.part(instance, events.cluster.nodes)] if instance.options.fault_proxy else []
    return [
        *([disk.part()] if disk else []),
        postgres_of(instance).part(),
        *own_brokers,
        storage_of(instance).part(),
        _step("roles", "Roles and schemas", instance, needs=("postgres",)),
        _step("topics", "Topics", instance, needs=broker_needs, env={"SHOP_BOOTSTRAP": events.bootstrap}),
        _step("bucket", "Bucket for pictures", instance, needs=("s3",)),
        _step("migrations", "Migrations", instance, needs=("roles",), seconds=180),
        *(_helper(program, instance, events.bootstrap) for program in HELPERS),
        *proxy,
        *(_service(program, instance, events) for program in SERVICES),
        Edge(instance).part(),
    ]


def select(parts: Iterable[Part], only: str) -> list[Part]:
    """Those named in `only` (names and GROUPS, comma separated) with all they need. Raises KeyError for a stranger."""
    by_name = {part.name: part for part in parts}
    wanted: dict[str, Part] = {}

    def add(name: str) -> None:
        if name in wanted:
            return
        for need in by_name[name].needs:
            add(need)
        wanted[name] = by_name[name]

    for word in only.split(","):
        names = GROUPS.get(word.strip(), (word.strip(),))
        for name in names:
            # With a foreign cluster there is no part called kafka.
            if word.strip() not in GROUPS or name in by_name:
                add(name)
    return list(wanted.values())


def _step(
    name: str,
    title: str,
    instance: Instance,
    *,
    needs: tuple[str, ...],
    env: dict[str, str] | None = None,
    seconds: float = 120,
) -> Part:
    return Part(
        name=name,
        title=title,
        argv=(sys.executable, "-m", "shop.steps", name),
        log=instance.logs / f"{name}.log",
        env={**_python_env(instance), **(env or {})},
        needs=needs,
        one_shot=True,
        start_seconds=seconds,
    )


def _service(program: Service, instance: Instance, events: Broker) -> Part:
    options = instance.options
    seen = faults.seen_through(instance) if options.fault_proxy else instance
    launch = (options.launcher, program.module) if options.launcher else (program.module,)
    told = environment.of(program, seen, events.proxied)
    if options.launcher:
        told["SHOP_FAULTS"] = str(instance.faults)
    if events.kind == "embedded":
        # Its groups never forget a killed member.
        told[f"{program.prefix}_KAFKA_GROUPS"] = "false"

    async def prepare(_say: Say) -> None:
        if options.launcher:
            instance.faults.mkdir(exist_ok=True)

    return Part(
        name=program.name,
        title=program.title,
        argv=(sys.executable, "-m", *launch, "serve"),
        log=instance.logs / f"{program.name}.log",
        env={**_python_env(instance), **told, **options.service_settings},
        needs=("migrations", "topics", *(("faults",) if options.fault_proxy else ())),
        prepare=prepare,
        ready=probes.http(instance.ports[program.name], "/readyz"),
        start_seconds=180,
    )


def _helper(program: Service, instance: Instance, bootstrap: str) -> Part:
    return Part(
        name=program.name,
        title=program.title,
        argv=(sys.executable, "-m", program.module),
        log=instance.logs / f"{program.name}.log",
        env={
            **_python_env(instance),
            **environment.of(program, instance, bootstrap),
            **instance.options.service_settings,
        },
        ready=probes.http(instance.ports[program.name], "/healthz"),
        start_seconds=120,
    )


def _python_env(instance: Instance) -> dict[str, str]:
    """Which instance the steps act on; and logs line by line."""
    return instance.environment | instance.python_environment | {"PYTHONUNBUFFERED": "1"}
