"""What a scenario is, and where all of them are found."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos import scenarios
from tests.chaos.load import Load
from tests.chaos.world import World

Play = Callable[[World, Load, random.Random], Awaitable[None]]
# Of the system a scenario runs on when it asks for nothing else: so most of them share one.
DEFAULT_NEEDS: dict[str, Any] = {"brokers": 1}
PROXY: dict[str, Any] = {"fault_proxy": True}


@dataclass(frozen=True)
class Scenario:
    """`number` is that of backbone.md §6. `needs` are instance.Options; `shoppers` how many shop at once."""

    number: int
    name: str
    play: Play
    needs: dict[str, Any] = field(default_factory=dict)
    shoppers: int = 3
    smoke: bool = False

    @property
    def system(self) -> dict[str, Any]:
        return DEFAULT_NEEDS | self.needs


_found: dict[str, Scenario] = {}


def scenario(
    number: int, name: str, *, needs: dict[str, Any] | None = None, shoppers: int = 3, smoke: bool = False
) -> Callable[[Play], Play]:
    """Registers a coroutine function `(world, load, rng)`.

    Customers are shopping when it is called. It injects its faults, asserts what only it can know (raising
    `world.Broken`), notes what it did, and returns; the runner then heals, lets the customers finish, and audits.
    """

    def register(play: Play) -> Play:
        if name in _found:
            raise ValueError(f"two scenarios are called {name}")
        _found[name] = Scenario(number, name, play, needs or {}, shoppers, smoke)
        return play

    return register


def all_scenarios() -> list[Scenario]:
    """In the order of their numbers."""
    for module in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"{scenarios.__name__}.{module.name}")
    return sorted(_found.values(), key=lambda each: (each.number, each.name))
