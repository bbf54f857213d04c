"""The chaos suite: `python -m tests.chaos`. Exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from tests.chaos import gate
from tests.chaos.runner import Result, play, play_all
from tests.chaos.scenario import DEFAULT_NEEDS, PROXY, Scenario, all_scenarios
from tests.chaos.world import World

from shop import instance
from shop.parts import broker_of

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    options = _arguments()
    chosen = _choose(options)
    if options.list:
        for one in chosen:
            console.print(f"{one.number:>3}  {one.name:<32} {escape(_first_line(one))}")
        return 0
    if options.smoke and (lacking := _lacking()):
        console.print(f"[yellow]skipped[/] the chaos suite: {escape(lacking)}")
        return 0
    first = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    console.print(f"{len(chosen)} scenarios, seeds {first} to {first + options.seeds - 1}")
    began = time.monotonic()
    seeds = range(first, first + options.seeds)
    book = _Book(options.json)
    survived = asyncio.run(_smoke(chosen, first, book) if options.smoke else _run(chosen, seeds, book))
    results = book.results
    broken = [result for result in results if result.problems]
    took = time.monotonic() - began
    verdict = f"[bold red]{len(broken)} broken[/]" if broken else "[bold green]all held[/]"
    console.print(f"{len(results)} runs in {took:.0f} s: {verdict}")
    return 1 if broken or survived else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many runs of every scenario, each with its own seed")
    parser.add_argument("--seed", type=int, help="the first seed; else a random one, printed")
    parser.add_argument("--only", default="", help="scenarios by name, comma separated")
    parser.add_argument("--smoke", action="store_true", help="the short selection for every change")
    parser.add_argument("--list", action="store_true", help="print the scenarios and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    return parser.parse_args()


def _choose(options: argparse.Namespace) -> list[Scenario]:
    everything = all_scenarios()
    if options.only:
        wanted = options.only.split(",")
        strangers = set(wanted) - {one.name for one in everything}
        if strangers:
            sys.exit(f"no such scenario: {', '.join(sorted(strangers))}")
        return [one for one in everything if one.name in wanted]
    return [one for one in everything if one.smoke] if options.smoke else everything


def _lacking() -> str:
    """Why there is no Apache Kafka of our own to break; empty when there is."""
    broker = broker_of(instance.load())
    return "" if broker.kind == "kafka" else broker.notice or "the brokers of KAFKA_BOOTSTRAP_SERVERS are not ours"


def _first_line(one: Scenario) -> str:
    return (one.play.__doc__ or "").strip().partition("\n")[0]


class _Book:
    """Every result is printed and in the file as soon as it is known: hours of runs may be cut short."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.results: list[Result] = []

    def add(self, result: Result) -> None:
        _print(result)
        self.results.append(result)
        if self._file:
            self._file.write_text(json.dumps([asdict(each) for each in self.results], indent=1, ensure_ascii=False))


async def _run(chosen: list[Scenario], seeds: range, book: _Book) -> bool:
    async for result in play_all(chosen, seeds):
        book.add(result)
    return False


async def _smoke(chosen: list[Scenario], seed: int, book: _Book) -> bool:
    """All on one system, and then a mutant. True when that survived."""
    async with World.running(**DEFAULT_NEEDS | PROXY) as world:
        for one in chosen:
            result = await play(world, one, seed)
            book.add(result)
            if result.problems:
                return False
        verdict = await gate.attempt(world, gate.SMOKE, seed)
        gate.show(verdict)
        return not verdict.told


def _print(result: Result) -> None:
    verdict = "[bold red]BROKEN[/]" if result.problems else "[green]held[/]"
    lag = "never" if result.lag_seconds is None else f"{result.lag_seconds:.1f} s"
    console.print(
        f"{verdict} {result.number:>2} [bold]{result.scenario}[/] seed {result.seed}: {result.seconds:.0f} s, "
        f"lag 0 after {lag}; {result.orders} orders, {result.events} events, {result.copies} came twice"
    )
    console.print(f"     [dim]{escape('; '.join(result.done))}[/]")
    console.print(f"     [dim]customers: {escape(result.customers)}[/]")
    for problem in result.problems:
        console.print(f"     [red]{escape(problem)}[/]")
    if result.problems:
        console.print(f"     again: python -m tests.chaos --only {result.scenario} --seed {result.seed}")


if __name__ == "__main__":
    sys.exit(main())
