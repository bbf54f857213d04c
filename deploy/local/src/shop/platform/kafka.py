"""Apache Kafka's processes: one broker for every day, three for seeing one of them die."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shop.platform import commands, kafka_libs
from shop.platform.disk import Disk
from shop.supervisor import probes
from shop.supervisor.part import Part, Say
from shop.supervisor.tether import tether

# C1 alone and the serial collector: measured at 170 MB and 1.7 s to ready, against 270 MB and 2.2 s with the defaults.
_JVM = ("-Xms64m", "-Xmx256m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# Of the one broker of every day.
PROPERTIES = """\
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
# With three, every record is in two places before it is acknowledged.
_REPLICATED = {
    "unclean.leader.election.enable": "false",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


@dataclass(frozen=True)
class Node:
    """One process, broker and controller at once. With `proxied_port` its second listener, on `faulty_port`, tells
    clients that it is there: they stay behind the fault proxy."""

    name: str
    number: int
    port: int
    controller_port: int
    faulty_port: int = 0
    proxied_port: int = 0


def nodes_of(ports: Mapping[str, int], *, brokers: int, fault_proxy: bool) -> tuple[Node, ...]:
    """Those of an instance with these ports. `brokers` is 1 or 3."""
    keys = ("kafka", "kafka_2", "kafka_3")[:brokers]
    return tuple(
        Node(
            key.replace("_", "-"),
            number,
            ports[key],
            ports[f"{key}_controller"],
            ports[f"{key}_faulty"] if fault_proxy else 0,
            ports[f"proxy_{key}"] if fault_proxy else 0,
        )
        for number, key in enumerate(keys, start=1)
    )


def format_order(cluster_id: str, properties: Path) -> tuple[str, ...]:
    """Kafka's StorageTool, told to format a log directory. One id in 64 begins with a dash: it stays in one word."""
    return ("format", f"--cluster-id={cluster_id}", "--config", str(properties))


@dataclass(frozen=True)
class Cluster:
    """`directory` is the first node's; the others' are beside it, and so are the logs. With `disk_megabytes` each node
    keeps its records on a small disk of its own."""

    nodes: tuple[Node, ...]
    directory: Path
    cache: Path
    pom: Path
    log: Path
    disk_megabytes: int = 0

    def parts(self) -> list[Part]:
        """They need nothing of each other: a quorum forms when enough have come."""
        disks = [disk.part() for node in self.nodes if (disk := self.disk_of(node))]
        return [*disks, *(self._part(node) for node in self.nodes)]

    def disk_of(self, node: Node) -> Disk | None:
        """The disk it keeps its records on, if it is a small one."""
        name = f"{node.name}-disk"
        directory, log = self.directory.with_name(name), self.log.with_name(f"{name}.log")
        return Disk(directory, self.disk_megabytes, log) if self.disk_megabytes else None

    def properties(self, node: Node) -> str:
        """Its server.properties."""
        text = PROPERTIES.format(port=node.port, controller=node.controller_port, data=self._data_of(node))
        values = dict(line.split("=", 1) for line in text.splitlines())
        if len(self.nodes) > 1:
            voters = ",".join(f"{other.number}@127.0.0.1:{other.controller_port}" for other in self.nodes)
            values |= {**_REPLICATED, "node.id": str(node.number), "controller.quorum.voters": voters}
        if node.proxied_port:
            values["listeners"] += f",FAULTY://127.0.0.1:{node.faulty_port}"
            values["advertised.listeners"] += f",FAULTY://127.0.0.1:{node.proxied_port}"
            values["listener.security.protocol.map"] += ",FAULTY:PLAINTEXT"
        return "".join(f"{name}={value}\n" for name, value in values.items())

    def _part(self, node: Node) -> Part:
        async def prepare(say: Say) -> None:
            await self._prepare(node, say)

        disk = self.disk_of(node)
        libs = self.cache / "kafka-libs" / kafka_libs.cache_key(self.pom)
        logging = f"-Dlog4j2.configurationFile={self.pom.with_name('log4j2.properties')}"
        title = f"Apache Kafka {kafka_libs.kafka_version(self.pom)}"
        return Part(
            name=node.name,
            title=title if len(self.nodes) == 1 else f"{title}, broker {node.number}",
            # On its disk it is behind a change of user namespace, which would cut the supervisor's own tether.
            argv=(
                *((*disk.enter(), *tether(Part.stop_signal)) if disk else ()),
                *("java", *_JVM, logging, "-cp", f"{libs}/*", "kafka.Kafka", str(self._properties_file(node))),
            ),
            log=self._log_of(node),
            # glibc keeps an arena per thread otherwise, and Kafka has ninety.
            env={"MALLOC_ARENA_MAX": "2"},
            needs=(disk.directory.name,) if disk else (),
            prepare=prepare,
            ready=probes.kafka("127.0.0.1", node.port),
            # Two seconds on an idle machine, a minute on one that is busy eight times over.
            start_seconds=180,
            stop_seconds=30,
        )

    async def _prepare(self, node: Node, say: Say) -> None:
        """Jars, a formatted log directory, and server.properties for the ports of now."""
        libs = await kafka_libs.resolve(self.pom, self.cache, say, self._log_of(node))
        disk = self.disk_of(node)
        data = disk.seen(self._data_of(node)) if disk else self._data_of(node)
        data.mkdir(parents=True, exist_ok=True)
        file = self._properties_file(node)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.properties(node))
        if (data / "meta.properties").exists():
            return
        say("formatting the log directory")
        where = disk.enter() if disk else ()
        tool = ("java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", f"{libs}/*", "kafka.tools.StorageTool")
        order = format_order(self._cluster_id(), file)
        await commands.run([*where, *tool, *order], seconds=120, log=self._log_of(node))

    def _cluster_id(self) -> str:
        """One for all nodes: made by whichever is formatted first."""
        file = self.directory / "cluster-id"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="))
        return file.read_text()

    def _properties_file(self, node: Node) -> Path:
        return self._directory_of(node) / "server.properties"

    def _data_of(self, node: Node) -> Path:
        disk = self.disk_of(node)
        return (disk.directory if disk else self._directory_of(node)) / "data"

    def _directory_of(self, node: Node) -> Path:
        return self.directory if node.number == 1 else self.directory.with_name(node.name)

    def _log_of(self, node: Node) -> Path:
        return self.log if node.number == 1 else self.log.with_name(f"{node.name}.log")
