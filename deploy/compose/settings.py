"""The shop's one table of settings (`shop.environment`), filled in for places other than this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shop.environment import COMMON, OWN
from shop.keys import FORMATS
from shop.platform.roles import AUDITOR, DATABASE
from shop.services import HELPERS, SERVICES, Service

PROGRAMS = (*SERVICES, *HELPERS)
# Inside a container nobody else wants the port.
PORT = 8000
# As long as `drain_seconds` takes by default, and the closing of pools after it.
STOP_SECONDS = 30
# What the table has for a server on the same machine.
_LOCAL_SERVER = "127.0.0.1:{port[postgres]}"

# A template instead of the table's; None leaves the setting to the program's default.
Changes = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True)
class Place:
    """A deployment: where its parts are, and how it spells a secret.

    `spell` turns a name of `shop.keys` into what stands for the secret here; `changes` is by program, with `common`
    for all services.
    """

    urls: Mapping[str, str]
    ports: Mapping[str, int]
    edge: str
    kafka: str
    postgres: str
    directory: str
    home: str
    spell: Callable[[str], str]
    trace_sample_ratio: str = "1.0"
    changes: Changes = field(default_factory=dict)
    more_keys: tuple[str, ...] = ()

    def settings(self, program: Service) -> dict[str, str]:
        """The environment of one program, prefix included."""
        values = self._values() | {
            "name": program.name,
            "password": self.spell(f"{program.name}_db_password"),
            "own_port": PORT,
        }
        return {f"{program.prefix}_{name}": text.format_map(values) for name, text in self._templates(program).items()}

    def _templates(self, program: Service) -> dict[str, str]:
        table: dict[str, str | None] = {}
        if program.kind == "service":
            table |= {**COMMON, **self.changes.get("common", {})}
        table |= {**OWN[program.name], **self.changes.get(program.name, {})}
        if "HOST" in table:
            table["HOST"] = "0.0.0.0"  # noqa: S104 - a container's own network
        if "PORT" in table:
            table["PORT"] = str(PORT)
        return {name: text.replace(_LOCAL_SERVER, self.postgres) for name, text in table.items() if text is not None}

    def _values(self) -> dict[str, Any]:
        return {
            "port": self.ports,
            "url": self.urls,
            "edge": self.edge,
            "directory": self.directory,
            "home": self.home,
            "kafka": self.kafka,
            "key": {name: self.spell(name) for name in (*FORMATS, *self.more_keys)},
            "option": {"trace_sample_ratio": self.trace_sample_ratio},
            "auditor_url": f"postgresql://{AUDITOR}:{self.spell('auditor_db_password')}@{self.postgres}/{DATABASE}",
            "service_urls": json.dumps({service.name: self.urls[service.name] for service in SERVICES}),
        }
