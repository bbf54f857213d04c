"""The machine and the versions a report was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from shop.platform import postgres

_LIBRARIES = ("fastapi", "uvicorn", "aiokafka", "sqlalchemy", "asyncpg", "pydantic", "httpx", "orjson", "uvloop")


def describe() -> dict[str, object]:
    """Nothing in it names the machine itself."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": cpu[0].split(":", 1)[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": postgres.version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def load() -> float:
    """Of the last minute."""
    return round(os.getloadavg()[0], 2)
