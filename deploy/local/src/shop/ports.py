"""Every port of an instance, derived from one: the edge port E. The internal base is E+20."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import psutil

BASE_OFFSET = 20

# Offsets from the internal base.
OFFSETS: dict[str, int] = {
    "catalog": 1,
    "cart": 2,
    "orders": 3,
    "payments": 4,
    "scm": 5,
    "notify": 6,
    "stats": 7,
    "sandbox": 20,
    "console": 21,
    "smtp": 25,
    "postgres": 32,
    "s3": 33,
    "s3_grpc": 40,
    "s3_master": 41,
    "s3_master_grpc": 42,
    "s3_volume": 43,
    "s3_volume_grpc": 44,
    "s3_filer": 45,
    "s3_filer_grpc": 46,
    "s3_admin": 47,
    "s3_admin_grpc": 48,
    "proxy_postgres": 60,
    "proxy_kafka": 61,
    "proxy_kafka_2": 62,
    "proxy_kafka_3": 63,
    "kafka_faulty": 64,
    "kafka_2_faulty": 65,
    "kafka_3_faulty": 66,
    "kafka": 92,
    "kafka_controller": 93,
    "kafka_2": 94,
    "kafka_2_controller": 95,
    "kafka_3": 96,
    "kafka_3_controller": 97,
}


@dataclass(frozen=True)
class Holder:
    """A process that listens on a port we want."""

    port: int
    use: str
    process: str

    def __str__(self) -> str:
        return f"port {self.port} ({self.use}) is taken by {self.process}"


NAMES = ("edge", *OFFSETS)
_HIGHEST_EDGE = 65535 - BASE_OFFSET - max(OFFSETS.values())


def derive(edge: int) -> dict[str, int]:
    """All ports by name. Raises ValueError when one would be outside 1..65535."""
    if not 1 <= edge <= _HIGHEST_EDGE:
        raise ValueError(f"the edge port must be between 1 and {_HIGHEST_EDGE}")
    return {"edge": edge} | {name: edge + BASE_OFFSET + offset for name, offset in OFFSETS.items()}


def unused() -> dict[str, int]:
    """Ports the system hands out now, for throw-away instances. Another program may still take one before us."""
    with ExitStack() as held:
        return {name: _any_port(held) for name in NAMES}


def _any_port(held: ExitStack) -> int:
    holder = held.enter_context(socket.socket())
    holder.bind(("127.0.0.1", 0))
    number: int = holder.getsockname()[1]
    return number


def is_free(port: int) -> bool:
    """Whether we could listen on `port` of the loopback address now."""
    with socket.socket() as probe:
        # Connections of an instance that has just stopped linger in TIME_WAIT and do not hinder a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def taken(ports: Mapping[str, int]) -> list[Holder]:
    """Which of `ports` (use by name) are held by others, and by whom if the system tells us."""
    busy = {number: use for use, number in ports.items() if not is_free(number)}
    return [Holder(number, use, _holder_of(number)) for number, use in sorted(busy.items())]


def free_edge_near(edge: int) -> int | None:
    """An edge port above `edge` whose whole family is free now; None when a few dozen tries find none."""
    for candidate in range(edge + 200, min(edge + 10_000, 65_000), 200):
        try:
            numbers = derive(candidate)
        except ValueError:
            return None
        if all(is_free(number) for number in numbers.values()):
            return candidate
    return None


def _holder_of(port: int) -> str:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another program (not ours to look at)"
    for connection in connections:
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return _process_name(connection.pid)
    return "another program"


def _process_name(pid: int | None) -> str:
    if pid is None:
        return "another program"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
