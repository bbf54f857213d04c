"""One running copy of the shop: its name, its folder, its ports and its options."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from shop import keys, ports

DEFAULT_NAME = "main"
DEFAULT_PORT = 8080


@dataclass(frozen=True)
class Options:
    """What `up` may be told; remembered in instance.json for the next `up`.

    `fault_proxy` puts `shop.platform.faults` before PostgreSQL and Kafka; `launcher` is a Python module that starts the
    services in place of their own main; `service_settings` are more environment variables for them and the
    outside world. With `postgres_disk_mb` or `kafka_disk_mb` PostgreSQL, or each broker, lives on a disk of that size
    (`shop.platform.disk`), gone when the instance stops.
    """

    fsync: bool = True
    trace_sample_ratio: float = 1.0
    edge_tracing: bool = True
    rate_average: int = 2000
    rate_burst: int = 4000
    # For tests that break things. How many brokers there are, and on which disk, is decided before the first start.
    brokers: Literal[1, 3] = 1
    fault_proxy: bool = False
    launcher: str = ""
    service_settings: dict[str, str] = field(default_factory=dict)
    postgres_disk_mb: int = 0
    kafka_disk_mb: int = 0


@dataclass(frozen=True)
class Instance:
    """Everything else (settings of services, commands of parts) is computed from this."""

    name: str
    home: Path
    directory: Path
    ports: dict[str, int]
    options: Options = field(default_factory=Options)

    @cached_property
    def secrets(self) -> dict[str, str]:
        return keys.load(self.directory / "secrets.json")

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def cache(self) -> Path:
        """Shared by all instances of this checkout."""
        return self.home / ".shop"

    @property
    def pom(self) -> Path:
        return self.home / "deploy" / "local" / "kafka" / "pom.xml"

    @property
    def edge_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['edge']}"

    @property
    def used_ports(self) -> dict[str, int]:
        """Those that something listens on with these options."""
        idle = set()
        if self.options.brokers == 1:
            idle |= {name for name in self.ports if "kafka_2" in name or "kafka_3" in name}
        if not self.options.fault_proxy:
            idle |= {name for name in self.ports if name.startswith("proxy_") or name.endswith("_faulty")}
        return {name: number for name, number in self.ports.items() if name not in idle}

    @property
    def faults(self) -> Path:
        """Where a launcher finds what is to go wrong."""
        return self.directory / "faults"

    @property
    def environment(self) -> dict[str, str]:
        """Makes `load` in another process find this instance, whatever that process is told besides."""
        return {
            "SHOP_HOME": str(self.home),
            "SHOP_STATE": str(self.directory.parent),
            "SHOP_INSTANCE": self.name,
            "SHOP_PORT": str(self.ports["edge"]),
        }

    @property
    def python_environment(self) -> dict[str, str]:
        """For every Python process of ours. Where bytecode is not to be written beside the sources, it goes into the
        instance's cache: compiling a service's imports anew at each start takes two seconds of a core."""
        if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
            return {}
        return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(self.cache / "pycache")}

    def save(self) -> None:
        """Remembers the port and the options."""
        self.directory.mkdir(parents=True, exist_ok=True)
        content = {"ports": self.ports, "options": asdict(self.options)}
        (self.directory / "instance.json").write_text(json.dumps(content, indent=2))


def home() -> Path:
    """The checkout this program was installed from, or SHOP_HOME."""
    told = os.environ.get("SHOP_HOME")
    if told:
        return Path(told)
    for folder in [*Path(__file__).resolve().parents, *Path.cwd().resolve().parents, Path.cwd()]:
        if (folder / "deploy" / "local" / "kafka" / "pom.xml").exists():
            return folder
    raise FileNotFoundError("not inside a checkout of the shop; set SHOP_HOME to its folder")


def load(name: str | None = None, *, port: int | None = None, fsync: bool | None = None) -> Instance:
    """The instance called `name`: told here, else in the environment, else in its instance.json, else by default."""
    name = name or os.environ.get("SHOP_INSTANCE") or DEFAULT_NAME
    root = home()
    directory = Path(os.environ.get("SHOP_STATE") or root / ".shop") / name
    saved = _saved(directory)
    numbers: dict[str, int] = saved.get("ports", {})
    told = port or int(os.environ.get("SHOP_PORT") or 0)
    if (told and told != numbers.get("edge")) or set(numbers) != set(ports.NAMES):
        numbers = ports.derive(told or numbers.get("edge", DEFAULT_PORT))
    options = _options(saved.get("options", {}))
    if fsync is not None:
        options = replace(options, fsync=fsync)
    return Instance(name, root, directory, numbers, options)


def saved_port(directory: Path) -> int | None:
    """The edge port of the instance in `directory`, as of its last `up`."""
    edge: int | None = _saved(directory).get("ports", {}).get("edge")
    return edge


def _saved(directory: Path) -> dict[str, Any]:
    path = directory / "instance.json"
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content


def _options(saved: dict[str, Any]) -> Options:
    known = Options.__dataclass_fields__
    return Options(**{name: value for name, value in saved.items() if name in known})
