"""The event broker: a cluster named in KAFKA_BOOTSTRAP_SERVERS, else Apache Kafka, else the embedded one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from shop.platform import kafka_libs
from shop.platform.kafka import PROPERTIES, Cluster, nodes_of
from shop.supervisor import probes
from shop.supervisor.part import Part, PartError

Kind = Literal["external", "kafka", "embedded"]

# The containers' broker is told the same (deploy/compose).
_PROPERTIES = PROPERTIES

# Seen with noida-db 0.2.3: the whole state is one snapshot, written every five seconds and at a clean end.
_EMBEDDED_LIMITS = "It loses the events of the last seconds when it is killed, and makes up unknown topics."


@dataclass(frozen=True)
class Broker:
    """`label` is what tests and the closing table print; `notice` is what a person should know before relying on it.

    `proxied` are the bootstrap servers of those who must go through the fault proxy; the same as `bootstrap` without
    one.
    """

    kind: Kind
    bootstrap: str
    proxied: str
    label: str
    notice: str
    port: int
    cluster: Cluster

    def parts(self) -> list[Part]:
        """The processes to run; none when the cluster is somebody else's."""
        if self.kind == "external":
            return []
        return self.cluster.parts() if self.kind == "kafka" else [self._embedded()]

    def _embedded(self) -> Part:
        data = self.cluster.directory / "embedded"
        return Part(
            name="kafka",
            title="Embedded broker",
            argv=(
                str(_embedded_binary()), "start", "--only", "kafka", "--host", "127.0.0.1",
                "--kafka-port", str(self.port), "--data-dir", str(data),
            ),
            log=self.cluster.log,
            ready=probes.kafka("127.0.0.1", self.port),
            start_seconds=30,
        )  # fmt: skip


def choose(
    ports: Mapping[str, int],
    *,
    directory: Path,
    cache: Path,
    pom: Path,
    log: Path,
    brokers: int = 1,
    fault_proxy: bool = False,
    disk_megabytes: int = 0,
    environ: Mapping[str, str] = os.environ,
) -> Broker:
    """What this machine can run. SHOP_BROKER (kafka, embedded) overrules the look around. Raises PartError."""
    kind, label, notice = _decide(pom, directory, environ)
    if kind != "kafka" and (brokers > 1 or fault_proxy):
        raise PartError(f"several brokers and the fault proxy need an Apache Kafka of our own; this one is {label}")
    nodes = nodes_of(ports, brokers=brokers, fault_proxy=fault_proxy)
    bootstrap = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    proxied = ",".join(f"127.0.0.1:{node.proxied_port or node.port}" for node in nodes)
    if kind == "external":
        bootstrap = proxied = environ["KAFKA_BOOTSTRAP_SERVERS"]
    if brokers > 1:
        label += f", {brokers} brokers"
    cluster = Cluster(nodes, directory, cache, pom, log, disk_megabytes)
    return Broker(kind, bootstrap, proxied, label, notice, ports["kafka"], cluster)


def _decide(pom: Path, directory: Path, environ: Mapping[str, str]) -> tuple[Kind, str, str]:
    if environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return "external", "external", ""
    wish = environ.get("SHOP_BROKER") or "auto"
    if wish not in {"auto", "kafka", "embedded"}:
        raise PartError(f"SHOP_BROKER is {wish!r}; it may be auto, kafka or embedded")
    missing = kafka_libs.missing_tools()
    if wish == "kafka" and missing:
        raise PartError(f"SHOP_BROKER=kafka, but {missing}")
    if wish != "embedded" and not missing:
        return "kafka", f"apache-kafka-{kafka_libs.kafka_version(pom)}", ""
    reason = missing or "SHOP_BROKER=embedded"
    notice = f"Embedded broker instead of Apache Kafka ({reason}): for trying out only. {_EMBEDDED_LIMITS}"
    if (directory / "data" / "meta.properties").exists():
        notice += " The events this instance has in Apache Kafka are not visible to it."
    return "embedded", f"noida-db-{_embedded_version()}", notice


def _embedded_binary() -> Path:
    spec = find_spec("noida_db")
    if spec is None or spec.origin is None:
        raise PartError("the noida-db wheel is not installed; run deploy/local/setup.sh")
    return Path(spec.origin).parent / "noida-db"


def _embedded_version() -> str:
    return version("noida-db")
