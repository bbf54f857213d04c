"""Where the auditor looks."""

from __future__ import annotations

from dataclasses import dataclass

from shop import environment
from shop.instance import Instance
from shop.parts import broker_of
from shop.services import SERVICES


@dataclass(frozen=True)
class Places:
    """`database` is the URL of a role that reads every schema; `sandbox` and `console` are base URLs.

    `services` are the names of schemas, consumer groups and publishers at once.
    """

    database: str
    bootstrap: str
    sandbox: str
    console: str
    services: tuple[str, ...] = tuple(service.name for service in SERVICES)


def places_of(current: Instance) -> Places:
    """Straight to the parts, past the edge and past any proxy that tests put before them."""
    return Places(
        database=environment.auditor_url(current),
        bootstrap=broker_of(current).bootstrap,
        sandbox=f"http://127.0.0.1:{current.ports['sandbox']}/sandbox",
        console=f"http://127.0.0.1:{current.ports['console']}",
    )
