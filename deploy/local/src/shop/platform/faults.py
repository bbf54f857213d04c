"""A TCP proxy between the services and what they rely on, for tests that break the network. Off by default.

Only services go through it. Steps, the auditor, the console and whoever injects faults keep their direct way.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from shop.instance import Instance
from shop.platform.kafka import Node
from shop.supervisor import control, probes
from shop.supervisor.part import Part, Say

# Of the checkout's tests: the product knows how to stand behind it, not how it breaks things.
_MODULE = "tests.chaos.proxy"


def control_path(instance: Instance) -> Path:
    """The socket file on which the proxy takes orders."""
    return control.socket_path(instance.directory, "faults")


def seen_through(instance: Instance) -> Instance:
    """The same instance as those see it who stand behind the proxy."""
    return replace(instance, ports=instance.ports | {"postgres": instance.ports["proxy_postgres"]})


def part(instance: Instance, nodes: tuple[Node, ...]) -> Part:
    """The proxy, ready when it takes orders and listens for every target."""
    config = instance.directory / "faults.json"
    targets = {"postgres": {"listen": instance.ports["proxy_postgres"], "port": instance.ports["postgres"]}}
    targets |= {node.name: {"listen": node.proxied_port, "port": node.faulty_port} for node in nodes}

    async def prepare(_say: Say) -> None:
        config.write_text(json.dumps({"control": str(control_path(instance)), "targets": targets}, indent=2))

    return Part(
        name="faults",
        title="Fault proxy",
        argv=(sys.executable, "-m", _MODULE, str(config)),
        log=instance.logs / "faults.log",
        env={**instance.environment, **instance.python_environment, "PYTHONUNBUFFERED": "1"},
        prepare=prepare,
        ready=probes.all_of(
            probes.socket_file(control_path(instance)), *(probes.tcp(target["listen"]) for target in targets.values())
        ),
        start_seconds=60,
    )
