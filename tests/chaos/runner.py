"""Runs scenarios one after another on a living shop: load, faults, heal, customers finish, settle, audit."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.load import Load
from tests.chaos.scenario import Scenario
from tests.chaos.world import LAG_SECONDS, Broken, Settled, World

_SHOWN_OFFENDERS = 5


@dataclass(frozen=True)
class Result:
    """One run of one scenario. `problems` is empty when it held; `lag_seconds` counts from the last customer."""

    scenario: str
    number: int
    seed: int
    seconds: float
    lag_seconds: float | None
    orders: int
    events: int
    copies: int
    done: list[str]
    customers: str
    problems: list[str] = field(default_factory=list)


async def play(world: World, one: Scenario, seed: int) -> Result:
    """Never raises for what the shop does wrong: that is in the result."""
    began, events, copies = time.monotonic(), world.history.events, world.history.copies
    world.notes.clear()
    problems: list[str] = []
    async with Load.running(world, random.Random(f"customers {seed} {one.name}"), one.shoppers) as load:
        try:
            await one.play(world, load, random.Random(f"faults {seed} {one.name}"))
        except Exception as error:  # noqa: BLE001 - whatever it was, the system is healed and audited all the same
            problems.append(_told(error))
        settled = await _afterwards(world, load, problems)
        for finding in settled.findings if settled else ():
            shown = ", ".join(finding.offenders[:_SHOWN_OFFENDERS])
            problems.append(f"{finding.kind}: {finding.promise}: {len(finding.offenders)}: {shown}")
        if settled is not None and settled.late:
            problems.append(f"events were still on their way {LAG_SECONDS:g} s after the last customer")
        if problems:
            problems.append(f"the logs are in {world.keep_logs(f'{one.name}-{seed}')}")
        return Result(
            scenario=one.name,
            number=one.number,
            seed=seed,
            seconds=round(time.monotonic() - began, 1),
            lag_seconds=None if settled is None or settled.lag_seconds is None else round(settled.lag_seconds, 1),
            orders=sum(visit.order is not None for visit in load.visits),
            events=world.history.events - events,
            copies=world.history.copies - copies,
            done=list(world.notes),
            customers=load.summary(),
            problems=problems,
        )


async def _afterwards(world: World, load: Load, problems: list[str]) -> Settled | None:
    try:
        await world.heal()
        await load.finish()
    except Exception as error:  # noqa: BLE001 - the audit tells more
        problems.append(_told(error))
    try:
        return await world.settle(20 if problems else 90)
    except Exception as error:  # noqa: BLE001 - as above
        problems.append(_told(error))
        return None


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, Broken) else repr(error)


async def play_all(scenarios: Sequence[Scenario], seeds: Iterable[int]) -> AsyncIterator[Result]:
    """Scenarios with the same needs share a system, until one of them breaks it."""
    systems: list[dict[str, Any]] = []
    for one in scenarios:
        if one.system not in systems:
            systems.append(one.system)
    for system in systems:
        mine = [(one, seed) for seed in seeds for one in scenarios if one.system == system]
        while mine:
            async with World.running(**system) as world:
                while mine:
                    one, seed = mine.pop(0)
                    result = await play(world, one, seed)
                    yield result
                    if result.problems:
                        break
