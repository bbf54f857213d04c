"""The programs of the shop that are ours, as one table. A new service is one line here and one in `ports`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Service:
    """One process. A `service` owns the PostgreSQL schema of its name and has migrations; a `helper` has none."""

    name: str
    title: str
    kind: Literal["service", "helper"] = "service"

    @property
    def module(self) -> str:
        return f"{self.name}.main"

    @property
    def prefix(self) -> str:
        """Of its settings in the environment."""
        return self.name.upper()


SERVICES: tuple[Service, ...] = (
    Service("catalog", "Catalogue and stock"),
    Service("cart", "Carts and quotes"),
    Service("orders", "Orders"),
    Service("payments", "Payments"),
    Service("scm", "Shipping and logistics"),
    Service("notify", "Notifications"),
    Service("stats", "Statistics"),
)

HELPERS: tuple[Service, ...] = (
    Service("sandbox", "The outside world", kind="helper"),
    Service("console", "Developer console", kind="helper"),
)
