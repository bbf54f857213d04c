"""Proves that the suite can fail: breaks a promise on purpose and wants the audit to say so.

    python -m tests.chaos.gate [--only no_inbox,...] [--seed S]

For each mutant the same provocation is tried on a healthy shop first: there it must find nothing at all.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from tests.chaos.load import Load
from tests.chaos.mutations import MUTANTS
from tests.chaos.scenario import DEFAULT_NEEDS
from tests.chaos.scenarios.customers import rush
from tests.chaos.world import World

from contracts.topics import ORDERS
from shop.audit.findings import ALWAYS, Finding

console = Console(highlight=False, soft_wrap=True)

Provoke = Callable[[World, Load], Awaitable[None]]
_NOTICED_SECONDS = 60.0
_LASTING_SECONDS = 8.0


@dataclass(frozen=True)
class Trial:
    """`tells`: the promises of which at least one must be told as broken; anything else counts for nothing.

    `shoppers`: so many customers at once.
    """

    mutant: str
    victim: str
    provoke: Provoke
    tells: tuple[str, ...]
    prepare: str = ""
    shoppers: int = 4


async def _come_again(world: World, load: Load) -> None:
    """The relay of orders loses its head between ack and delete: its events come twice."""
    world.box.arm("orders", "after_ack_before_delete", count=3, do="raise")
    await load.orders(5)


async def _die_in_a_handler(world: World, load: Load) -> None:
    """The victim dies in a slow handler, later than offsets are committed."""
    await load.orders(2)
    await world.strike("scm", "slow_handler", type="order-paid", seconds=8)
    await asyncio.sleep(3)
    await world.processes.kill("scm")


async def _commit_late(world: World, load: Load) -> None:
    """Some commits of orders take seconds longer than those begun after them, in the same shard too."""
    await load.orders(1)
    world.box.arm("orders", "before_commit", count=8, do="sleep", seconds=4, topic=ORDERS)
    await load.orders(30)


async def _rush(world: World, load: Load) -> None:
    """Many want the last units."""
    await rush(world, load, units=3, buyers=10)


# The table's own check is a second line of defence; the suite must not need it.
_NO_SECOND_LINE = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = 'catalog.stock'::regclass AND contype = 'c' LOOP
    EXECUTE format('ALTER TABLE catalog.stock DROP CONSTRAINT %I', name);
  END LOOP;
END $$
"""

TRIALS = (
    Trial("no_inbox", "stats", _come_again, ("no event had its effect twice in a group",)),
    Trial(
        "offsets_before_effects",
        "scm",
        _die_in_a_handler,
        (
            "every published event had its effect in every group that handles it",
            "every event that a service is past is in its inbox",
        ),
    ),
    Trial(
        "outbox_by_id_cursor",
        "orders",
        _commit_late,
        ("orders: every committed event has left", "every committed event was published"),
        shoppers=14,
    ),
    Trial(
        "reservation_without_condition",
        "catalog",
        _rush,
        ("units sold and reserved never exceed what came in",),
        _NO_SECOND_LINE,
    ),
)
# With every change there is time for one.
SMOKE = TRIALS[1]


@dataclass(frozen=True)
class Verdict:
    """`told`: the expected findings. A mutant that nobody told of has survived."""

    mutant: str
    told: tuple[str, ...]
    seconds: float


async def control(world: World, trials: Sequence[Trial], seed: int) -> list[str]:
    """What the provocations alone lead to: must be nothing."""
    async with Load.running(world, random.Random(f"control {seed}"), 4) as load:
        for trial in trials:
            await trial.provoke(world, load)
        await world.heal()
        await load.finish()
    settled = await world.settle()
    known = await world.promises()
    unknown = [f"nobody promises: {name}" for trial in trials for name in trial.tells if name not in known]
    return unknown + [f"{each.promise}: {', '.join(each.offenders[:3])}" for each in settled.findings]


async def attempt(world: World, trial: Trial, seed: int) -> Verdict:
    """Damages the world; what is wrong afterwards is known from then on."""
    began = time.monotonic()
    if trial.prepare:
        await world.database.execute(trial.prepare)
    world.box.mutate(trial.mutant)
    await world.processes.restart(trial.victim)
    world.box.mutate(None)
    async with Load.running(world, random.Random(f"{trial.mutant} {seed}"), trial.shoppers) as load:
        await trial.provoke(world, load)
    world.box.disarm_all()
    told = await _noticed(world, trial)
    seconds = time.monotonic() - began
    await world.processes.restart(trial.victim)
    world.accept(await world.findings())
    return Verdict(trial.mutant, told, seconds)


async def _noticed(world: World, trial: Trial) -> tuple[str, ...]:
    """Nobody shops any more. What holds at rest only must stay broken for a while: a busy shop needs a moment."""
    end = time.monotonic() + _NOTICED_SECONDS
    since: dict[str, float] = {}
    while time.monotonic() < end:
        now = time.monotonic()
        told = [each for each in await world.findings() if each.promise in trial.tells]
        since = {name: since.get(name, now) for each in told for name in _names(each)}
        lasting = [
            name
            for each in told
            for name in _names(each)
            if each.holds == ALWAYS or now - since[name] > _LASTING_SECONDS
        ]
        if lasting:
            return tuple(sorted(lasting))
        await asyncio.sleep(1)
    return ()


def _names(found: Finding) -> list[str]:
    return [f"{found.promise}: {offender}" for offender in found.offenders]


async def run(names: Sequence[str], seed: int) -> bool:
    """True when every mutant was caught and the healthy shop was not."""
    trials = [trial for trial in TRIALS if trial.mutant in names]
    async with World.running(**DEFAULT_NEEDS) as world:
        if found := await control(world, trials, seed):
            console.print(f"[bold red]the healthy shop was found guilty:[/] {escape('; '.join(found))}")
            return False
        console.print("[green]healthy[/]  the same provocations find nothing wrong with it")
        verdicts = [await attempt(world, trial, seed) for trial in trials]
    for verdict in verdicts:
        show(verdict)
    return all(verdict.told for verdict in verdicts)


def show(verdict: Verdict) -> None:
    """One line."""
    if verdict.told:
        console.print(
            f"[green]caught[/]   {verdict.mutant} in {verdict.seconds:.0f} s: "
            f"{len(verdict.told)} offenders, such as [dim]{escape(verdict.told[0])}[/]"
        )
    else:
        console.print(f"[bold red]SURVIVED[/] {verdict.mutant}: the suite did not notice in {verdict.seconds:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.gate", description=__doc__)
    parser.add_argument("--only", default=",".join(MUTANTS), help="mutants by name, comma separated")
    parser.add_argument("--seed", type=int, help="else a random one, printed")
    options = parser.parse_args()
    names = options.only.split(",")
    if strangers := set(names) - set(MUTANTS):
        sys.exit(f"no such mutant: {', '.join(sorted(strangers))}")
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    console.print(f"{len(names)} mutants, seed {seed}")
    return 0 if asyncio.run(run(names, seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
