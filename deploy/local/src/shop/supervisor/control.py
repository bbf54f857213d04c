"""How the command line talks to a running supervisor: one JSON line each way over a socket file."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import tempfile
from pathlib import Path
from typing import Any

# Longer paths do not fit into a socket address.
_PATH_LIMIT = 100


class NotRunning(Exception):
    """No supervisor answers for this instance."""


def socket_path(directory: Path, name: str = "control") -> Path:
    """Inside the instance's folder, unless its name is too long for a socket."""
    path = directory / f"{name}.sock"
    if len(str(path)) <= _PATH_LIMIT:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"shop-{digest}.sock"


def ask(directory: Path, command: str, *, seconds: float = 10, **arguments: Any) -> dict[str, Any]:
    """The supervisor's answer. Raises NotRunning; TimeoutError after `seconds`."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(socket_path(directory)))
            connection.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
        except (FileNotFoundError, ConnectionError) as error:
            raise NotRunning(str(directory)) from error
    if not line:
        raise NotRunning(str(directory))
    answer: dict[str, Any] = json.loads(line)
    return answer


def owner(directory: Path) -> int:
    """The pid at the other end, from the kernel: also of a supervisor that does not answer. Raises NotRunning."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(socket_path(directory)))
        except (FileNotFoundError, ConnectionError) as error:
            raise NotRunning(str(directory)) from error
        pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)


def is_running(directory: Path) -> bool:
    """Whether a supervisor answers."""
    try:
        ask(directory, "ping")
    except (NotRunning, TimeoutError):
        return False
    return True
