"""The event broker: a cluster named in KAFKA_BOOTSTRAP_SERVERS, else Apache Kafka, else the embedded one."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from shop.platform import commands, kafka_libs
from shop.supervisor import probes
from shop.supervisor.part import Part, PartError, Say

Kind = Literal["external", "kafka", "embedded"]

# C1 alone and the serial collector: measured at 170 MB and 1.7 s to ready, against 270 MB and 2.2 s with the defaults.
_JVM = ("-Xms64m", "-Xmx256m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# Seen with noida-db 0.2.3: the whole state is one snapshot, written every five seconds and at a clean end.
_EMBEDDED_LIMITS = "It loses the events of the last seconds when it is killed, and makes up unknown topics."

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{port}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=12
offsets.topic.segment.bytes=4194304
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=4
"""


@dataclass(frozen=True)
class Broker:
    """`label` is what tests and the closing table print; `notice` is what a person should know before relying on it."""

    kind: Kind
    bootstrap: str
    label: str
    notice: str
    port: int
    controller_port: int
    directory: Path
    cache: Path
    pom: Path
    log: Path

    def part(self) -> Part | None:
        """The process to run; None when the cluster is somebody else's."""
        if self.kind == "external":
            return None
        return self._kafka() if self.kind == "kafka" else self._embedded()

    def _kafka(self) -> Part:
        libs = self.cache / "kafka-libs" / kafka_libs.cache_key(self.pom)
        logging = f"-Dlog4j2.configurationFile={self.pom.with_name('log4j2.properties')}"
        properties = str(self.directory / "server.properties")
        return Part(
            name="kafka",
            title=f"Apache Kafka {kafka_libs.kafka_version(self.pom)}",
            argv=("java", *_JVM, logging, "-cp", f"{libs}/*", "kafka.Kafka", properties),
            log=self.log,
            # glibc keeps an arena per thread otherwise, and Kafka has ninety.
            env={"MALLOC_ARENA_MAX": "2"},
            prepare=self.prepare_kafka,
            ready=probes.kafka("127.0.0.1", self.port),
            # Two seconds on an idle machine, a minute on one that is busy eight times over.
            start_seconds=180,
            stop_seconds=30,
        )

    async def prepare_kafka(self, say: Say) -> None:
        """Jars, a formatted log directory, and server.properties for the ports of now."""
        libs = await kafka_libs.resolve(self.pom, self.cache, say, self.log)
        data = self.directory / "data"
        data.mkdir(parents=True, exist_ok=True)
        properties = self.directory / "server.properties"
        properties.write_text(_PROPERTIES.format(port=self.port, controller=self.controller_port, data=data))
        if (data / "meta.properties").exists():
            return
        say("formatting the log directory")
        cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        tool = ("java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", f"{libs}/*", "kafka.tools.StorageTool")
        await commands.run([*tool, "format", "-t", cluster_id, "-c", str(properties)], seconds=120, log=self.log)

    def _embedded(self) -> Part:
        data = self.directory / "embedded"
        return Part(
            name="kafka",
            title="Embedded broker",
            argv=(
                str(_embedded_binary()), "start", "--only", "kafka", "--host", "127.0.0.1",
                "--kafka-port", str(self.port), "--data-dir", str(data),
            ),
            log=self.log,
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
    environ: Mapping[str, str] = os.environ,
) -> Broker:
    """What this machine can run. SHOP_BROKER (kafka, embedded) overrules the look around. Raises PartError."""
    kind, label, notice = _decide(pom, directory, environ)
    bootstrap = environ["KAFKA_BOOTSTRAP_SERVERS"] if kind == "external" else f"127.0.0.1:{ports['kafka']}"
    return Broker(
        kind, bootstrap, label, notice, ports["kafka"], ports["kafka_controller"], directory, cache, pom, log
    )  # fmt: skip


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
